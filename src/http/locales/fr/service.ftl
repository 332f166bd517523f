# Ce que dit la passerelle, hormis le jugement des paramètres.

request-invalid = La requête n’est pas valide
field-required = { $field } est obligatoire
field-integer = { $field } doit être un nombre entier
field-number = { $field } doit être un nombre
field-too-large = { $field } est trop grand : 2147483647 au plus
field-text = { $field } doit être un texte
field-hidden = { $field } doit tenir en une ligne sans caractères invisibles : supprimez-les et saisissez-le de nouveau
field-flag = { $field } doit être vrai ou faux (true ou false)
field-status = { $field } doit être QUEUED, RUNNING, SUCCESS, ERROR ou CANCELLED
version-not-uuid = version doit être un UUID
version-unknown = Ce pipeline n’a pas cette version
version-needed = Ce pipeline n’a pas encore de version, et ses exécutions échoueraient : son auteur doit en déposer une dans OpenHEXA
version-unreadable = OpenHEXA ne peut pas lire les paramètres de cette version : demandez à l’auteur du pipeline d’en déposer une nouvelle

query-number = { $field } doit être un nombre entier de 1 à { $most }
query-id = { $field } doit être un nombre entier
query-text = { $field } doit être un texte d’au plus { $most } caractères
query-uuid = { $field } doit être un UUID
query-time = { $field } doit être un instant comme 2026-11-20T10:42:00Z, ou un jour comme 2026-11-20
query-status = { $field } doit être un ou plusieurs des mots QUEUED, RUNNING, SUCCESS, ERROR, CANCELLED, séparés par des virgules
query-order = { $field } doit être created_at, updated_at, started_at, ended_at, status ou name, précédé d’un moins pour l’ordre décroissant
query-include = { $field } doit être un ou plusieurs des mots logs, messages, outputs, séparés par des virgules
query-cursor = { $field } doit être vide, ou la valeur next de la page précédente pour le même ordre
query-cursor-or-page = { $field } et page ne peuvent pas être utilisés ensemble
idempotency-key = { $field } doit compter de 1 à { $most } caractères ASCII imprimables et n’être donné qu’une fois

body-not-json = Le corps de la requête n’est pas du JSON valide (ligne { $line }, colonne { $column })
body-not-object = Le corps de la requête doit être un objet JSON
body-type = Le type de contenu de la requête n’est pas pris en charge : envoyez application/json
body-encoded = La passerelle ne lit pas les corps de requête compressés : envoyez le corps sans en-tête Content-Encoding
body-too-large = Le corps de la requête est trop grand : { $limit } octets au plus
body-broken = Le corps de la requête n’a pas pu être lu
body-too-slow = Le corps de la requête n’est pas arrivé à temps

not-signed-in = Les informations d’authentification manquent ou ne sont pas valides
not-allowed = Vous n’avez pas le droit de faire cela
session-elsewhere = Une modification avec la session d’Iaso doit venir d’une page de cette adresse (Origin ou Sec-Fetch-Site)
profile-not-found = Profil utilisateur introuvable
iaso-away = Impossible de demander à Iaso qui vous êtes ; réessayez dans quelques secondes
too-many-requests = Trop de requêtes : réessayez dans { $seconds } s
too-many-launches = Trop de lancements : réessayez dans { $seconds } s
loopback-only = Ce serveur de développement ne répond qu’à sa propre machine
route-unknown = Il n’y a rien à cette adresse
method-not-allowed = Cette méthode n’est pas permise ici

pipeline-not-found = Pipeline introuvable
parameter-not-found = Cette version du pipeline n’a pas ce paramètre
parameter-without-file = Ce paramètre ne lit pas ses choix dans un fichier
task-not-found = Tâche introuvable
streams-crowded = Trop de flux sont ouverts : réessayez plus tard
task-unknown = Ce pipeline n’a pas cette tâche
task-has-ended = La tâche est terminée ({ $status })
task-is-alive = La tâche n’est pas encore terminée ({ $status }) : elle pourra être relancée ensuite
task-cancel-asked = L’arrêt de la tâche a été demandé ({ $status })
idempotency-other = Cette clé Idempotency-Key a déjà servi à une autre requête : prenez-en une nouvelle
relaunch-secret = { $name } n’a pas été conservé après le premier lancement : indiquez-le à nouveau
relaunch-other = { $name } ne peut pas être indiqué : un lancement est répété tel quel, seuls ses secrets sont redonnés
not-configured = Configuration OpenHexa introuvable
no-workspace = Aucun espace de travail OpenHEXA n’est configuré pour votre compte
many-workspaces = Plusieurs espaces de travail OpenHEXA sont configurés pour votre compte
workspace-without-slug = L’espace de travail OpenHEXA de votre compte n’a pas de slug
instance-without-url = L’instance OpenHEXA de votre compte n’a pas d’URL utilisable
instance-without-token = L’instance OpenHEXA de votre compte n’a pas de jeton
instance-not-graphql = L’URL de l’instance OpenHEXA de votre compte doit contenir « graphql »
instance-token-unreadable = Le jeton de l’instance OpenHEXA de votre compte est illisible : le réglage iaso.encrypted_text_field_key n’est pas l’ENCRYPTED_TEXT_FIELD_KEY d’Iaso

upstream-timed-out = OpenHEXA n’a pas répondu à temps
upstream-unreachable = OpenHEXA est injoignable
upstream-untrusted = Le certificat TLS d’OpenHEXA n’est pas reconnu
upstream-throttled = OpenHEXA n’accepte plus de requêtes pour le moment ; réessayez plus tard
check-untrusted = Le certificat TLS d’OpenHEXA n’est pas reconnu ({ $cause }) : ajoutez le certificat de son autorité au fichier désigné par SSL_CERT_FILE, puis redémarrez la passerelle
upstream-token-refused = OpenHEXA refuse le jeton configuré
upstream-no-workspace = OpenHEXA ne montre pas l’espace de travail configuré à la passerelle : il a été archivé, son nom est faux, ou le jeton n’y a plus accès
upstream-strange = L’adresse d’OpenHEXA répond, mais pas comme OpenHEXA : vérifiez l’adresse
upstream-failed = OpenHEXA a signalé une erreur de son côté
refused-config = OpenHEXA a refusé la valeur d’un paramètre, sans dire lequel
refused-version = OpenHEXA ne connaît plus cette version du pipeline
refused-too-large = Les paramètres sont trop volumineux pour OpenHEXA
refused-limit = L’espace de travail a atteint sa limite d’exécutions dans OpenHEXA
refused-denied = OpenHEXA ne permet pas au jeton configuré de lancer ce pipeline

database-away = La base de données est indisponible ; réessayez dans quelques secondes
database-failed = La base de données de la passerelle ne peut pas traiter la demande ; réessayez plus tard, ou demandez à votre administrateur de consulter le journal de la passerelle
internal = Une erreur s’est produite ici ; son numéro est { $id }
