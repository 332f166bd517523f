# L’enregistrement `openhexa-config`.

config-content = content doit être un objet
config-url = { $field } doit être une URL http(s) sans identifiants, ni paramètres, ni fragment, comme https://app.openhexa.org/graphql/
config-url-graphql = { $field } doit être l’adresse GraphQL d’OpenHEXA, comme https://app.openhexa.org/graphql/
config-url-host = { $field } doit avoir l’un de ces hôtes : { $hosts }
config-url-private = { $field } ne doit pas mener à cette machine ni à un réseau privé (réglage openhexa.allow_private)
config-token-needed = { $field } doit accompagner cette adresse
config-token-masked = { $field } est un jeton masqué : envoyez le vrai, ou omettez-le pour le garder
config-pipelines = { $field } doit être une liste d’objets avec « id » (un UUID) et « parameters » (un objet)
config-changed = La configuration a changé entre-temps : relisez-la
config-elsewhere = La passerelle est installée à côté d’Iaso : la configuration se modifie dans l’administration d’Iaso (instance et espace de travail OpenHEXA)

check-reachable = OpenHEXA répond à cette adresse
check-authenticated = OpenHEXA accepte le jeton
check-workspace = Le jeton voit l’espace de travail
check-no-workspace = Cet espace de travail n’existe pas, a été archivé, ou le jeton ne le voit pas
check-list =
    { $count ->
        [one] { $count } pipeline peut être listé
       *[other] { $count } pipelines peuvent être listés
    }
check-run = Le jeton peut lancer des pipelines
check-no-run = Le jeton ne peut pas lancer de pipelines
check-stop = Le jeton peut arrêter des exécutions
check-no-stop = Le jeton ne peut pas arrêter d’exécutions : demandez le rôle d’éditeur dans l’espace de travail
check-list-unknown = Sans l’espace de travail, on ne sait pas quels pipelines peuvent être listés
check-run-unknown = Sans l’espace de travail, on ne sait pas si le jeton peut lancer des pipelines
check-stop-unknown = Sans l’espace de travail, on ne sait pas si le jeton peut arrêter des exécutions
check-run-empty-unknown = Sans aucun pipeline dans l’espace de travail, on ne sait pas si le jeton peut en lancer
check-stop-empty-unknown = Sans aucun pipeline dans l’espace de travail, on ne sait pas si le jeton peut arrêter des exécutions
