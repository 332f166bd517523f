# Ce qui est arrivé à une tâche, par qui et pourquoi. Lu sur les pages et dans l’API.

actor-key = la clé { $number } ({ $name })
actor-settings-viewer = la clé de lecteur du fichier de configuration
actor-settings-operator = la clé d’opérateur du fichier de configuration
actor-settings-admin = la clé d’administrateur du fichier de configuration
actor-local-user = l’utilisateur local
actor-command-line = la ligne de commande
actor-flow = le flux { $flow }
actor-iaso = un utilisateur d’Iaso

event-launch-accepted = Lancement demandé
event-launch-requested = Demande de lancement envoyée à OpenHEXA
event-launch-not-sent = Aucune demande de lancement n’a été envoyée à OpenHEXA
event-launch-unsure = Pas de réponse à la demande de lancement ; recherche de l’exécution
event-launch-refused = { cause-refused }
event-launch-given-up = Lancement abandonné
event-launch-never-confirmed = { cause-never-confirmed }
event-launch-waits = En attente : l’exécution d’un autre lancement de ce pipeline n’est pas encore connue
event-launch-repeated = Aucune exécution n’a été créée ; demande de lancement envoyée de nouveau
event-run-created = OpenHEXA a créé l’exécution
event-run-found = Exécution trouvée dans OpenHEXA
event-run-not-found-yet = Exécution pas encore trouvée dans OpenHEXA
event-run-not-found = Exécution introuvable dans OpenHEXA
event-run-ambiguous = { note-several-runs }
event-run-gone = { cause-run-gone }
event-run-hidden = Ni l’exécution ni son pipeline ne sont visibles dans OpenHEXA
event-run-queued = Exécution en attente dans OpenHEXA
event-run-running = Exécution en cours
event-run-terminating = Exécution en cours d’arrêt
event-run-success = Exécution terminée avec succès
event-run-failed = Exécution terminée en erreur
event-run-stopped = Exécution arrêtée
event-run-skipped = Exécution ignorée
event-run-other = L’exécution a un statut inconnu de la passerelle
event-run-log-unread = Exécution terminée en erreur ; son journal n’est pas encore disponible
event-poll-failed = La vérification du statut a échoué
event-overdue = L’exécution a dépassé sa durée maximale
event-other = Événement inconnu de cette version de la passerelle
event-reported-progress = Le pipeline signale son avancement
event-reported-queued = Le pipeline signale : en attente
event-reported-running = Le pipeline signale : en cours d’exécution
event-reported-success = Le pipeline signale : succès
event-reported-error = Le pipeline signale : en erreur
event-reported-cancelled = Le pipeline signale : tâche arrêtée
event-report-refused = Un message d’avancement du pipeline a été refusé
event-log-full = Le journal est plein
event-cancel-requested = Arrêt demandé
event-stop-requested = Demande d’arrêt envoyée à OpenHEXA
event-stop-repeated = L’exécution est toujours en cours ; demande d’arrêt envoyée de nouveau
event-stop-not-answered = Pas de réponse d’OpenHEXA à la demande d’arrêt
event-stop-denied = OpenHEXA ne permet pas au jeton configuré d’arrêter l’exécution
event-stop-not-accepted = OpenHEXA n’a pas accepté la demande d’arrêt
event-mirror-moved = Dans Iaso, la tâche a été déplacée vers un autre compte ; elle n’y est plus mise à jour

detail-relaunch-of = relance de la tâche { $value }
detail-outside-flow = hors du flux { $flow }, dont l’exécution { $run } a lancé cette tâche
detail-left-out = paramètres non envoyés (0 ne fait pas partie de leurs choix) : { $value }
detail-by = par { $value }
detail-progress = { $done } sur { $of }
detail-progress-of = total : { $of }
detail-with-result = avec un résultat
detail-merged = { $count ->
    [one] 1 message d’avancement regroupé
   *[other] { $count } messages d’avancement regroupés
}
detail-more-refused = { $count ->
    [one] 1 autre message d’avancement refusé
   *[other] { $count } autres messages d’avancement refusés
}

note-text = { $value }
note-cancelled-unsent = Arrêtée avant tout envoi à OpenHEXA
note-several-runs = Plusieurs exécutions d’OpenHEXA pourraient correspondre à ce lancement ; aucune n’a été associée à la tâche
note-deleted-unconfirmed = { cause-never-confirmed }, et le pipeline a été supprimé depuis
note-pipeline-gone = Le pipeline n’existe plus dans OpenHEXA
note-pipeline-changed = Le pipeline a changé avant l’envoi de la demande de lancement. Paramètres à vérifier : { $value }
note-log-unread = { cause-run-failed }, et son journal n’a pas pu être lu
note-time-over = { cause-time-over } : l’exécution n’existe plus dans OpenHEXA
note-pipeline-deleted = Le pipeline et son exécution ont été supprimés dans OpenHEXA ; le statut final de l’exécution est inconnu
note-run-hidden = { cause-time-over } : OpenHEXA n’affiche plus ni l’exécution ni son pipeline, car le pipeline a été supprimé, l’espace de travail a été archivé ou l’accès a été retiré au jeton
note-stop-denied = OpenHEXA ne permet pas à la passerelle d’arrêter cette exécution ; elle reste suivie jusqu’à sa fin
note-log-full = Le journal de cette tâche est plein : les messages d’avancement suivants sont affichés, mais ne sont plus ajoutés au journal
