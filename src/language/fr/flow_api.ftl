# L’API des flux : ce qui n’est pas valide dans une requête, qui a lancé une exécution et ce qui s’y est passé.

# Requêtes
key-not-allowed = `{ $field }` n’est pas admis ici
key-unknown = `{ $field }` n’est pas admis ici. Valeurs possibles : { $allowed }
body-time = « { $field } » doit être une heure avec un décalage, par exemple 2026-11-20T10:42:00Z
body-object = « { $field } » doit être un objet
body-word = « { $field } » doit valoir : { $allowed }
body-value-needed = Une valeur est nécessaire pour « { $field } »
query-words = « { $field } » doit contenir un ou plusieurs de ces mots, séparés par des virgules : { $allowed }
query-cursor-filters = « { $field } » doit être vide, ou reprendre la valeur de « next » de la page précédente, avec les mêmes filtres
flow-document-needed = « { $field } » doit être le document du flux : un texte (YAML ou JSON) ou un objet
flow-interval = « { $field } » doit contenir `start` et `end` : des heures avec un décalage, par exemple 2026-11-20T10:42:00Z, `end` étant postérieur à `start`
flow-changed = Le flux a été modifié entre-temps : chargez-le de nouveau, puis refaites votre modification
too-many-flow-requests = Trop de lancements et de modifications de flux : réessayez dans { $seconds } s

# Qui ou quoi a lancé une exécution
flow-started-manual = { $name }
flow-started-schedule = planification (enregistrée par { $name })
flow-started-webhook = webhook (configuré par { $name })
flow-started-flow = fin d’un autre flux (enregistré par { $name })
flow-started-file = nouveau fichier (enregistré par { $name })
flow-started-backfill = rattrapage (lancé par { $name })
flow-started-replay = nouvel essai (lancé par { $name })

# L’historique d’une exécution
flow-problem-field = { $name } : { $message }
flow-event-created = Créée par : { $by }
flow-event-keys-ignored = Clés du message qui ne sont pas des entrées, ignorées : { $keys }
flow-event-waiting = Attend la fin d’une exécution précédente de sa planification
flow-event-trouble = Ne peut pas être préparée pour l’instant ; nouvel essai en cours : { $why }
flow-event-refused = L’exécution a été refusée : { $why }
flow-event-started = L’exécution a commencé
flow-event-cancel-asked = Arrêt demandé par { $by }
flow-event-reused = Le résultat de l’exécution { $run } est réutilisé
flow-event-attempt-started = La tentative { $attempt } a commencé
flow-event-attempt-ended = La tentative { $attempt } est terminée : { $status }
flow-event-retry = La tentative { $attempt } commence au plus tôt à { $at }
flow-event-failed = L’étape a échoué
flow-event-failed-because = L’étape a échoué : { $why }
flow-event-ended = L’exécution est terminée : { $status }
