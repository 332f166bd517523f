# Ce qui est arrivé à une tâche, par qui et pourquoi. Lu sur les pages et dans l’API.

actor-key = clé { $number } ({ $name })
actor-settings-viewer = la clé de lecteur du fichier de configuration
actor-settings-operator = la clé d’opérateur du fichier de configuration
actor-settings-admin = la clé d’administrateur du fichier de configuration
actor-local-user = utilisateur local
actor-command-line = la ligne de commande
actor-iaso = un utilisateur d’Iaso

event-launch-accepted = Lancement demandé
event-launch-requested = Demande de lancement envoyée à OpenHEXA
event-launch-not-sent = Aucune demande de lancement n’a été envoyée à OpenHEXA
event-launch-unsure = Pas de réponse à la demande de lancement ; recherche de l’exécution
event-launch-refused = OpenHEXA a refusé le lancement
event-launch-given-up = Lancement abandonné
event-launch-never-confirmed = OpenHEXA n’a jamais confirmé le lancement
event-launch-waits = En attente de la confirmation d’un autre lancement de ce pipeline
event-launch-repeated = Aucune exécution n’a été créée ; demande de lancement envoyée de nouveau
event-run-created = OpenHEXA a créé l’exécution
event-run-found = Exécution trouvée dans OpenHEXA
event-run-not-found-yet = Exécution pas encore trouvée dans OpenHEXA
event-run-not-found = Exécution introuvable dans OpenHEXA
event-run-ambiguous = Plusieurs exécutions d’OpenHEXA pourraient correspondre à ce lancement ; aucune n’a été associée à la tâche
event-run-gone = L’exécution n’existe plus dans OpenHEXA
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
note-failed-after-success = L’exécution a échoué dans OpenHEXA alors que le pipeline avait signalé un succès
note-cancelled-unsent = Arrêtée avant tout envoi à OpenHEXA
note-never-confirmed = OpenHEXA n’a jamais confirmé le lancement
note-several-runs = Plusieurs exécutions d’OpenHEXA pourraient correspondre à ce lancement ; aucune n’a été associée à la tâche
note-deleted-unconfirmed = OpenHEXA n’a jamais confirmé le lancement, et le pipeline a été supprimé depuis
note-not-sent = La demande de lancement n’a pas pu être envoyée à OpenHEXA à temps
note-pipeline-gone = Le pipeline n’existe plus dans OpenHEXA
note-pipeline-changed = Le pipeline a changé avant l’envoi de la demande de lancement. Paramètres à vérifier : { $value }
note-log-unread = L’exécution s’est terminée en erreur et son journal n’a pas pu être lu
note-run-gone = L’exécution n’existe plus dans OpenHEXA
note-time-over = L’exécution n’existe plus dans OpenHEXA et avait dépassé sa durée maximale ; son statut final est inconnu
note-pipeline-deleted = Le pipeline et son exécution ont été supprimés dans OpenHEXA ; le statut final de l’exécution est inconnu
note-run-hidden = L’exécution a dépassé sa durée maximale, et OpenHEXA n’affiche plus ni l’exécution ni son pipeline : le pipeline a été supprimé, l’espace de travail archivé, ou l’accès retiré au jeton
note-stop-denied = OpenHEXA ne permet pas à la passerelle d’arrêter cette exécution ; elle reste suivie jusqu’à sa fin
note-log-full = Le journal de cette tâche est plein : les messages d’avancement suivants sont affichés, mais ne sont plus ajoutés au journal
note-refused-config = OpenHEXA a refusé le lancement : la valeur d’un paramètre n’a pas le bon type
note-refused-pipeline = OpenHEXA a refusé le lancement : ce pipeline n’existe pas
note-refused-version = OpenHEXA a refusé le lancement : cette version du pipeline n’existe pas
note-refused-limit = OpenHEXA a refusé le lancement : l’espace de travail a atteint sa limite d’exécutions
note-refused-denied = OpenHEXA a refusé le lancement : le jeton ne permet pas de lancer ce pipeline
note-refused-token = OpenHEXA a refusé le lancement : le jeton n’est pas valide
note-refused-request = OpenHEXA a refusé le lancement : la requête n’est pas valide
note-refused-too-large = OpenHEXA a refusé le lancement : les paramètres sont trop volumineux
note-refused-other = OpenHEXA a refusé le lancement ({ $value })
note-address = L’adresse d’OpenHEXA n’est pas valide
note-busy = Trop de requêtes simultanées à OpenHEXA
note-unreachable = Pas de connexion à OpenHEXA
note-timed-out = OpenHEXA n’a pas répondu à temps
note-untrusted = Le certificat TLS d’OpenHEXA n’est pas reconnu : { $value }
note-throttled = OpenHEXA limite le nombre de requêtes ; la passerelle attend avant de réessayer
note-broken = La connexion à OpenHEXA a été interrompue
note-redirected = OpenHEXA redirige vers une autre adresse : l’adresse configurée est probablement incorrecte
note-status = OpenHEXA a renvoyé le statut HTTP { $value }
note-not-json = OpenHEXA a renvoyé une réponse illisible (statut HTTP { $value })
note-answer-too-large = La réponse d’OpenHEXA est trop volumineuse
note-unreadable = La réponse d’OpenHEXA n’a pas pu être lue
note-bad-definition = OpenHEXA ne peut pas lire les paramètres de cette version
note-bad-choices = OpenHEXA ne peut pas lire la liste des choix : { $value }
note-token-refused = OpenHEXA a refusé le jeton
note-access-denied = OpenHEXA a refusé l’accès
note-no-workspace = Le jeton n’a pas accès à l’espace de travail, ou celui-ci n’existe pas
note-failed = OpenHEXA a renvoyé une erreur
note-failed-with = OpenHEXA a renvoyé une erreur ({ $value })
