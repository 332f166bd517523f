# Les pages de la passerelle elle-même, sous /dashboard/.

title-error = Erreur :
title-warning = À vérifier :
colon = {" :"}
skip-to-content = Aller au contenu principal
nav-label = Navigation principale
nav-pipelines = Pipelines
role-viewer = Lecteur
role-operator = Opérateur
role-administrator = Administrateur
sign-out = Se déconnecter
nav-key = clé { $number } ({ $name })
try-again = Réessayer
to-pipelines = Voir les pipelines
to-tasks = Voir les tâches
to-monitoring = Voir le suivi
search-do = Rechercher

sign-in-title = Se connecter
sign-in-about = Consultez, lancez et suivez les pipelines de données de votre espace de travail OpenHEXA.
sign-in-key = Clé API
sign-in-help = Demandez une clé à votre administrateur, qui la crée dans les réglages ou avec la commande « openhexa-bridge keys create ». Vous restez connecté 12 heures dans ce navigateur.
sign-in-do = Se connecter
sign-in-wrong = Clé API inconnue, expirée ou révoquée
sign-in-undone = Vous étiez déconnecté : l’action n’a pas été effectuée. Reconnectez-vous et recommencez.
contact-lost = Connexion perdue. Dernière mise à jour :
contact-over = Vous êtes déconnecté.

page-foreign = Ce formulaire n’a pas été envoyé depuis une page de ce site
page-not-configured = OpenHEXA n’est pas encore configuré
page-no-task-number = « { $text } » n’est pas un numéro de tâche.
advice-foreign = Rien n’a été modifié. Ouvrez la page sur ce site et envoyez de nouveau le formulaire.
advice-not-configured = Demandez à un administrateur d’indiquer l’adresse d’OpenHEXA, le jeton et l’espace de travail dans les réglages.
advice-workspace = Demandez à un administrateur de corriger la configuration dans l’administration d’Iaso, rubriques « OpenHEXA Instances » et « OpenHEXA Workspaces ».
advice-configuration = Demandez à un administrateur de vérifier l’adresse d’OpenHEXA et le jeton dans les réglages.
advice-upstream = Les tâches en cours continuent. Leur statut sera mis à jour quand OpenHEXA répondra de nouveau. Attendez un moment et réessayez.
advice-throttled = La vérification des exécutions reprendra après le délai demandé par OpenHEXA. Réessayez dans quelques minutes.
advice-untrusted = Demandez à l’administrateur de la passerelle d’ajouter le certificat de l’autorité de certification d’OpenHEXA au fichier indiqué par SSL_CERT_FILE.
advice-role = Demandez à un administrateur de vous accorder ce droit.
advice-profile = Demandez à un administrateur de vous créer un profil dans Iaso.
advice-no-task = Aucune tâche de votre compte ne porte ce numéro. Vérifiez le numéro, ou cherchez la tâche dans la liste.
advice-no-pipeline = Le pipeline a été supprimé, se trouve dans un autre espace de travail, ou l’adresse est incorrecte. Cherchez-le dans la liste.
advice-internal = Réessayez. Si l’erreur se reproduit, communiquez son numéro à un administrateur.
advice-wait = Attendez quelques secondes et réessayez.
advice-back = Vérifiez l’adresse, ou revenez à la liste.

stale-title = OpenHEXA ne répond pas.
stale-as-of = Données du

status-queued = En attente
status-running = En cours d’exécution
status-terminating = Arrêt en cours
status-success = Succès
status-error = En erreur
status-cancelled = Arrêtée
status-skipped = Ignorée

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
pipelines-search = Rechercher par nom ou par code
pipelines-tag = Étiquette
pipelines-all-tags = Toutes les étiquettes
pipelines-none = Cet espace de travail n’a pas encore de pipeline
pipelines-none-advice = Créez un pipeline dans OpenHEXA, ou demandez à l’auteur d’un pipeline de l’ajouter à cet espace de travail. Il apparaîtra ici automatiquement.
pipelines-not-found = Aucun pipeline ne correspond à votre recherche
pipelines-show-all = Afficher tous les pipelines
pipeline-name = Pipeline
pipeline-version = Version
pipeline-last-run = Dernière exécution
pipeline-notebook = notebook
pipeline-never-run = Jamais exécuté
pipeline-no-version = Ce pipeline n’a pas encore de version et ne peut pas être lancé. Demandez à son auteur d’en publier une.
pipeline-may-not-run = Le jeton configuré n’a pas le droit de lancer ce pipeline. Demandez à un administrateur de lui accorder ce droit dans OpenHEXA.
pipeline-schedule = OpenHEXA exécute lui-même ce pipeline selon une planification : { $cron } (UTC)
version-created = Version créée :
version-older = version antérieure
version-current = actuelle
version-show = Afficher
versions-title = Versions

run-when = Date
run-took = Durée
run-again = Réutiliser ces valeurs
runs-title = Exécutions récentes
trigger-manual = lancée depuis OpenHEXA
trigger-scheduled = planifiée
trigger-webhook = lancée par un webhook
plot-title = Durée des exécutions récentes, de la plus ancienne (à gauche) à la plus récente (à droite)
plot-caption = Durée, de l’exécution la plus ancienne (à gauche) à la plus récente. ✓ succès (plein), ✕ en erreur (hachuré), ■ arrêtée (contour).

launch-title = Lancer
launch-values = Paramètres
launch-no-parameters = Ce pipeline n’a pas de paramètres.
launch-more = Options
launch-notify = Envoyer les notifications OpenHEXA pour cette exécution
launch-debug = Enregistrer un journal détaillé (débogage)
launch-do = Lancer
launch-anyway = Lancer quand même
launch-reset = Réinitialiser
launch-sending = Envoi en cours…
form-refused = Le pipeline n’a pas été lancé :
form-warned = Vérifiez ces valeurs avant de lancer :
form-warned-advice = Rien n’a encore été lancé. Corrigez les valeurs, ou lancez quand même.
form-secret-again = « { $name } » est un secret : le formulaire ne l’a pas conservé. Saisissez-le de nouveau. Pour lancer sans le saisir, cliquez encore une fois sur le bouton : la valeur enregistrée ou par défaut est alors utilisée, s’il y en a une
form-secret-of-task = La tâche { $number } utilisait un secret, qui n’est pas conservé : saisissez-le de nouveau.
form-secret-above = « { $name } » : saisissez de nouveau ce secret, qui n’est pas conservé sur cette page
form-required = (obligatoire)
form-choose = Choisir…
form-load-choices = Afficher la liste
form-used = Une tâche a déjà été lancée depuis ce formulaire avec d’autres valeurs. Pour lancer une autre tâche avec ces valeurs, cliquez de nouveau sur « Lancer ».
form-either = « { $name } » : « { $text } » peut signifier { $whole } ou { $part }. Écrivez l’un des deux
form-apart = « { $name } » : « { $text } » n’est pas un nombre. Mettez des espaces uniquement entre les groupes de trois chiffres, comme dans 12 345,6
form-apart-whole = « { $name } » : « { $text } » n’est pas un nombre entier. Mettez des espaces uniquement entre les groupes de trois chiffres, comme dans 12 345
form-apart-line = « { $name } » : « { $text } » n’est pas un nombre. Écrivez une valeur par ligne, sans espace entre les chiffres
form-int-long = « { $name } » a trop de chiffres : un nombre entier peut en avoir { $digits } au plus
form-json-number = « { $name } » contient un nombre qu’OpenHEXA ne peut pas lire : un nombre entier peut avoir { $digits } chiffres au plus, tout autre nombre doit être compris entre −1,8e308 et 1,8e308
form-json-deep = « { $name } » a trop de niveaux imbriqués : 127 au plus
form-json = « { $name } » n’est pas du JSON valide (ligne { $line }, colonne { $column })
value-yes = oui
value-no = non

default-account = Valeur par défaut de votre compte : { $value }.
default-version = Valeur par défaut : { $value }.
default-pipeline = Valeur par défaut du pipeline : { $value }.
default-parameter = Valeur par défaut : { $value }.
empty-account = Valeur par défaut de votre compte : { $value } (utilisée si le champ est vide).
empty-version = Valeur par défaut : { $value } (utilisée si le champ est vide).
empty-parameter = Si le champ est vide : { $value } (valeur par défaut du pipeline).
empty-nothing = Si le champ est vide : aucune valeur.
hint-dict = Un objet JSON, par exemple {"{"}"clé": "valeur"{"}"}.
hint-list = Une liste JSON, par exemple ["a", "b"].
hint-lines = Une valeur par ligne.
hint-int = Un nombre entier.
hint-float = Un nombre, par exemple 2,5.
hint-dataset = Le nom court (slug) d’un jeu de données de l’espace de travail.
hint-file = Le chemin d’un fichier de l’espace de travail.
hint-secret = Cette valeur ne sera pas affichée de nouveau.
hint-connection = Le nom court (slug) d’une connexion de type « { $kind } » de l’espace de travail.
hint-directory = Dossier : { $folder }.
hint-no-choices = La liste des choix est indisponible : { $why }.
hint-many-choices = La liste compte plus de { $most } choix : saisissez la valeur. Elle sera vérifiée au lancement.
hint-no-suggestions = Les suggestions de l’espace de travail sont indisponibles : { $why }.

nav-tasks = Tâches
nav-task = Tâche
tasks-search = Numéro, nom, message ou auteur du lancement
tasks-status = Statut
tasks-from = Lancée du
tasks-to = Lancée jusqu’au
tasks-any-pipeline = Tous les pipelines
tasks-any-launcher = Tous
tasks-launched-by-me = Moi
tasks-local-user = Utilisateur local
tasks-status-unknown = Le statut doit être l’un ou plusieurs des suivants : { status-queued }, { status-running }, { status-success }, { status-error }, { status-cancelled }
tasks-dates-reversed = La date de début est après la date de fin.
tasks-dates = Dates de lancement
tasks-any-date = Toutes les dates
tasks-last-7-days = 7 derniers jours
tasks-last-week = Semaine dernière
tasks-last-30-days = 30 derniers jours
tasks-count =
    { $count ->
        [one] { $shown } tâche.
       *[other] { $shown } tâches.
    }
tasks-more = Plus de { $most } tâches.
tasks-cut = Seules les { $most } tâches les plus récentes de ces dates ont été examinées. Pour trouver des tâches plus anciennes, choisissez une date de fin antérieure.
tasks-message = Message
tasks-unconfirmed = exécution pas encore terminée
tasks-not-sent = Pas encore envoyée à OpenHEXA ; la passerelle continue d’essayer
tasks-searched-for = Pas encore de réponse d’OpenHEXA ; la passerelle recherche l’exécution
tasks-none = Aucune tâche n’a encore été lancée
tasks-not-found = Aucune tâche ne correspond à ces filtres
tasks-show-all = Afficher toutes les tâches
tasks-older = Tâches plus anciennes
tasks-newest = Tâches les plus récentes
pipeline-tasks = Toutes les tâches de ce pipeline

task-number = Tâche { $number }
task-stop-asked = Arrêt demandé ; l’exécution ne s’est pas encore arrêtée
task-stop-refused = OpenHEXA ne permet pas à la passerelle d’arrêter cette exécution. Demandez à un administrateur de l’espace de travail de l’arrêter dans OpenHEXA
task-not-confirmed = Signalé par le pipeline ; l’exécution n’est pas encore terminée dans OpenHEXA
task-confirmed = Statut final
task-progress = Avancement
task-waits = En attente du démarrage de l’exécution par OpenHEXA
task-not-sent = Ce lancement n’a pas encore été envoyé à OpenHEXA. La passerelle l’a enregistré et continue d’essayer. Ne lancez pas le pipeline une seconde fois.
task-not-sent-why = Ce lancement n’a pas encore été envoyé : { $why }. La passerelle l’a enregistré et continue d’essayer. Ne lancez pas le pipeline une seconde fois.
task-openhexa-away = OpenHEXA ne répond pas
task-waits-for-other = La passerelle a enregistré ce lancement. Elle l’enverra dès qu’elle aura trouvé l’exécution d’un lancement précédent de ce pipeline. Ne lancez pas le pipeline une seconde fois.
task-searched-for = OpenHEXA n’a pas répondu à la demande de lancement. La passerelle recherche l’exécution dans OpenHEXA, et n’envoie de nouveau la demande que si cette exécution n’existe pas. Ne lancez pas le pipeline une seconde fois.
task-retried-until = Nouveaux essais jusqu’à
task-failure-whole = Afficher le texte complet
task-failure-above = Affiché en haut de cette page
task-refresh = Actualiser cette page
task-cancel = Arrêter…
task-cancel-sure = Arrêter la tâche { $number } ? Ce qu’elle a déjà écrit sera conservé.
task-cancel-do = Arrêter la tâche
task-relaunch = Relancer
task-change = Modifier les paramètres et relancer
task-secret-again = Les secrets ne sont pas conservés : saisissez de nouveau cette valeur.
task-result = Résultat
task-result-cut = Seule une partie du résultat est affichée.
task-result-whole = Télécharger en JSON
task-outputs = Sorties
output-file = fichier
output-table = table
task-messages = Messages
task-no-messages = Aucun message pour le moment.
task-away = Messages et journaux OpenHEXA indisponibles : { $why }.
task-logs = Journal de l’exécution
task-logs-cut = Seule la fin du journal est affichée.
level-progress = AVANCEMENT
level-debug = DÉBOGAGE
level-info = INFO
level-warning = AVERTISSEMENT
level-error = ERREUR
level-critical = CRITIQUE
task-about = À propos de cette tâche
task-created = Lancée
task-started = Démarrée
task-ended = Terminée
task-launcher = Lancée par
task-launcher-key = utilisateur inconnu (clé API)
task-relaunched = Relance
task-from = à partir de la tâche { $number }
task-run = Exécution
task-run-open = Ouvrir dans OpenHEXA
task-values = Paramètres
task-values-missing = Les noms et les valeurs par défaut sont indisponibles, seules les valeurs envoyées sont affichées : { $why }.
task-progress-reports =
    { $count ->
        [one] { $count } message d’avancement
       *[other] { $count } messages d’avancement
    }
task-progress-newest =
    { $count ->
        [one] Le dernier message d’avancement
       *[other] Les { $count } derniers messages d’avancement
    }

filter-level = Niveau
filter-any-level = Tous les niveaux
filter-info = Informations et plus
filter-warning = Avertissements et erreurs
filter-error = Erreurs uniquement
filter-text = Rechercher dans les messages et le journal
filter-do = Filtrer
filter-none = Tout afficher
filter-nothing = Aucun message ne correspond au filtre.
filter-log = Seules les lignes du journal qui correspondent au filtre sont affichées.
filter-no-log = Aucune ligne du journal de l’exécution ne correspond au filtre.

result-members =
    { $count ->
        [one] { $count } valeur
       *[other] { $count } valeurs
    }
result-items =
    { $count ->
        [one] { $count } élément
       *[other] { $count } éléments
    }

origin-entered = saisie au lancement
origin-relaunched = reprise de la tâche { $number }
origin-account = valeur par défaut de votre compte
origin-version = enregistrée avec la version
origin-parameter = valeur par défaut du pipeline
origin-cleared = laissée vide au lancement
origin-unset = aucune valeur
origin-disabled = désactivée par un autre paramètre

compare-title = Comparer les paramètres
compare-previous = Comparer avec la tâche précédente de ce pipeline
compare-other = Comparer avec une autre tâche
compare-with = Comparer la tâche { $number } avec
compare-do = Comparer
compare-nothing = C’est la première tâche de ce pipeline.
compare-other-pipeline = La tâche { $number } appartient à un autre pipeline : seules les tâches d’un même pipeline se comparent.
compare-parameter = Paramètre
compare-difference = Comparaison
compare-same = identique
compare-different = différent
compare-secret = secret, non comparé
compare-unknown = inconnu
compare-value-unknown = valeur inconnue
compare-absent = n’est pas un paramètre de cette version
compare-known-same = Toutes les valeurs connues sont identiques.
compare-count =
    { $count ->
        [0] Toutes les valeurs sont identiques.
        [one] { $count } valeur diffère.
       *[other] { $count } valeurs diffèrent.
    }
task-why = Historique de la tâche

source-user = Utilisateur
source-callback = Pipeline
source-openhexa = OpenHEXA
source-bridge = Passerelle

nav-monitoring = Suivi
monitoring-period = Période
monitoring-today = Aujourd’hui
monitoring-week = 7 jours
monitoring-month = 30 jours
monitoring-days = « { $field } » doit valoir 1, 7 ou 30
monitoring-since = Tâches lancées depuis le
monitoring-zone = Les jours commencent à minuit ({ $zone }).
monitoring-as-of = Dernière mise à jour :
monitoring-empty = Lancez un pipeline pour voir ses résultats ici, par heure et par jour.
monitoring-nothing = Aucune tâche n’a été lancée pendant cette période
monitoring-none-ended = Aucune tâche n’est encore terminée
monitoring-only-cancelled = Toutes les tâches terminées ont été arrêtées
monitoring-all-well = Aucun échec
monitoring-some-failed =
    { $count ->
        [one] { $count } tâche s’est terminée en erreur
       *[other] { $count } tâches se sont terminées en erreur
    }
monitoring-launched = Lancées
monitoring-now = En cours actuellement
monitoring-of-them-queued = dont { $count } en attente
monitoring-stopped = Arrêtées
monitoring-rate = Taux de succès
monitoring-rate-how = parmi les tâches terminées, hors tâches arrêtées
monitoring-to-list = afficher ces tâches
monitoring-plot-hours = Tâches par heure de lancement
monitoring-plot-days = Tâches par jour de lancement
monitoring-plot-title = Tâches par date de lancement et par statut, empilées : succès (plein) en bas, puis en erreur (hachuré, ✕ au-dessus), arrêtée (contour), en cours (pointillé)
monitoring-plot-title-hours = Tâches par heure de lancement et par statut, empilées : succès (plein) en bas, puis en erreur (hachuré, ✕ au-dessus), arrêtée (contour), en cours (pointillé)
monitoring-part = { $part } : { $numbers }
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
monitoring-live = En cours
monitoring-table = Voir sous forme de tableau
monitoring-when = Date
monitoring-when-hour = Heure
monitoring-not-asked = Aucune requête
monitoring-not-asked-yet = La passerelle n’a envoyé aucune requête à OpenHEXA depuis son démarrage.
monitoring-not-configured = Non configuré
monitoring-not-followed = Aucun pipeline ne peut être lancé pour le moment. Les tâches en cours restent suivies avec la connexion utilisée à leur lancement, si celle-ci fonctionne encore.
monitoring-answers = Disponible
monitoring-answers-well = Dernière requête à OpenHEXA : réussie.
monitoring-away = Ne répond pas
monitoring-refuses = Jeton refusé
monitoring-denies = Accès refusé
monitoring-denies-how = Le jeton n’a pas accès à l’espace de travail, ou aux données demandées dans cet espace. Demandez à un administrateur de vérifier l’espace de travail et les droits du jeton.
monitoring-strange = La réponse ne vient pas d’OpenHEXA
monitoring-fails = Erreur interne d’OpenHEXA
monitoring-throttles = Trop de requêtes pour le moment
monitoring-untrusted = Certificat TLS non reconnu
monitoring-from = depuis le
monitoring-last-answer = Dernière réponse :
monitoring-last-try = Dernier essai :
monitoring-asked-again = Prochaine vérification des exécutions :
monitoring-looks = Vérification des exécutions
monitoring-punctual = À l’heure
monitoring-late = En retard
monitoring-in-time = Les exécutions en cours sont vérifiées à temps.
monitoring-nothing-live = Aucune tâche n’est en cours.
monitoring-behind = La vérification des exécutions a { $span } de retard. Si cela continue, prévenez un administrateur.
monitoring-oldest-unsent = Un lancement attend d’être envoyé à OpenHEXA depuis { $span }.
monitoring-unsure =
    { $count ->
        [one] { $count } demande de lancement est restée sans réponse. La passerelle recherche son exécution dans OpenHEXA.
       *[other] { $count } demandes de lancement sont restées sans réponse. La passerelle recherche leurs exécutions dans OpenHEXA.
    }
monitoring-accepted = En attente d’envoi
monitoring-launching = Lancement en cours
monitoring-submitted = En attente dans OpenHEXA
monitoring-running = En cours d’exécution
monitoring-reported = Statut final signalé, exécution pas encore terminée
monitoring-failures = Échecs
monitoring-why = Cause
monitoring-count = Tâches
monitoring-last = Dernier échec
monitoring-newest = Dernière tâche en erreur
monitoring-more-failures =
    { $count ->
        [one] { $count } autre type d’échec n’est pas affiché.
       *[other] { $count } autres types d’échec ne sont pas affichés.
    }
monitoring-durations = Durées
monitoring-durations-how = Tâches réussies uniquement. La moyenne habituelle est celle des 30 derniers jours, quelle que soit la période affichée. Le signe ▲ indique une durée supérieure au double de la moyenne habituelle, pour les pipelines qui ont au moins 3 tâches réussies.
monitoring-runs = Tâches
monitoring-median = Médiane
monitoring-p95 = 95 % durent au plus
monitoring-mean = Moyenne
monitoring-longest = La plus longue
monitoring-usual = Moyenne habituelle
monitoring-usual-cut = La moyenne habituelle est calculée sur les { $most } tâches réussies les plus récentes ; les 30 derniers jours en comptent davantage.
monitoring-running-cut = Seules les { $most } tâches en cours les plus anciennes ont été comparées à la moyenne habituelle ; il y en a d’autres.
monitoring-over-twice = Plus du double de la moyenne habituelle
monitoring-long = Tâches anormalement longues
monitoring-times-mean = Par rapport à la moyenne habituelle
monitoring-more-long =
    { $count ->
        [one] { $count } autre tâche n’est pas affichée.
       *[other] { $count } autres tâches ne sont pas affichées.
    }
monitoring-cut = Les durées et les échecs sont calculés sur les { $most } tâches réussies et les { $most } tâches en erreur les plus récentes ; cette période en compte davantage.

settings-nav = Réglages
settings-parts = Réglages
settings-advice = Indiquez l’adresse d’OpenHEXA, un jeton et un espace de travail dans les réglages.
settings-advice-check = Testez la connexion dans les réglages : vérifiez l’adresse, le jeton et l’espace de travail.
settings-connection = Connexion
settings-defaults = Paramètres par défaut
settings-keys = Clés API
settings-history = Historique
settings-connection-title = Connexion à OpenHEXA
settings-begin = OpenHEXA n’est pas encore connecté. Remplissez les trois champs, testez la connexion et enregistrez. Les pipelines de l’espace de travail apparaîtront ensuite.
settings-address = Adresse d’OpenHEXA
settings-address-hint = L’adresse GraphQL d’OpenHEXA, par exemple https://app.openhexa.org/graphql/.
settings-token = Jeton
settings-token-hint = Un jeton OpenHEXA pour cet espace de travail. Il est chiffré avant d’être enregistré et ne sera plus affiché.
settings-token-kept = Laissez vide pour conserver le jeton actuel ({ $token }). Obligatoire si l’adresse change.
settings-token-again = Le jeton saisi n’est pas conservé sur cette page : saisissez-le de nouveau avant d’enregistrer.
settings-token-held = Le jeton saisi est conservé pendant 15 minutes : laissez ce champ vide pour l’utiliser.
settings-token-lost = Le jeton saisi n’est plus disponible : il est conservé pendant 15 minutes, et uniquement pour l’adresse testée. Saisissez-le de nouveau
settings-workspace = Espace de travail
settings-workspace-hint = Le nom court (slug) de l’espace de travail, tel qu’il figure dans l’adresse de ses pages dans OpenHEXA.
settings-in-force = Valeur actuelle : { $value }.
settings-in-force-title = Configuration actuelle
settings-version = Version
settings-changed-at = Modifiée le
settings-changed-by = Modifiée par
settings-others = Autres entrées (non modifiables sur cette page)
settings-save = Enregistrer
settings-saving = Enregistrement…
settings-saved = Configuration enregistrée. La version { $version } est maintenant active.
settings-refused = Rien n’a été enregistré :
settings-changed = La configuration a été modifiée entre-temps par { $who }. Votre saisie est toujours dans le formulaire : comparez-la avec les valeurs actuelles. Si vous enregistrez de nouveau, elle les remplacera.
settings-changed-by-unknown = La configuration a été modifiée entre-temps par un autre utilisateur. Votre saisie est toujours dans le formulaire : comparez-la avec les valeurs actuelles. Si vous enregistrez de nouveau, elle les remplacera.
settings-changed-deleted = La configuration a été supprimée entre-temps par un autre utilisateur. Pour en créer une nouvelle, saisissez le jeton et enregistrez de nouveau.
settings-delete = Supprimer…
settings-delete-sure = Supprimer cette configuration ? Les pipelines ne pourront plus être consultés ni lancés, et les paramètres par défaut seront perdus. Les tâches en cours restent suivies jusqu’à leur fin.
settings-delete-do = Supprimer la configuration
settings-deleting = Veuillez patienter…
settings-deleted = Configuration supprimée.
settings-in-iaso = La connexion se modifie dans l’administration d’Iaso, rubriques « OpenHEXA Instances » et « OpenHEXA Workspaces ». Ici, vous pouvez la consulter et la tester.
settings-check = Tester la connexion
settings-checking = Test en cours…
settings-checks = Test de la connexion
settings-checks-well = Tous les tests ont réussi.
settings-checks-bad = Au moins un test a échoué.
settings-checks-unsaved = Test effectué avec les valeurs ci-dessous, qui ne sont pas encore enregistrées.
settings-check-good = Réussi
settings-check-bad = Échec
settings-check-unknown = Non testé

settings-defaults-about = Un lancement utilise ces valeurs pour les paramètres qui ne sont pas renseignés. Elles ont priorité sur les valeurs par défaut du pipeline et de sa version, et peuvent être modifiées au lancement.
settings-defaults-in-iaso = Les paramètres par défaut se modifient dans l’administration d’Iaso, rubrique « OpenHEXA Workspaces ». Ici, vous pouvez les consulter.
settings-defaults-none = Aucun
settings-defaults-count =
    { $count ->
        [one] { $count } valeur par défaut
       *[other] { $count } valeurs par défaut
    }
settings-defaults-empty = Un champ vide garde la valeur par défaut du pipeline.
settings-defaults-saved = Enregistré. Ces valeurs s’appliquent dès le prochain lancement.
settings-no-default = Pas de valeur par défaut
settings-own-default = Celle du pipeline
settings-secret-clear = Une valeur est enregistrée. Laissez le champ vide pour la conserver, ou cochez cette case pour la supprimer.
settings-secret-again = Le secret saisi n’est pas conservé sur cette page : saisissez-le de nouveau.
settings-unknown-parameters = Paramètres qui n’existent plus
settings-unknown-parameters-about = Des valeurs sont enregistrées sous ces noms, mais le pipeline n’a pas ces paramètres. Les lancements peuvent être refusés tant qu’elles ne sont pas supprimées.
settings-take-away = Supprimer { $code }
settings-pipeline-gone-tag = absent de cet espace de travail
settings-pipeline-gone = Ce pipeline n’est plus dans l’espace de travail. Vous pouvez supprimer ses paramètres par défaut enregistrés.
settings-to-launch = Lancer ce pipeline

settings-keys-about = Les programmes et les personnes sans compte Iaso s’authentifient avec une clé. Donnez à chacun sa propre clé, avec le rôle le moins étendu qui lui suffit. Les clés du fichier de configuration n’apparaissent pas ici.
settings-keys-none = Aucune clé n’a encore été créée
settings-keys-older = Les clés expirées ou révoquées les plus anciennes ne sont pas affichées. La commande « openhexa-bridge keys list » affiche toutes les clés.
settings-key-name = Nom
settings-key-name-hint = La personne ou le programme qui utilisera la clé.
settings-key-role = Rôle
settings-role-viewer = Lecteur : consulter les pipelines et les tâches
settings-role-operator = Opérateur : consulter, lancer et arrêter
settings-role-administrator = Administrateur : tous les droits, y compris les réglages
settings-key-until = Date d’expiration
settings-key-until-hint-latest = La clé reste active jusqu’à la fin du jour indiqué (UTC), le { $latest } au plus tard.
settings-key-until-hint = La clé reste active jusqu’à la fin du jour indiqué (UTC). Si le champ est vide, elle n’expire pas.
settings-key-number = Clé { $number }
settings-key-created = Créée
settings-key-by = par { $who }
settings-key-used = Dernière utilisation
settings-key-expires = Expiration
settings-never = Jamais
settings-key-good = Active
settings-key-expired = Expirée
settings-key-revoked = Révoquée
settings-key-own = vous êtes connecté avec cette clé
settings-key-new = Créer une clé
settings-key-make = Créer la clé
settings-key-made = Clé { $number } créée
settings-key-once = Copiez la clé maintenant et conservez-la en lieu sûr. Elle ne sera plus affichée.
settings-key-kept = J’ai copié la clé
settings-key-revoke = Révoquer…
settings-key-revoke-do = Révoquer cette clé
settings-key-sure = Révoquer cette clé ? Les personnes et les programmes qui l’utilisent perdront l’accès. Cette action est définitive.
settings-key-own-sure = Vous êtes connecté avec cette clé : vous serez déconnecté.
settings-key-ended = Clé { $number } révoquée.
settings-key-not-found = Clé introuvable
settings-key-name-odd = « { $field } » doit tenir sur une seule ligne de { $most } caractères au plus
settings-key-name-taken = Une clé active porte déjà ce nom : choisissez un autre nom. Si vous avez cliqué deux fois par erreur, révoquez cette clé et créez-la de nouveau : elle ne peut pas être affichée une seconde fois
settings-key-until-late = « { $field } » ne doit pas dépasser le { $latest }
settings-key-until-past = « { $field } » ne doit pas être dans le passé
settings-key-day-odd = « { $field } » doit être une date, par exemple 2026-12-31
settings-key-role-odd = Choisissez un rôle pour la clé

settings-what = Modification
settings-history-in-iaso = La configuration se modifie dans l’administration d’Iaso. Ses modifications ne sont pas enregistrées ici.
settings-history-none = Aucune modification pour le moment
settings-history-made = Configuration créée
settings-history-deleted = Configuration supprimée
settings-history-same = Enregistrée sans modification
settings-history-address = Adresse d’OpenHEXA : { $from } remplacée par { $to }
settings-history-workspace = Espace de travail : { $from } remplacé par { $to }
settings-history-token = Jeton modifié
settings-history-added = Ajout de « { $key } »
settings-history-changed = Modification de « { $key } »
settings-history-removed = Suppression de « { $key } »
settings-history-set = Paramètres par défaut de { $pipeline } : ajout de { $codes }
settings-history-reset = Paramètres par défaut de { $pipeline } : modification de { $codes }
settings-history-unset = Paramètres par défaut de { $pipeline } : suppression de { $codes }
