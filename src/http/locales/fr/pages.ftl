# Les pages de la passerelle elle-même, sous /dashboard/.

title-error = Erreur :
colon = {" :"}
skip-to-content = Aller au contenu
nav-label = Principale
nav-pipelines = Pipelines
role-viewer = Lecteur
role-operator = Opérateur
role-administrator = Administrateur
sign-out = Se déconnecter
try-again = Réessayer
to-pipelines = Vers les pipelines
search-do = Chercher

sign-in-title = Se connecter
sign-in-about = Ces pages montrent les pipelines de données de votre espace de travail OpenHEXA, les lancent et les suivent.
sign-in-key = Clé d’API
sign-in-help = Votre administrateur en crée une, dans les réglages ou avec « openhexa-bridge keys create ». Vous restez connecté 12 heures sur ce navigateur.
sign-in-do = Se connecter
sign-in-wrong = Cette clé est inconnue ou n’est plus valable
sign-in-undone = Vous n’étiez plus connecté : rien n’a été fait. Connectez-vous, puis refaites la demande.
contact-lost = Connexion perdue ; état à
contact-over = Vous êtes déconnecté.

page-foreign = Cette requête ne vient pas d’une page de ce site
page-not-configured = OpenHEXA n’est pas encore connecté
advice-foreign = Rien n’a été fait. Ouvrez la page ici et renvoyez le formulaire.
advice-not-configured = Un administrateur doit indiquer, dans les réglages, où se trouve OpenHEXA.
advice-workspace = Un administrateur le corrige dans l’administration d’Iaso, aux instances et espaces de travail OpenHEXA.
advice-configuration = Demandez à un administrateur de vérifier l’adresse et le jeton configurés.
advice-upstream = Les tâches continuent et sont suivies dès qu’OpenHEXA répond de nouveau. Attendez un moment et réessayez.
advice-throttled = Les tâches seront de nouveau suivies après le délai demandé par OpenHEXA. Réessayez dans quelques minutes.
advice-untrusted = Demandez à l’administrateur de la passerelle d’ajouter le certificat de l’autorité d’OpenHEXA au fichier désigné par SSL_CERT_FILE.
advice-role = Demandez à un administrateur le droit de le faire.
advice-internal = Réessayez. Si cela se reproduit, donnez le numéro à un administrateur.
advice-wait = Attendez quelques secondes et réessayez.
advice-back = Vérifiez l’adresse, ou repartez de la liste des pipelines.

stale-title = OpenHEXA ne répond pas.
stale-as-of = État au

status-queued = En attente
status-running = En cours
status-terminating = Arrêt en cours
status-success = Réussi
status-error = Erreur
status-cancelled = Annulé
status-skipped = Ignoré

pipelines-count =
    { $count ->
        [one] { $count } pipeline
       *[other] { $count } pipelines
    }
pipelines-found =
    { $count ->
        [one] { $count } pipeline trouvé.
       *[other] { $count } pipelines trouvés.
    }
pipelines-search = Chercher par nom ou par code
pipelines-tag = Étiquette
pipelines-all-tags = Toutes les étiquettes
pipelines-none = Cet espace de travail n’a pas encore de pipeline
pipelines-none-advice = Créez-en un dans OpenHEXA, ou demandez à son auteur de l’ajouter à cet espace de travail. Il apparaîtra ici de lui-même.
pipelines-not-found = Aucun pipeline ne correspond
pipelines-show-all = Montrer tous les pipelines
pipeline-name = Pipeline
pipeline-version = Version
pipeline-last-run = Dernière exécution
pipeline-notebook = notebook
pipeline-never-run = Jamais exécuté
pipeline-no-version = Ce pipeline n’a pas encore de version : il n’y a rien à lancer. Demandez à son auteur d’en déposer une.
pipeline-may-not-run = Le jeton configuré ne peut pas lancer ce pipeline : demandez à un administrateur de lui en donner le droit dans OpenHEXA.
version-older = version antérieure
version-current = actuelle
version-show = Montrer
versions-title = Versions

run-when = Quand
run-took = Durée
run-again = Relancer avec ces valeurs
runs-title = Exécutions passées
trigger-manual = depuis OpenHEXA
trigger-scheduled = planifiée
trigger-webhook = par webhook
plot-title = Durée des exécutions passées, la plus ancienne à gauche
plot-caption = Durée, la plus ancienne à gauche. ✓ réussi (plein), ✕ erreur (hachuré), ■ annulé (contour).

launch-title = Lancer
launch-values = Paramètres
launch-no-parameters = Ce pipeline ne prend pas de paramètres.
launch-more = Options
launch-notify = Envoyer les notifications d’OpenHEXA pour cette exécution
launch-debug = Écrire un journal détaillé (débogage)
launch-do = Lancer
launch-reset = Réinitialiser
launch-sending = Envoi…
form-refused = Rien n’a été lancé :
form-required = (obligatoire)
form-choose = Choisir…
form-load-choices = Montrer les choix
form-used = Une tâche a déjà été lancée depuis ce formulaire, avec d’autres valeurs. Lancez encore une fois pour lancer aussi celles-ci.
form-either = { $name } doit être un nombre : « { $text } » peut vouloir dire { $whole } ou { $part }, écrivez celui que vous voulez
form-apart = { $name } : « { $text } » n’est pas un nombre. L’espace n’est accepté qu’entre des groupes de trois chiffres, comme dans 12 345,6
form-apart-whole = { $name } : « { $text } » n’est pas un nombre entier. L’espace n’est accepté qu’entre des groupes de trois chiffres, comme dans 12 345
form-apart-line = { $name } : « { $text } » n’est pas un nombre. Écrivez chaque valeur sur sa propre ligne, sans espace entre les chiffres
form-int-long = { $name } est trop long : un nombre entier a au plus { $digits } chiffres
form-json-number = { $name } contient un nombre qu’OpenHEXA ne peut pas lire : un nombre entier a au plus { $digits } chiffres, tout autre nombre est compris entre ±1,8e308
form-json-deep = { $name } est imbriqué trop profondément : 127 niveaux au plus
form-json = { $name } n’est pas du JSON valide : ligne { $line }, colonne { $column }
value-yes = oui
value-no = non

default-account = Défini pour votre compte : { $value }.
default-version = Enregistré avec cette version : { $value }.
default-parameter = Par défaut : { $value }.
empty-account = Vide : { $value } (valeur par défaut du compte).
empty-version = Vide : { $value } (enregistré avec cette version).
empty-parameter = Vide : { $value } (valeur par défaut du pipeline).
empty-nothing = Vide : aucune valeur.
hint-dict = Un objet JSON, comme {"{"}"clé": "valeur"{"}"}.
hint-list = Une liste JSON, comme ["a", "b"].
hint-lines = Une valeur par ligne.
hint-int = Un nombre entier.
hint-float = Un nombre, comme 2,5.
hint-dataset = L’identifiant (slug) d’un jeu de données de l’espace de travail.
hint-file = Le chemin d’un fichier de l’espace de travail.
hint-secret = Ne sera plus jamais montré.
hint-connection = L’identifiant (slug) d’une connexion { $kind } de l’espace de travail.
hint-directory = Dans le dossier { $folder }.
hint-no-choices = Les choix ne peuvent pas être montrés : { $why }.
hint-many-choices = Il y a plus de { $most } choix : saisissez la valeur. Elle est vérifiée au lancement.
hint-no-suggestions = Le contenu de l’espace de travail ne peut pas être listé : { $why }.

nav-tasks = Tâches
nav-task = Tâche
tasks-search = Chercher par nom
tasks-status = Statut
tasks-any-status = Tous les statuts
tasks-from = Du (UTC)
tasks-to = Au (UTC)
tasks-of = Seulement les tâches de { $name }.
tasks-message = Message
tasks-unconfirmed = non confirmé
tasks-none = Rien n’a encore été lancé
tasks-not-found = Aucune tâche ne correspond
tasks-show-all = Montrer toutes les tâches
tasks-older = Tâches plus anciennes
tasks-newest = Tâches les plus récentes
pipeline-tasks = Toutes les tâches de ce pipeline

task-number = Tâche { $number }
task-stop-asked = Arrêt demandé ; l’exécution ne s’est pas encore arrêtée
task-stop-refused = OpenHEXA ne permet pas à la passerelle d’arrêter cette exécution. Demandez à un administrateur de l’espace de travail OpenHEXA de l’y arrêter
task-not-confirmed = Annoncé par le pipeline, pas encore confirmé par OpenHEXA
task-confirmed = Confirmé
task-progress = Progression
task-waits = En attente du démarrage par OpenHEXA
task-refresh = Actualiser cette page
task-cancel = Annuler…
task-cancel-sure = L’arrêt de l’exécution est demandé. Ce qu’elle a déjà fait n’est pas défait.
task-cancel-do = Arrêter cette exécution
task-relaunch = Relancer
task-change = Changer d’abord les valeurs
task-secret-again = Les secrets ne sont pas conservés : saisissez-le de nouveau.
task-result = Résultat
task-result-cut = Il y en a plus que ce qui est montré ici.
task-result-whole = Télécharger en JSON
task-outputs = Fichiers produits
task-messages = Messages
task-no-messages = Pas encore de message.
task-away = Ce qu’OpenHEXA sait de l’exécution manque ici : { $why }.
task-logs = Journal de l’exécution
task-logs-cut = Seule la fin en est montrée.
level-progress = PROGRÈS
task-about = À propos de cette tâche
task-created = Lancée
task-started = Démarrée
task-ended = Terminée
task-launcher = Lancée par
task-launcher-key = inconnu (clé d’API)
known-key = clé { $number } ({ $name })
known-here = la personne devant cette machine
known-viewer = la clé de lecteur des réglages
known-operator = la clé d’opérateur des réglages
known-administrator = la clé d’administrateur des réglages
task-relaunch-of = Relance de
task-run = Exécution
task-run-open = Ouvrir dans OpenHEXA
task-values = Valeurs
task-no-values = Lancée sans valeurs propres : celles par défaut se sont appliquées.
task-why = Pourquoi ce statut

source-user = Utilisateur
source-callback = Pipeline
source-openhexa = OpenHEXA
source-bridge = Passerelle
event-launch-accepted = Lancement accepté
event-launch-asked = Une exécution est demandée à OpenHEXA
event-launch-not-sent = OpenHEXA était injoignable ; rien n’a été envoyé
event-launch-unsure = La réponse n’est pas parvenue ; l’exécution est recherchée
event-launch-refused = OpenHEXA a refusé le lancement
event-launch-given-up = Le lancement a été abandonné
event-launch-never-confirmed = OpenHEXA n’a jamais confirmé le lancement
event-run-created = OpenHEXA a créé l’exécution
event-run-found = L’exécution a été trouvée
event-run-not-found-yet = L’exécution n’a pas encore été trouvée
event-run-not-found = OpenHEXA ne montre pas l’exécution
event-run-gone = L’exécution n’est plus dans OpenHEXA
event-hidden = OpenHEXA ne montre ni l’exécution ni son pipeline
event-look-failed = OpenHEXA n’a pas pu être interrogé
event-overdue = L’exécution est en retard
event-run-queued = L’exécution est en attente
event-run-running = L’exécution est en cours
event-run-terminating = L’exécution s’arrête
event-run-success = L’exécution s’est bien terminée
event-run-failed = L’exécution a échoué
event-run-stopped = L’exécution a été arrêtée
event-run-skipped = L’exécution a été ignorée
event-reported-progress = A annoncé sa progression
event-reported = A annoncé { $value }
event-report-refused = Une annonce a été refusée
event-log-full = Le journal est plein
event-cancel-asked = Annulation demandée
event-stop-asked = L’arrêt est demandé à OpenHEXA
event-stop-not-answered = OpenHEXA n’a pas répondu à la demande d’arrêt
event-stop-denied = OpenHEXA ne permet pas au jeton configuré d’arrêter l’exécution
event-stop-not-accepted = OpenHEXA n’a pas pris la demande d’arrêt
event-waits = Attend qu’un autre lancement de ce pipeline soit réglé
event-stop-asked-again = OpenHEXA est sollicité une nouvelle fois : l’exécution ne s’est pas arrêtée
event-asks-again = Aucune exécution n’a été créée ; elle est demandée de nouveau
event-copy-moved = La ligne de la tâche dans Iaso a été déplacée vers un autre compte et n’est plus mise à jour.
event-log-not-yet = L’exécution a échoué ; son journal n’a pas encore pu être lu
note-cancelled-unsent = Annulée avant tout envoi à OpenHEXA
note-several = Plusieurs exécutions pourraient être celle de ce lancement ; aucune n’est retenue
note-pipeline-gone = Le pipeline n’est plus dans OpenHEXA
note-log-unread = L’exécution a échoué, et son journal n’a pas pu être lu
note-deleted = Le pipeline a été supprimé dans OpenHEXA, et son exécution avec lui : on ne sait pas comment elle s’est terminée
note-deleted-unconfirmed = OpenHEXA n’a jamais confirmé le lancement, et le pipeline y a été supprimé depuis
note-hidden = OpenHEXA ne montre plus ni l’exécution ni son pipeline, et le temps de l’exécution était écoulé : le pipeline a été supprimé, son espace de travail archivé ou l’accès retiré
note-stop-denied = OpenHEXA ne permet pas à la passerelle d’arrêter cette exécution ; elle est suivie jusqu’à sa fin
note-asked-in-iaso = demandé dans Iaso, qui ne dit pas par qui
note-request-refused = OpenHEXA n’accepte pas la requête
note-address = L’adresse d’OpenHEXA est inutilisable
note-busy = Trop de requêtes à OpenHEXA étaient en cours
note-broken = La connexion à OpenHEXA s’est rompue
note-answer-large = La réponse d’OpenHEXA est trop grande
note-answer-unreadable = La réponse d’OpenHEXA est incompréhensible
note-definition = OpenHEXA ne peut pas lire la définition de cette version
note-access-denied = OpenHEXA refuse l’accès
note-refused-word = OpenHEXA a refusé le lancement ({ $value })
note-changed = Le pipeline a changé avant l’envoi du lancement : voir { $value }
note-relaunch = répète la tâche { $value }
note-untrusted = Le certificat TLS d’OpenHEXA n’est pas reconnu : { $value }
note-choices = OpenHEXA ne peut pas lire les choix : { $value }
note-throttled = OpenHEXA n’acceptait plus de requêtes ; la passerelle attend
note-answered-status = OpenHEXA a répondu avec le statut { $value }
note-not-json = OpenHEXA a répondu quelque chose d’illisible (statut { $value })
note-error-code = OpenHEXA a signalé une erreur de son côté ({ $value })
note-by = par { $name }
note-with-result = avec un résultat
note-merged = Messages d’avancement regroupés : { $count }
note-more-refused = autres messages refusés : { $count }
note-log-full = Le journal de cette tâche est plein : les messages d’avancement suivants sont affichés, mais plus ajoutés au journal
note-progress = { $done } sur { $of }
note-progress-of = sur { $of }

nav-monitoring = Suivi
monitoring-period = Période
monitoring-today = Aujourd’hui
monitoring-week = 7 jours
monitoring-month = 30 jours
monitoring-days = { $field } doit être 1, 7 ou 30
monitoring-since = Tâches lancées depuis le
monitoring-zone = Les jours commencent à minuit en { $zone }.
monitoring-as-of = État à
monitoring-empty = Lancez un pipeline : son déroulement sera montré ici, heure par heure et jour par jour.
monitoring-nothing = Rien n’a été lancé pendant cette période
monitoring-none-ended = Rien n’est encore terminé
monitoring-only-cancelled = Tout ce qui est terminé a été annulé
monitoring-all-well = Aucun échec
monitoring-some-failed =
    { $count ->
        [one] { $count } tâche s’est terminée en erreur
       *[other] { $count } tâches se sont terminées en erreur
    }
monitoring-launched = Lancées
monitoring-now = En cours maintenant
monitoring-of-them-queued = dont { $count } en attente
monitoring-rate = Taux de réussite
monitoring-rate-how = parmi celles qui sont terminées ; les annulées ne comptent pas
monitoring-to-list = montrer ces tâches
monitoring-plot = Tâches selon le moment de leur lancement
monitoring-plot-title = Tâches selon le moment de leur lancement et selon leur fin, empilées : réussi (plein) en bas, puis erreur (hachuré, ✕ au-dessus), annulé (contour), non terminé (pointillé)
monitoring-part = { $part } : { $numbers }
monitoring-day = { $day } { $month ->
        [jan] janv.
        [feb] févr.
        [mar] mars
        [apr] avr.
        [may] mai
        [jun] juin
        [jul] juil.
        [aug] août
        [sep] sept.
        [oct] oct.
        [nov] nov.
       *[dec] déc.
    }
monitoring-live = Non terminé
monitoring-table = La même chose en tableau
monitoring-when = Quand
monitoring-not-asked = Pas encore interrogé
monitoring-not-asked-yet = La passerelle n’a rien demandé à OpenHEXA depuis son démarrage.
monitoring-not-configured = Non configuré
monitoring-not-followed = Rien n’est lancé entre-temps. Les exécutions en cours sont suivies sur la connexion de leur lancement, pour autant qu’elle soit utilisable.
monitoring-answers = Répond
monitoring-answers-well = OpenHEXA a répondu à ce que la passerelle lui a demandé en dernier.
monitoring-away = Ne répond pas
monitoring-refuses = Refuse le jeton
monitoring-denies = Refuse l’accès
monitoring-denies-how = Le jeton ne voit pas l’espace de travail, ou pas ce qui y était demandé. Demandez à un administrateur de vérifier les deux.
monitoring-strange = Quelque chose répond, mais pas comme OpenHEXA
monitoring-fails = Signale une erreur interne
monitoring-throttles = N’accepte plus de requêtes pour le moment
monitoring-untrusted = Son certificat TLS n’est pas reconnu
monitoring-from = depuis le
monitoring-last-answer = Dernière réponse :
monitoring-last-try = Dernière question :
monitoring-asked-again = Prochaine question sur les exécutions :
monitoring-looks = Suivi des exécutions
monitoring-punctual = À l’heure
monitoring-late = En retard
monitoring-in-time = Tout ce qui est en cours est consulté à temps.
monitoring-nothing-live = Rien n’est en cours.
monitoring-behind = Les consultations ont { $span } de retard. Si cela dure, prévenez un administrateur.
monitoring-oldest-unsent = Le plus ancien lancement sans exécution attend depuis { $span }.
monitoring-unsure =
    { $count ->
        [one] { $count } lancement a peut-être créé une exécution dont la passerelle n’a rien su ; elle est recherchée.
       *[other] { $count } lancements ont peut-être créé des exécutions dont la passerelle n’a rien su ; elles sont recherchées.
    }
monitoring-accepted = En attente d’envoi
monitoring-launching = En cours de lancement
monitoring-submitted = En attente dans OpenHEXA
monitoring-running = En cours
monitoring-reported = Fin annoncée, pas encore confirmée
monitoring-failures = Ce qui a échoué
monitoring-why = Raison
monitoring-why-reported = Le pipeline a annoncé une erreur
monitoring-why-taken-back = L’exécution a échoué après l’annonce d’une réussite par le pipeline
monitoring-why-run-failed = OpenHEXA indique que l’exécution a échoué
monitoring-why-refused = OpenHEXA a refusé le lancement
monitoring-why-not-sent = OpenHEXA était injoignable ; le lancement n’a jamais été envoyé
monitoring-why-given-up = Le pipeline avait changé, ou n’existait plus, avant l’envoi du lancement
monitoring-why-never-confirmed = OpenHEXA n’a jamais confirmé le lancement
monitoring-why-time-over = Le temps de l’exécution était écoulé, et sa fin n’est pas connue
monitoring-why-gone = L’exécution n’est plus dans OpenHEXA
monitoring-count = Tâches
monitoring-last = Dernière fois
monitoring-newest = La plus récente
monitoring-more-failures =
    { $count ->
        [one] Et { $count } autre sorte d’échec.
       *[other] Et { $count } autres sortes d’échecs.
    }
monitoring-durations = Durées
monitoring-durations-how = Pour les tâches réussies : une tâche qui échoue aussitôt ne dit rien de ce qui est habituel. La moyenne habituelle est celle des 30 derniers jours, quelle que soit la période montrée. À partir de 3 tâches, ce qui dure plus du double est marqué par ▲.
monitoring-runs = Tâches
monitoring-median = Médiane
monitoring-p95 = 95 % en moins de
monitoring-mean = Moyenne
monitoring-longest = La plus longue
monitoring-usual = Moyenne habituelle
monitoring-usual-cut = L’habituel est tiré des { $most } tâches réussies les plus récentes : il y en a davantage sur les 30 derniers jours.
monitoring-running-cut = Parmi les tâches en cours, les { $most } premières lancées ont été comparées à l’habituel : d’autres sont en cours.
monitoring-over-twice = Plus de deux fois la moyenne habituelle
monitoring-times-mean = Fois la moyenne habituelle
monitoring-more-long =
    { $count ->
        [one] Et { $count } de plus.
       *[other] Et { $count } de plus.
    }
monitoring-cut = Les durées et les échecs portent sur les { $most } tâches réussies les plus récentes, et autant d’échouées : il y en a davantage pendant cette période.

settings-nav = Réglages
settings-parts = Réglages
settings-advice = Indiquez dans les réglages où se trouve OpenHEXA : son adresse, un jeton et un espace de travail.
settings-advice-check = Testez la connexion dans les réglages : son adresse, son jeton et son espace de travail.
settings-connection = Connexion
settings-defaults = Paramètres par défaut
settings-keys = Clés d’API
settings-history = Historique
settings-connection-title = Connexion à OpenHEXA
settings-begin = Aucun OpenHEXA n’est encore connecté. Remplissez les trois champs, testez la connexion et enregistrez : les pipelines de l’espace de travail apparaissent aussitôt.
settings-address = Adresse d’OpenHEXA
settings-address-hint = Son adresse GraphQL, comme https://app.openhexa.org/graphql/.
settings-token = Jeton
settings-token-hint = Un jeton d’OpenHEXA pour cet espace de travail. Il est chiffré et ne sera plus jamais montré.
settings-token-kept = { $token } est gardé tant que ce champ est vide. Saisissez-en un autre pour le remplacer ; un autre serveur demande le sien.
settings-token-again = Le jeton saisi n’est pas gardé sur cette page : saisissez-le de nouveau pour l’enregistrer.
settings-workspace = Espace de travail
settings-workspace-hint = Le nom court (slug) de l’espace de travail, comme dans l’adresse de ses pages dans OpenHEXA.
settings-in-force = En vigueur actuellement : { $value }.
settings-in-force-title = En vigueur
settings-version = Version
settings-changed-at = Modifiée
settings-changed-by = Par
settings-others = Autres entrées, gardées telles quelles
settings-save = Enregistrer
settings-saving = Enregistrement…
settings-saved = Enregistré : la version { $version } est en vigueur.
settings-refused = Rien n’a été enregistré :
settings-changed = { $who } a modifié la configuration entre-temps. Votre saisie est toujours là : comparez-la avec ce qui est en vigueur, et enregistrez de nouveau si elle doit compter.
settings-changed-by-nobody = Quelqu’un a modifié la configuration entre-temps. Votre saisie est toujours là : comparez-la avec ce qui est en vigueur, et enregistrez de nouveau si elle doit compter.
settings-changed-deleted = Quelqu’un a supprimé la configuration entre-temps. Enregistrez de nouveau pour la refaire, avec un jeton.
settings-delete = Supprimer…
settings-delete-sure = Les pipelines ne pourront alors plus être vus ni lancés, et les paramètres par défaut seront perdus. Les exécutions en cours restent suivies jusqu’à leur fin.
settings-delete-do = Supprimer la configuration
settings-deleting = Un instant…
settings-deleted = La configuration est supprimée.
settings-in-iaso = La connexion se modifie dans l’administration d’Iaso, aux instances et espaces de travail OpenHEXA. Ici, on peut la voir et la tester.
settings-check = Tester la connexion
settings-checking = Test en cours…
settings-checks = Test de la connexion
settings-checks-well = Tout ce qui a été essayé fonctionne.
settings-checks-bad = La connexion ne fonctionne pas comme il faut.
settings-checks-unsaved = C’est le contenu du formulaire qui a été essayé ; il n’est pas encore enregistré.
settings-check-good = Fonctionne
settings-check-bad = Échoue
settings-check-unknown = Inconnu

settings-defaults-about = Un lancement utilise ces valeurs partout où personne n’en donne. Elles l’emportent sur celles du pipeline et de sa version, et la personne qui lance peut les changer.
settings-defaults-in-iaso = Les paramètres par défaut se modifient dans l’administration d’Iaso, dans la configuration de l’espace de travail OpenHEXA. Ici, on peut les voir.
settings-defaults-none = Aucun
settings-defaults-count =
    { $count ->
        [one] { $count } valeur par défaut
       *[other] { $count } valeurs par défaut
    }
settings-defaults-empty = Un champ vide ne fixe aucune valeur par défaut.
settings-defaults-saved = Enregistré : le prochain lancement les utilise.
settings-no-default = Pas de valeur par défaut
settings-secret-clear = Une valeur est gardée, et le reste tant que le champ est vide. Cochez pour la retirer.
settings-secret-again = Ce qui a été saisi n’est pas gardé sur cette page : saisissez-le de nouveau.
settings-strangers = Plus utilisés
settings-strangers-about = Des valeurs sont gardées pour ces noms, mais le pipeline ne les demande pas. Ses lancements peuvent être refusés tant qu’elles ne sont pas retirées.
settings-take-away = Retirer { $code }
settings-pipeline-gone-tag = absent de cet espace de travail
settings-pipeline-gone = L’espace de travail n’a plus ce pipeline. Ce qui est gardé pour lui peut être retiré.
settings-to-launch = Le lancer

settings-keys-about = Les programmes et les personnes sans compte dans Iaso entrent avec une clé. Donnez à chacun la sienne, avec aussi peu de droits que nécessaire. Les clés du fichier de réglages n’apparaissent pas ici.
settings-keys-none = Aucune clé n’a encore été créée
settings-keys-older = Les clés plus anciennes, expirées ou révoquées, ne sont pas affichées ; « openhexa-bridge keys list » les montre toutes.
settings-key-name = Nom
settings-key-name-hint = La personne ou le programme qui l’utilisera.
settings-key-role = Rôle
settings-role-viewer = Lecteur : voir les pipelines et les tâches
settings-role-operator = Opérateur : aussi lancer et arrêter
settings-role-administrator = Administrateur : aussi modifier les réglages
settings-key-until = Dernier jour
settings-key-until-hint-latest = Valable jusqu’à la fin de ce jour (UTC), au plus tard le { $latest }.
settings-key-until-hint = Valable jusqu’à la fin de ce jour (UTC). Vide : jusqu’à sa révocation.
settings-key-number = Clé { $number }
settings-key-created = Créée
settings-key-by = par { $who }
settings-key-used = Dernière utilisation
settings-key-expires = Fin
settings-never = Jamais
settings-key-good = Valable
settings-key-expired = Expirée
settings-key-revoked = Révoquée
settings-key-own = vous êtes connecté avec elle
settings-key-new = Créer une clé
settings-key-make = Créer la clé
settings-key-made = La clé { $number } est créée
settings-key-once = Copiez-la maintenant et gardez-la en lieu sûr : elle ne sera plus montrée.
settings-key-kept = C’est noté
settings-key-revoke = Révoquer…
settings-key-revoke-do = Révoquer cette clé
settings-key-sure = Quiconque l’utilise est refusé dès ce moment. Cela ne peut pas être annulé.
settings-key-own-sure = Vous êtes connecté avec cette clé : vous serez déconnecté.
settings-key-ended = La clé { $number } est révoquée.
settings-key-not-found = Clé introuvable
settings-key-name-odd = { $field } doit tenir en une ligne d’au plus { $most } caractères
settings-key-name-taken = Une clé valable porte déjà ce nom : choisissez-en un autre. Si un double clic vient de la créer, révoquez-la et créez-la de nouveau : elle n’est pas montrée une seconde fois
settings-key-until-late = { $field } ne doit pas dépasser le { $latest }
settings-key-until-past = { $field } ne doit pas être passé
settings-key-day-odd = { $field } doit être un jour comme 2026-12-31
settings-key-role-odd = Choisissez ce que la clé permet

settings-what = Modification
settings-history-in-iaso = La configuration se modifie dans l’administration d’Iaso : ses modifications ne sont pas gardées ici.
settings-history-none = Rien n’a encore été modifié
settings-history-made = Configuration créée
settings-history-deleted = Configuration supprimée
settings-history-same = Enregistrée sans changement
settings-history-address = Adresse d’OpenHEXA changée de { $from } en { $to }
settings-history-workspace = Espace de travail changé de { $from } en { $to }
settings-history-token = Jeton changé
settings-history-added = { $key } ajouté
settings-history-changed = { $key } changé
settings-history-removed = { $key } retiré
settings-history-set = Paramètres par défaut de { $pipeline } : ajout de { $codes }
settings-history-reset = Paramètres par défaut de { $pipeline } : changement de { $codes }
settings-history-unset = Paramètres par défaut de { $pipeline } : retrait de { $codes }
