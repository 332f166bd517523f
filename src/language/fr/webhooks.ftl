# Webhooks : messages d’autres systèmes qui lancent un pipeline ou un flux.

webhook-not-found = Webhook introuvable
webhook-unauthenticated = Le webhook n’existe pas, ou le secret ou la signature manque ou n’est pas valide
webhook-creator-gone = L’utilisateur ou la clé qui a créé ce webhook n’a plus le droit de lancer des pipelines : demandez à un administrateur de créer le webhook à nouveau
webhook-other-target = Un message avec cet identifiant a déjà été reçu, quand le webhook avait une autre cible : utilisez un nouvel identifiant
webhook-target = Renseignez « flow » ou « pipeline », mais pas les deux : ce qu’un message lance
webhook-authentication = « { $field } » doit être bearer, basic ou signature
webhook-authentication-fixed = « { $field } » ne peut pas être modifié : créez un autre webhook
webhook-username-basic = « { $field } » est réservé à l’authentification basic
webhook-username-colon = « { $field } » ne peut pas contenir de deux-points
webhook-too-long = « { $field } » est trop long : { $most } caractères au plus
webhook-too-many = Un compte peut avoir { $most } webhooks au plus : supprimez-en un qui ne sert plus
webhook-key-unknown = « { $field } » n’est pas un champ d’un webhook : name, flow, pipeline, authentication, username, mapping
webhook-mapping = « { $field } » doit être un objet avec les noms des entrées et les pointeurs JSON vers leurs valeurs
webhook-mapping-long = « { $field } » peut avoir { $most } entrées au plus
webhook-pointer = « { $name } » dans « { $field } » doit être un pointeur JSON tel que /data/id, de 500 octets au plus
webhook-input-unknown = « { $name } » dans « { $field } » n’est ni un paramètre du pipeline ni une entrée du flux qu’un webhook peut donner

detail-webhook = reçu par le webhook { $value }
detail-ignored = clés du message non utilisées : { $value }

api-tag-hooks = Webhooks

list_hooks = Les webhooks du compte, du plus récent au plus ancien
create_hook = Créer un webhook ; la réponse contient son secret, qui n’est plus affiché ensuite
get_hook = Un webhook
change_hook = Modifier un webhook
delete_hook = Supprimer un webhook ; ses messages sont ensuite refusés
rotate_hook_secret = Créer un nouveau secret ; l’actuel est encore accepté pendant 24 heures
receive_hook_message = Envoyer un message à un webhook, qui lance son pipeline ou son flux

api-hook-id = L’identifiant du webhook
api-webhook-id = L’identifiant du message : un message avec le même identifiant reçoit la même réponse et ne lance rien. Obligatoire avec une signature
api-webhook-timestamp = L’heure d’envoi du message, en secondes depuis 1970 ; à 5 minutes au plus de l’heure de la passerelle
api-webhook-signature = Une ou plusieurs signatures, séparées par des espaces : v1, une virgule et le HMAC-SHA256 de id.timestamp.body en base64
api-webhook-key = Sert d’identifiant du message s’il n’y a pas de webhook-id, sauf avec une signature
api-hook-signature = Une signature selon la spécification Standard Webhooks, avec les en-têtes webhook-id et webhook-timestamp
api-hook-bearer = Le secret du webhook comme jeton (Bearer)
api-hook-basic = Le nom d’utilisateur et le secret du webhook

docs-hook-signature = signature avec le secret du webhook
docs-hook-bearer = secret du webhook comme jeton (Bearer)
docs-hook-basic = nom d’utilisateur et secret du webhook
