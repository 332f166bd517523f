# Notifications : canaux, abonnements et envois.

channel-not-found = Canal introuvable
channel-unknown = Le compte n’a pas de canal de ce nom
channel-name = « { $field } » doit avoir de 1 à { $most } caractères : lettres, chiffres, espaces et les signes - _ .
channel-name-taken = Le compte a déjà un canal nommé { $name }
channel-kind = « { $field } » doit être webhook ou email
channel-other-kind = « { $field } » est pour l’autre type de canal : url pour un webhook, recipients pour l’e-mail
channel-mail-off = L’e-mail n’est pas configuré : un exploitant doit renseigner mail.host
channel-url = « { $field } » doit être une adresse telle que https://example.org/hook, sans nom d’utilisateur, mot de passe ni fragment, de 2000 octets au plus
channel-url-private = « { $field } » ne doit pas être sur cette machine ni dans un réseau privé ; le paramètre openhexa.allow_private l’autorise
channel-url-https = « { $field } » doit commencer par https://
channel-recipient = { $address } n’est pas une adresse e-mail
channel-recipients = « { $field } » doit contenir de 1 à { $most } adresses e-mail
channel-recipient-list = « { $field } » doit être une liste d’adresses e-mail
channel-too-many = Un compte peut avoir { $most } canaux au plus : supprimez-en un qui ne sert plus
channel-without-secret = Un canal e-mail n’a pas de secret
channel-disabled-gone = Le destinataire n’existe plus (HTTP 410)
channel-disabled-manual = Désactivé par un administrateur
body-bool = « { $field } » doit être true ou false
too-many-tests = Trop de tests et de lancements : réessayez dans { $seconds } s

subscription-not-found = Abonnement introuvable
subscription-taken = Le canal a déjà cet abonnement : modifiez son niveau
subscription-scope = Renseignez « flow » ou « pipeline », ou aucun des deux pour tout recevoir
subscription-too-many = Un compte peut avoir { $most } abonnements au plus : supprimez-en un qui ne sert plus

delivery-not-found = Envoi introuvable
delivery-is-waiting = Le message attend déjà son prochain essai
delivery-channel-disabled = Le canal est désactivé : activez-le d’abord
delivery-reply = { $value }
delivery-timed-out = Pas de réponse à temps
delivery-unreachable = Connexion impossible : { $value }
delivery-untrusted = Le certificat TLS n’est pas reconnu : { $value }
delivery-broken = La connexion a été fermée avant la réponse
delivery-redirected = HTTP { $value } : les redirections ne sont pas suivies
delivery-address = L’adresse n’est pas valide ou pas autorisée
delivery-mail-off = L’e-mail n’est pas configuré : un exploitant doit renseigner mail.host
delivery-no-starttls = Le serveur de messagerie ne prend pas en charge STARTTLS : un exploitant doit modifier mail.encryption
delivery-disabled = Non envoyé, car le canal a été désactivé

notification-test-title = Test du canal { $name }
notification-test-detail = Un administrateur a envoyé ce message pour tester le canal. Vous n’avez rien à faire.
notification-mail-link = Plus de détails dans openhexa-bridge :
notification-mail-about = Envoyé par openhexa-bridge au canal { $name }.

api-tag-notifications = Notifications

list_channels = Les canaux du compte, auxquels les notifications sont envoyées
create_channel = Créer un canal ; la réponse contient le secret d’un webhook, qui n’est plus affiché ensuite
get_channel = Un canal
change_channel = Modifier, désactiver ou activer un canal
delete_channel = Supprimer un canal avec ses abonnements et ses envois
rotate_channel_secret = Créer un nouveau secret ; les messages sont encore signés aussi avec l’actuel pendant 24 heures
test_channel = Envoyer tout de suite un message de test, et attendre jusqu’à 10 secondes la réponse du destinataire
list_subscriptions = Les abonnements du compte : quel canal est notifié de quoi
create_subscription = Notifier un canal de tout, ou d’un seul flux ou pipeline
change_subscription = Modifier ce dont un canal est notifié
delete_subscription = Supprimer un abonnement
list_deliveries = Les messages aux canaux avec le résultat de leur dernier essai, du plus récent au plus ancien
send_delivery_again = Envoyer un message à nouveau, même s’il a été remis

api-channel-id = Le numéro du canal
api-subscription-id = Le numéro de l’abonnement
api-delivery-id = L’identifiant du message, tel que msg_0123456789abcdef0123456789abcdef
api-delivery-channel = Le nom du canal
api-delivery-state = waiting, delivered ou failed
