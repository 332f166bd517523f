# Les planifications sur les pages : rattrapages, calendrier, formulaire qui planifie un pipeline, expressions cron en toutes lettres.

flow-schedule-one = Planification
flow-schedule-pause = Mettre cette planification en pause
flow-schedule-resume = Reprendre cette planification
flow-no-schedule = Ce flux n’a pas de planification, donc pas d’échéances.
flow-no-run = Aucune exécution
flow-planned = Prévue
flow-today = aujourd’hui

flow-interval-title = Période des données (facultatif)
flow-interval-start = Du
flow-interval-end = Jusqu’au
flow-interval-hint = Heures de { $zone }. Les paramètres avec `run.interval.start` et `run.interval.end` les reçoivent. Laissez les deux champs vides pour une exécution sans période.
flow-interval-wrong = Indiquez un début et une fin, la fin après le début

# Rattrapages
flow-backfill = Rattrapage
flow-backfills = Rattrapages
flow-backfill-number = Rattrapage { $number }
flow-backfill-about = Un rattrapage exécute des échéances passées, par exemple pour recharger un mois. Chaque exécution reçoit l’heure et la période des données de son échéance.
flow-backfill-which = Quelles échéances
flow-backfill-from = Du
flow-backfill-to = Au
flow-backfill-day = Indiquez un jour, par exemple 2026-11-30
flow-backfill-days = Jours de { $zone }. Le dernier jour est compris.
flow-backfill-mode = Lesquelles de ces échéances
flow-backfill-missing = Celles sans exécution
flow-backfill-failed = Celles dont la dernière exécution a échoué ou a été arrêtée
flow-backfill-all = Toutes celles qui ne sont pas en cours
flow-backfill-at-once = Exécutions à la fois
flow-backfill-preview = Afficher les échéances
flow-backfill-refused = Le formulaire contient des erreurs :
flow-backfill-count =
    { $count ->
        [0] Rien à exécuter
        [one] { $count } exécution
       *[other] { $count } exécutions
    }
flow-backfill-squares = Chaque carré est une échéance, à l’heure de { $zone }, avec le statut de sa dernière exécution.
flow-backfill-start =
    { $count ->
        [one] Lancer { $count } exécution
       *[other] Lancer { $count } exécutions
    }
flow-backfill-nothing = Rien à exécuter : toutes les échéances choisies ont déjà une exécution, sont en cours ou attendent dans un autre rattrapage
flow-backfill-nothing-about = Toutes les échéances choisies ont déjà une exécution, sont en cours ou attendent dans un autre rattrapage. Choisissez d’autres jours, ou une autre option dans « Lesquelles de ces échéances ».
flow-backfill-done = Terminé
flow-backfill-done-errors = Terminé, avec des erreurs
flow-backfill-errors = En erreur ou arrêtées
flow-backfill-waiting = En attente d’une exécution
flow-backfill-waits = En attente
flow-backfill-progress = { $done } exécutions terminées sur { $of }
flow-backfill-ticks = Échéances
flow-backfill-about-title = À propos de ce rattrapage
flow-backfill-period = Période
flow-backfill-cancel = Arrêter le rattrapage
flow-backfill-cancel-sure = Arrêter ce rattrapage ? Il ne lance plus d’exécution, et ses exécutions actives sont arrêtées. Ce qu’elles ont déjà écrit sera conservé.

# Le calendrier
flow-calendar = Calendrier
flow-calendar-zone = heures de { $zone }
flow-calendar-cut = Ce mois contient plus d’échéances que celles affichées. Les plus anciennes et les dernières manquent.
flow-month = { $field } doit être un mois, par exemple 2026-11
flow-month-label = Mois (AAAA-MM)
flow-month-previous = Mois précédent
flow-month-next = Mois suivant

# La planification d’un pipeline
pipeline-planned = Prochaine exécution planifiée :
schedule-do = Planifier…
schedule-title = Planification
schedule-about = Le pipeline sera exécuté avec les valeurs saisies dans son formulaire de lancement. La page suivante affiche le document du flux avant son enregistrement.
schedule-when = Quand il s’exécute
schedule-refused = Le formulaire contient des erreurs :
schedule-secret = Une planification ne peut pas contenir de secrets. Demandez à un administrateur d’enregistrer cette valeur dans les paramètres par défaut, et laissez le champ vide
schedule-often = Fréquence
schedule-daily = Chaque jour
schedule-weekly = Chaque semaine
schedule-monthly = Chaque mois
schedule-cron = Expression cron
schedule-weekday = Jour de la semaine
schedule-weekday-hint = Pour chaque semaine.
schedule-time = Heure
schedule-time-hint = Pour chaque jour, semaine ou mois.
schedule-day = Jour du mois
schedule-day-hint = Pour chaque mois : 1 à 31, ou L pour le dernier jour. Les mois sans ce jour sont omis.
schedule-own = Expression cron
schedule-own-hint = Pour une expression cron : minute, heure, jour, mois, jour de la semaine.
schedule-zone = Fuseau horaire
schedule-zone-hint = Un nom comme Africa/Kinshasa.
schedule-name = Nom du flux
schedule-name-hint = Tel qu’il est affiché dans les listes.
schedule-name-needed = Indiquez un nom d’au plus { $most } caractères
schedule-id = Identifiant du flux
schedule-id-hint = Une partie de son adresse : a–z, 0–9, - et _. Il ne pourra plus changer.
schedule-preview = Afficher le document
schedule-leave = Retour au pipeline

# Expressions cron en toutes lettres
cron-minutes =
    { $count ->
        [one] chaque minute
       *[other] toutes les { $count } minutes
    }
cron-hourly = chaque heure, à la minute { $minute }
cron-hours =
    { $count ->
        [one] chaque heure, à partir de { $time }
       *[other] toutes les { $count } heures, à partir de { $time }
    }
cron-daily = chaque jour à { $time }
cron-working-days = du lundi au vendredi à { $time }
cron-weekly = chaque { $days } à { $time }
cron-some-weekdays = chaque semaine ({ $days }) à { $time }
cron-monthly = chaque mois, le { $day } à { $time }
cron-last-day = le dernier jour de chaque mois à { $time }
cron-yearly = chaque année, le { $day } { $month } à { $time }

weekday-monday = lundi
weekday-tuesday = mardi
weekday-wednesday = mercredi
weekday-thursday = jeudi
weekday-friday = vendredi
weekday-saturday = samedi
weekday-sunday = dimanche
month-january = janvier
month-february = février
month-march = mars
month-april = avril
month-may = mai
month-june = juin
month-july = juillet
month-august = août
month-september = septembre
month-october = octobre
month-november = novembre
month-december = décembre
