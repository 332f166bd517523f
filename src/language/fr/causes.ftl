# Pourquoi une requête à OpenHEXA, un lancement ou une exécution a échoué : un texte par cause. Les tâches, l’API, les pages et le
# journal utilisent ces textes ; un message qui en dit plus contient une référence à la cause.

# Une requête a échoué.
cause-address = L’adresse d’OpenHEXA n’est pas une URL http(s) valide
cause-busy = Trop de requêtes simultanées à OpenHEXA
cause-unreachable = OpenHEXA est injoignable
cause-timed-out = OpenHEXA n’a pas répondu à temps
cause-untrusted = Le certificat TLS d’OpenHEXA n’est pas reconnu : { $value }
cause-throttled = OpenHEXA n’accepte plus de requêtes pour le moment
cause-broken = La connexion à OpenHEXA a été interrompue
cause-redirected = OpenHEXA redirige vers une autre adresse : vérifiez l’adresse d’OpenHEXA
cause-status = OpenHEXA a renvoyé le statut HTTP { $value }
cause-not-json = Le serveur à l’adresse d’OpenHEXA ne semble pas être OpenHEXA (statut HTTP { $value }) : vérifiez l’adresse
cause-response-too-large = La réponse d’OpenHEXA est trop volumineuse
cause-too-many-files = Le dossier contient plus de 10 000 fichiers et dossiers : déplacez-en ou supprimez-en
cause-unreadable = Le serveur à l’adresse d’OpenHEXA ne semble pas être OpenHEXA : vérifiez l’adresse
cause-bad-definition = OpenHEXA ne peut pas lire les paramètres de cette version
cause-bad-choices = OpenHEXA ne peut pas lire les choix de ce paramètre : « { $value } »
cause-token-refused = OpenHEXA refuse le jeton configuré
cause-access-denied = OpenHEXA a refusé l’accès
cause-no-workspace = L’espace de travail OpenHEXA est introuvable : il a été archivé, son nom court (slug) est incorrect, ou le jeton n’y a pas accès
cause-failed = OpenHEXA a signalé une erreur interne
cause-failed-with = { cause-failed } ({ $value })

# OpenHEXA n’a pas créé d’exécution.
cause-refused = OpenHEXA a refusé le lancement
cause-refused-config = { cause-refused } : la valeur d’un paramètre n’a pas le bon type, et OpenHEXA n’indique pas lequel
cause-refused-pipeline = { cause-refused } : le pipeline n’existe pas
cause-refused-version = { cause-refused } : cette version du pipeline n’existe pas
cause-refused-limit = { cause-refused } : l’espace de travail a atteint sa limite d’exécutions
cause-refused-denied = { cause-refused } : le jeton configuré ne permet pas de lancer ce pipeline
cause-refused-token = Le lancement a échoué : { cause-token-refused }
cause-refused-request = { cause-refused } : la requête n’est pas valide
cause-refused-too-large = { cause-refused } : les paramètres sont trop volumineux
cause-refused-other = { cause-refused } ({ $value })
cause-not-sent = La demande de lancement n’a pas pu être envoyée à OpenHEXA à temps
cause-given-up = Le pipeline a été modifié ou supprimé avant l’envoi de la demande de lancement
cause-never-confirmed = OpenHEXA n’a jamais confirmé le lancement

# Une exécution a échoué, ou son statut final ne peut pas être connu.
cause-reported = Le pipeline a signalé une erreur
cause-run-failed = L’exécution a échoué dans OpenHEXA
cause-failed-after-success = L’exécution a échoué dans OpenHEXA alors que le pipeline avait signalé un succès
cause-run-gone = L’exécution n’existe plus dans OpenHEXA
cause-time-over = L’exécution a dépassé sa durée maximale, et son statut final est inconnu
