# Documents des flux : ce qui n’y est pas valide, et ce qui est arrivé aux étapes d’une exécution.
# $key est une clé du document ; le code entre accents graves est écrit comme dans le document.

# Un message avec sa position dans le document.
flow-place = ligne { $line }, colonne { $column } : { $message }

# Le texte lui-même
flow-too-long = Le document dépasse { $most } Kio
flow-too-deep = Les valeurs sont imbriquées sur plus de { $most } niveaux
flow-too-many-values = Le document contient plus de { $most } valeurs
flow-empty = Le document est vide
flow-several-documents = Un second document suit « --- ». Enregistrez chaque flux séparément
flow-alias = `{ $text }` n’est pas entre guillemets, et YAML lit un texte qui commence par `*` ou `&` comme une référence. Écrivez-le entre guillemets : "{ $text }"
flow-anchor = Les ancres YAML (`&nom`) ne sont pas acceptées. Écrivez la valeur là où elle sert, ou mettez le texte entre guillemets
flow-tag = Les étiquettes YAML (`!nom`) ne sont pas acceptées. Mettez le texte entre guillemets s’il commence par `!`
flow-key-not-text = Une clé doit être un texte
flow-syntax-tab = YAML n’accepte pas les tabulations pour l’indentation. Utilisez des espaces
flow-syntax-quote = Un texte entre guillemets n’est pas fermé, ou contient une séquence `\` non valide
flow-syntax-bracket = Un crochet ou une accolade n’est pas fermé, ou une virgule manque
flow-syntax-indentation = L’indentation n’est pas correcte, ou un « : » manque après une clé
flow-syntax = Ce texte n’est ni du YAML ni du JSON valide

# Clés et valeurs
flow-unknown-key = La clé `{ $key }` n’existe pas ici
flow-unknown-key-near = `{ $key }` n’existe pas ; vouliez-vous dire `{ $nearest }` ?
flow-key-missing = `{ $key }` manque
flow-key-twice = La clé `{ $key }` est présente deux fois
flow-must-text = `{ $key }` doit être un texte
flow-must-list = `{ $key }` doit être une liste
flow-must-map = `{ $key }` doit être un objet avec des clés
flow-must-bool = `{ $key }` doit valoir `true` ou `false`
flow-must-whole = `{ $key }` doit être un nombre entier
flow-must-number = `{ $key }` doit être un nombre
flow-must-duration = `{ $key }` doit être une durée avec une unité, par exemple `30s`, `5m` ou `1h 30m`
flow-must-name = `{ $key }` doit être un texte, ou un objet avec `en` et `fr`
flow-not-allowed = `{ $key }` ne peut pas valoir `{ $value }`. Valeurs possibles : { $allowed }
flow-not-allowed-near = `{ $key }` ne peut pas valoir `{ $value }` ; vouliez-vous dire `{ $nearest }` ?
flow-bad-id = `{ $value }` n’est pas valide pour `{ $key }` : utilisez de 1 à 64 des caractères a–z, 0–9, `-` et `_`
flow-bad-input-name = `{ $name }` n’est pas un nom d’entrée valide : utilisez de 1 à 64 lettres a–z, chiffres et `_`, sans chiffre au début
flow-empty-text = `{ $key }` est vide
flow-long-text = `{ $key }` dépasse { $most } caractères
flow-not-plain = `{ $key }` contient des caractères invisibles
flow-out-of-range = `{ $key }` doit être compris entre { $least } et { $most }
flow-too-many = `{ $key }` peut avoir { $most } éléments au plus
flow-number-too-large = Ce nombre est trop grand
flow-id-twice = L’identifiant `{ $id }` est utilisé deux fois
flow-default-type-mismatch = La valeur par défaut de `{ $input }` n’est pas du type { $takes }
flow-secret-input = Une entrée ne peut pas être un secret, car sa valeur est affichée. Définissez le secret dans les paramètres par défaut du compte
flow-secret = `{ $key }` est un secret et ne peut pas figurer dans un flux. Définissez-le dans les paramètres par défaut du compte

# Planifications et déclencheurs
flow-cron-fields = Une expression cron a cinq champs (minute, heure, jour, mois, jour de la semaine) ; celle-ci en a { $count }
flow-cron-seconds = Cette expression cron a six champs. Retirez le premier (secondes) : seuls minute, heure, jour, mois et jour de la semaine sont admis
flow-cron-macro = `{ $text }` est inconnu. Valeurs possibles : @hourly, @daily, @weekly, @monthly, @yearly
flow-cron-minute = `{ $part }` n’est pas valide comme minute (0–59)
flow-cron-hour = `{ $part }` n’est pas valide comme heure (0–23)
flow-cron-day = `{ $part }` n’est pas valide comme jour du mois (1–31, `L`, `15W`)
flow-cron-month = `{ $part }` n’est pas valide comme mois (1–12, ou JAN à DEC)
flow-cron-weekday = `{ $part }` n’est pas valide comme jour de la semaine (0–7, SUN à SAT, `MON#2`, `FRIL`)
flow-cron-minute-empty = Le champ des minutes contient une virgule sans valeur
flow-cron-hour-empty = Le champ des heures contient une virgule sans valeur
flow-cron-day-empty = Le champ des jours contient une virgule sans valeur
flow-cron-month-empty = Le champ des mois contient une virgule sans valeur
flow-cron-weekday-empty = Le champ des jours de la semaine contient une virgule sans valeur
flow-cron-never = `{ $text }` ne se déclenche jamais : aucune date n’y correspond
flow-zone-offset = `{ $value }` ne suit pas les changements d’heure. Indiquez le nom d’un fuseau horaire, par exemple `Africa/Kinshasa` ou `Europe/Brussels`, ou `UTC`
flow-zone-unknown = Le fuseau horaire `{ $value }` est inconnu. Indiquez un nom tel que `Africa/Kinshasa`
flow-zone-unknown-near = Le fuseau horaire `{ $value }` est inconnu ; vouliez-vous dire `{ $nearest }` ?
flow-no-zone = Une planification doit avoir un fuseau horaire (`timezone`), par exemple `Africa/Kinshasa`
flow-time-of-day = `{ $value }` n’est pas une heure. Écrivez les heures et les minutes avec deux chiffres, par exemple `06:00`
flow-needs-input = `{ $start }` lance des exécutions sans utilisateur : `{ $input }` doit avoir une valeur. Donnez une valeur par défaut (`default`) à cette entrée
flow-needs-parameter = Quand `{ $start }` lance une exécution, `{ $parameter }` de `{ $step }` n’a pas de valeur, alors que le pipeline l’exige
flow-no-event = Un déclencheur doit avoir soit `flow`, soit `file`
flow-other-event = `{ $key }` n’est admis que dans un déclencheur avec `{ $event }`
flow-file-pattern = `{ $value }` n’est pas valide : écrivez un chemin de l’espace de travail, par exemple `incoming/*.csv`. Seul le nom du fichier peut contenir `*`
flow-unknown-flow = Le flux `{ $flow }` n’existe pas
flow-unknown-flow-near = Le flux `{ $flow }` n’existe pas ; vouliez-vous dire `{ $nearest }` ?
flow-flows-in-cycle = Ces flux se lanceraient les uns les autres sans fin : { $flows }
flow-warning-day-or-weekday = `{ $cron }` indique un jour du mois et un jour de la semaine : la planification se déclenche chaque jour qui correspond à l’un des deux, et pas seulement les jours qui correspondent aux deux
flow-warning-own-schedule = OpenHEXA exécute aussi `{ $pipeline }` de lui-même ({ $cron }, UTC) : il s’exécuterait deux fois. Supprimez la planification dans OpenHEXA ou ici
flow-warning-inverted-zone = Le signe de `{ $zone }` est inversé : `Etc/GMT+1` a une heure de retard sur UTC

# Rattrapages
flow-backfill-reversed = La fin doit être postérieure au début
flow-backfill-future = La fin ne peut pas être dans le futur
flow-backfill-too-many = Cela ferait plus de { $most } exécutions. Choisissez une période plus courte
flow-backfill-parallel = De 1 à { $most } exécutions à la fois

# Étapes et références
flow-no-steps = Un flux doit avoir au moins une étape
flow-unknown-step = L’étape `{ $step }` n’existe pas
flow-unknown-step-near = L’étape `{ $step }` n’existe pas ; vouliez-vous dire `{ $nearest }` ?
flow-after-itself = `{ $step }` ne peut pas venir après elle-même
flow-cycle = Ces étapes s’attendent les unes les autres : { $steps }
flow-not-before = `{ $step }` ne peut pas utiliser un résultat de `{ $source }`, qui ne vient pas avant elle
flow-unknown-input = L’entrée `{ $input }` n’existe pas
flow-unknown-input-near = L’entrée `{ $input }` n’existe pas ; vouliez-vous dire `{ $nearest }` ?
flow-nested-reference = Une référence doit être toute la valeur de `{ $parameter }`. Dans une liste ou un objet, elle n’est pas remplacée par sa valeur
flow-no-file-trigger = Aucun déclencheur de ce flux ne le lance avec un fichier
flow-not-a-result = `{ $key }` doit être une partie du résultat d’une étape, par exemple `steps.load.result.rows`
flow-declared-type-mismatch = `{ $source }` est de type { $is }, et non { $declared }
flow-reference-unknown = `{ $from }` n’est pas une référence. Valeurs possibles : `inputs.nom`, `steps.id.result.nom`, `run.interval.start`, `run.interval.end`, `run.scheduled_for`, `run.file`
flow-reference-not-a-time = `{ $from }` n’est pas une date, et ne peut donc pas avoir de `format`
flow-reference-format = `{ $format }` n’est pas un format de date valide. Exemple : `%Y%m`
flow-reference-digits = Le format `{ $format }` ne produit pas un nombre entier

# Pipelines
flow-unknown-pipeline = Le pipeline `{ $pipeline }` n’existe pas dans cet espace de travail
flow-unknown-pipeline-near = Le pipeline `{ $pipeline }` n’existe pas dans cet espace de travail ; vouliez-vous dire `{ $nearest }` ?
flow-unknown-version = Le pipeline `{ $pipeline }` n’a pas de version { $version }
flow-no-version = Le pipeline `{ $pipeline }` n’a pas de version : son code n’a jamais été publié
flow-unreadable = OpenHEXA ne peut pas lire la définition de `{ $pipeline }` : demandez à l’auteur du pipeline de publier une nouvelle version
flow-notebook-parameter = `{ $parameter }` ne peut pas être défini : un notebook n’a aucun paramètre
flow-notebook-version = Un notebook n’a pas de versions
flow-unknown-parameter = `{ $parameter }` n’est pas un paramètre de `{ $pipeline }`
flow-unknown-parameter-near = `{ $parameter }` n’est pas un paramètre de `{ $pipeline }` ; vouliez-vous dire `{ $nearest }` ?
flow-injected = La passerelle définit `{ $parameter }` elle-même
flow-type-mismatch = `{ $source }` est de type { $is } ; `{ $parameter }` attend { $takes }
flow-longer-than-pipeline = Le pipeline lui-même est arrêté après { $limit } : une étape ne peut avoir qu’une limite plus courte

# Exécutions
flow-run-missing = Le résultat n’a pas de valeur pour `{ $from }`
flow-run-wrong-type = `{ $from }` est de type { $is }, et non { $declared }
flow-run-unwritable = La date `{ $from }` ne peut pas être écrite dans ce format
flow-step-stopping = Le flux a été arrêté : la tâche est en cours d’arrêt
flow-step-stopping-late = L’étape dure trop longtemps : sa tâche est en cours d’arrêt
flow-step-took-too-long = L’étape a duré plus de { $limit }
flow-step-parent-failed = Ignorée, car `{ $parent }` est en erreur
flow-step-parent-skipped = Ignorée, car `{ $parent }` a été ignorée
flow-step-run-refused = L’exécution a été refusée : aucune étape n’a été lancée
flow-step-parent-cancelled = Ignorée, car `{ $parent }` a été arrêtée
flow-step-flow-cancelled = Le flux a été arrêté
flow-step-task-cancelled = La tâche de cette étape a été arrêtée
