# L’enregistrement `openhexa-config`.

config-content = « content » doit être un objet
config-url = « { $field } » doit commencer par http:// ou https://, par exemple https://app.openhexa.org/graphql/, sans identifiants, ni paramètres, ni fragment
config-url-graphql = « { $field } » doit être l’adresse GraphQL d’OpenHEXA, par exemple https://app.openhexa.org/graphql/
config-url-host = L’hôte de « { $field } » doit être l’un des suivants : { $hosts }
config-url-private = « { $field } » ne doit pas désigner cette machine ni un réseau privé (réglage openhexa.allow_private)
config-token-needed = « { $field } » est obligatoire pour une nouvelle adresse
config-token-masked = « { $field } » est un jeton masqué : envoyez le vrai jeton, ou omettez-le pour conserver le jeton actuel
config-pipelines = « { $field } » doit être une liste d’objets avec « id » (un UUID) et « parameters » (un objet)
config-changed = La configuration a été modifiée entre-temps : chargez-la de nouveau, puis refaites votre modification
config-elsewhere = La configuration se modifie dans l’administration d’Iaso (rubriques « OpenHEXA Instances » et « OpenHEXA Workspaces »), pas ici

check-reachable = OpenHEXA répond à cette adresse
check-authenticated = OpenHEXA accepte le jeton
check-token-refused = OpenHEXA refuse ce jeton
check-workspace = Le jeton a accès à l’espace de travail
check-list =
    { $count ->
        [one] { $count } pipeline est visible avec ce jeton
       *[other] { $count } pipelines sont visibles avec ce jeton
    }
check-run = Le jeton permet de lancer des pipelines
check-no-run = Le jeton ne permet pas de lancer des pipelines
check-stop = Le jeton permet d’arrêter des exécutions
check-no-stop = Le jeton ne permet pas d’arrêter des exécutions : demandez le rôle d’éditeur dans l’espace de travail
check-list-unknown = La liste des pipelines ne peut pas être testée sans accès à l’espace de travail
check-run-unknown = Le lancement de pipelines ne peut pas être testé sans accès à l’espace de travail
check-stop-unknown = L’arrêt d’exécutions ne peut pas être testé sans accès à l’espace de travail
check-run-empty-unknown = Le lancement ne peut pas être testé : l’espace de travail n’a aucun pipeline
check-stop-empty-unknown = L’arrêt d’exécutions ne peut pas être testé : l’espace de travail n’a aucun pipeline
