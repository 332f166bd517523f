# Alertes des flux et des pipelines, et notifications des abonnés.

alert-not-found = Cette alerte n’existe pas
alert-mute-range = « { $field } » doit être dans le futur, { $days } jours au plus à partir de maintenant

alert-failed = { $name } a échoué
alert-failed-step = { $name } : l’étape `{ $part }` a échoué
alert-duration = { $name } est en cours depuis { $figure }, plus longtemps que d’habitude (limite : { $limit })
alert-records = { $name } : l’étape `{ $part }` a traité { $figure } enregistrements, moins de { $limit }
alert-errors = { $name } : { $figure } % des enregistrements sont en erreur, plus de { $limit } %
alert-no-figure = { $name } : le résultat de l’étape `{ $part }` ne contient pas le nombre attendu
alert-late = { $name } : la planification `{ $part }` est en retard
alert-missed = { $name } : `{ $part }` n’a pas démarré

alert-figure-missing = { $from } n’est pas un nombre
alert-late-running = L’exécution prévue le { $tick } n’est pas terminée à { $finish_by } ({ $zone })
alert-late-not-started = L’exécution prévue le { $tick } n’a pas démarré avant { $finish_by } ({ $zone })

alert-resolved-failed = { $name } a de nouveau réussi
alert-resolved-duration = { $name } : l’exécution plus longue que d’habitude est terminée
alert-resolved-figures = { $name } : les chiffres de l’étape `{ $part }` sont de nouveau conformes
alert-resolved-late = { $name } : la planification `{ $part }` a rattrapé son retard
alert-resolved-missed = { $name } : `{ $part }` a de nouveau démarré

notice-task-ended = { $name } est terminé : { $status }
notice-flow-run-ended = { $name } est terminé : { $status }
notice-flow-run-warnings = { $name } est terminé : { $status }, avec des avertissements
notice-backfill-ended = Rattrapage de { $name } : { $success } exécutions réussies sur { $total }, { $error } en erreur

# Pages
nav-alerts = Alertes
to-alerts = Aller aux alertes
alert-open = Ouverte
alert-resolved = Résolue
alerts-which = Alertes à afficher
alerts-open = Ouvertes
alerts-resolved = Résolues
alerts-none = Aucune alerte ouverte
alerts-none-resolved = Aucune alerte résolue
alerts-about = Une alerte s’ouvre quand un flux ou un pipeline échoue, dure plus longtemps que d’habitude, est en retard ou ne démarre pas, et quand des chiffres ne sont pas conformes. Elle est résolue quand la cause a disparu
alerts-what = Problème
alerts-opened = Ouverte
alerts-resolved-at = Résolue
alerts-messages = Messages
alerts-times = { $count } fois
alerts-muted-until = En sourdine jusqu’au
alerts-mute = Mettre en sourdine 24 h
alerts-unmute = Rétablir les messages
alerts-all = Toutes les alertes
alerts-now = Alertes ouvertes
alerts-muted = en sourdine
alerts-past = Alertes résolues
