# Messages d’erreur, sauf ceux sur les paramètres.

request-invalid = La requête n’est pas valide
field-required = « { $field } » est obligatoire
field-integer = « { $field } » doit être un nombre entier
field-number = « { $field } » doit être un nombre
field-too-large = « { $field } » est trop grand : 2147483647 au plus
field-text = « { $field } » doit être un texte
field-hidden = « { $field } » doit tenir sur une seule ligne, sans caractère invisible : effacez la valeur et saisissez-la de nouveau
field-flag = « { $field } » doit valoir vrai ou faux (true ou false)
field-status = « { $field } » doit valoir QUEUED, RUNNING, SUCCESS, ERROR ou CANCELLED
version-not-uuid = « version » doit être un UUID
version-unknown = Cette version du pipeline n’existe pas
version-needed = Ce pipeline n’a pas encore de version et ne peut pas être exécuté : demandez à son auteur d’en publier une dans OpenHEXA
version-unreadable = { cause-bad-definition } : demandez à l’auteur du pipeline de publier une nouvelle version

query-number = « { $field } » doit être un nombre entier de 1 à { $most }
query-id = « { $field } » doit être un nombre entier
query-launcher = « { $field } » doit être l’identifiant d’un utilisateur, key-3 pour la clé API 3, settings-key-admin pour une clé des réglages du serveur, ou local-user
query-text = « { $field } » doit être un texte de { $most } caractères au plus
query-uuid = « { $field } » doit être un UUID
query-time = « { $field } » doit être une heure, par exemple 2026-11-20T10:42:00Z, ou une date, par exemple 2026-11-20
query-level = « { $field } » doit être DEBUG, INFO, WARNING, ERROR ou CRITICAL
query-status = « { $field } » doit contenir une ou plusieurs des valeurs QUEUED, RUNNING, SUCCESS, ERROR, CANCELLED, séparées par des virgules
query-order = « { $field } » doit valoir created_at, updated_at, started_at, ended_at, status ou name, précédé d’un moins pour l’ordre décroissant
query-include = « { $field } » doit contenir une ou plusieurs des valeurs logs, messages, outputs, séparées par des virgules
query-cursor = « { $field } » doit être vide, ou reprendre la valeur de « next » de la page précédente, avec le même ordre
query-cursor-or-page = « { $field } » et « page » ne peuvent pas être utilisés ensemble
idempotency-key = « { $field } » doit être envoyé une seule fois et compter de 1 à { $most } caractères ASCII imprimables

body-not-json = Le corps de la requête n’est pas du JSON valide (ligne { $line }, colonne { $column })
body-number = Le corps de la requête contient un nombre qu’OpenHEXA ne peut pas lire : un nombre entier peut avoir { $digits } chiffres au plus, tout autre nombre doit être compris entre −1,8e308 et 1,8e308
body-not-object = Le corps de la requête doit être un objet JSON
body-type = Le type de contenu du corps de la requête n’est pas pris en charge : envoyez application/json
body-encoded = Les corps de requête compressés ne sont pas pris en charge : envoyez le corps sans en-tête Content-Encoding
body-too-large = Le corps de la requête est trop volumineux : { $limit } octets au plus
body-broken = Le corps de la requête n’a pas pu être lu
body-too-slow = Le corps de la requête n’a pas été reçu à temps
body-too-wide = Le corps de la requête contient trop de valeurs : { $most } au plus
body-too-many-fields = Le formulaire a trop de champs : { $most } au plus
address-too-long = L’adresse est trop longue : { $limit } octets au plus

not-signed-in = Les informations d’authentification manquent ou ne sont pas valides
not-allowed = Vous n’avez pas le droit d’effectuer cette action
session-elsewhere = Une modification faite avec une session Iaso doit venir d’une page de ce site (en-tête Origin ou Sec-Fetch-Site)
profile-not-found = Profil utilisateur introuvable
iaso-away = Iaso est injoignable : votre identité ne peut pas être vérifiée. Réessayez dans quelques secondes
too-many-requests = Trop de requêtes : réessayez dans { $seconds } s
too-many-launches = Trop de lancements : réessayez dans { $seconds } s
too-many-results = La tâche envoie trop de résultats : réessayez dans { $seconds } s
loopback-only = Ce serveur de développement n’accepte que les requêtes de sa propre machine
route-unknown = Cette adresse n’existe pas
method-not-allowed = Cette méthode HTTP n’est pas autorisée ici

pipeline-not-found = Pipeline introuvable
parameter-not-found = Ce paramètre n’existe pas dans cette version du pipeline
parameter-without-file = Les choix de ce paramètre ne viennent pas d’un fichier
choices-unreadable = { cause-bad-choices }. Demandez à l’auteur du pipeline de corriger le fichier ou le paramètre
task-not-found = Tâche introuvable
streams-crowded = Trop de flux sont ouverts : réessayez plus tard
task-unknown = Cette tâche n’existe pas pour ce pipeline
task-has-ended = La tâche est déjà terminée ({ $status ->
        [QUEUED] en attente
        [RUNNING] en cours d’exécution
        [SUCCESS] succès
        [ERROR] en erreur
        [CANCELLED] arrêtée
       *[other] { $status }
    })
task-is-alive = La tâche n’est pas encore terminée ({ $status ->
        [QUEUED] en attente
        [RUNNING] en cours d’exécution
        [SUCCESS] succès
        [ERROR] en erreur
        [CANCELLED] arrêtée
       *[other] { $status }
    }) : vous pourrez la relancer quand elle sera terminée
task-cancel-asked = L’arrêt de la tâche a été demandé ({ $status ->
        [QUEUED] en attente
        [RUNNING] en cours d’exécution
        [SUCCESS] succès
        [ERROR] en erreur
        [CANCELLED] arrêtée
       *[other] { $status }
    })
idempotency-other = Cette clé Idempotency-Key a déjà servi à une autre requête : utilisez-en une nouvelle
relaunch-secret = « { $name } » est un secret et n’a pas été conservé : saisissez-le de nouveau
relaunch-other = « { $name } » ne peut pas être modifié : une relance utilise les paramètres du premier lancement. Envoyez uniquement les secrets
not-configured = Configuration OpenHEXA introuvable
no-workspace = Aucun espace de travail OpenHEXA n’est configuré pour votre compte
many-workspaces = Plusieurs espaces de travail OpenHEXA sont configurés pour votre compte
workspace-without-slug = L’espace de travail OpenHEXA de votre compte n’a pas de nom court (slug)
instance-without-url = L’instance OpenHEXA de votre compte n’a pas d’URL utilisable
instance-without-token = L’instance OpenHEXA de votre compte n’a pas de jeton
instance-not-graphql = L’URL de l’instance OpenHEXA de votre compte doit contenir « graphql »
instance-token-unreadable = Le jeton de l’instance OpenHEXA de votre compte est illisible : le réglage iaso.encrypted_text_field_key n’est pas l’ENCRYPTED_TEXT_FIELD_KEY d’Iaso

upstream-throttled = { cause-throttled } ; réessayez plus tard
upstream-busy = { cause-busy } ; réessayez plus tard
upstream-status = { cause-status } : vérifiez l’adresse d’OpenHEXA
check-untrusted = { cause-untrusted }. Ajoutez le certificat de son autorité de certification au fichier indiqué par SSL_CERT_FILE, puis redémarrez la passerelle

database-away = La base de données est indisponible ; réessayez dans quelques secondes
database-failed = La base de données de la passerelle ne peut pas traiter la requête ; réessayez plus tard, ou demandez à votre administrateur de consulter le journal de la passerelle
internal = Erreur interne (numéro de l’erreur : { $id })
