# Runs of flows: what the API and the pages say about them.

# Flux, leurs exécutions et leurs échéances
flow-not-found = Ce flux n’existe pas
flow-version-not-found = Cette version du flux n’existe pas
flow-schedule-not-found = Le flux n’a pas cette planification
flow-run-not-found = Cette exécution de flux n’existe pas
flow-backfill-not-found = Ce rattrapage n’existe pas
flow-account-full = Le compte a { $most } flux, ce qui est la limite. Supprimez-en un qui ne sert plus
flow-too-many-runs = Le flux a déjà { $most } exécutions actives. Relancez-le quand certaines sont terminées
flow-too-many-backfills = Le flux a déjà { $most } rattrapages actifs. Attendez la fin de l’un d’eux, ou arrêtez-en un
flow-document-unreadable = Cette version de la passerelle ne peut pas lire le document de ce flux
flow-inputs-too-long = Les valeurs de toutes les entrées ensemble ne peuvent pas dépasser { $most } Kio
flow-slug-taken = Il existe déjà un flux `{ $flow }`. Choisissez un autre `id`, ou enregistrez une nouvelle version de ce flux
flow-id-changed = L’`id` d’un flux ne peut pas changer : il doit rester `{ $flow }`
flow-input-type = Le type attendu est { $type }
flow-input-required = Une valeur est nécessaire
flow-input-unknown = Le flux n’a pas d’entrée `{ $field }`
flow-run-ended = L’exécution est déjà terminée ({ $status })
flow-run-launcher = Les pipelines de cette exécution sont lancés par { $name }, qui n’en a plus le droit. Enregistrez de nouveau le flux avec un compte qui l’a
flow-run-not-prepared = L’exécution n’a pas pu être préparée. Le journal de la passerelle dit pourquoi
flow-step-not-started = Le pipeline n’a pas pu être lancé. Le journal de la passerelle dit pourquoi
flow-tick-missed = La passerelle n’a pas pu lancer cette exécution à temps, et la planification ne la rattrape pas
flow-tick-stopped = La planification a été suspendue, modifiée ou supprimée avant que cette exécution puisse commencer
flow-tick-many-missed = La passerelle ne fonctionnait pas à ce moment. Les heures manquées plus anciennes ne sont pas listées
flow-tick-overlap = Une exécution précédente de cette planification était encore active
flow-replay-active = L’exécution n’est pas encore terminée ({ $status })
flow-replay-nothing = Toutes les étapes de cette exécution ont réussi : il n’y a rien à relancer
flow-replay-changed = La version actuelle modifie des étapes dont les résultats seraient réutilisés : { $steps }. Rejouez avec la même version, ou démarrez une nouvelle exécution
flow-backfill-ended = Le rattrapage est déjà terminé
flow-backfill-which-schedule = Le flux a plusieurs planifications : indiquez laquelle avec `schedule`
flow-backfill-no-schedule = Le flux n’a pas de planification : il n’y a aucune heure à exécuter
