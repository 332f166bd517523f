# Messages de validation des paramètres d’un lancement, affichés chacun à côté de son champ.
# $name est le nom du paramètre ; $key est une clé de la requête.

param-config = « config » doit être un objet
param-config-wide = « config » peut avoir { $most } clés au plus

param-required = « { $name } » est obligatoire
param-text = « { $name } » doit être un texte
param-int = « { $name } » doit être un nombre entier
param-float = « { $name } » doit être un nombre
param-bool = « { $name } » doit valoir vrai ou faux (true ou false)
param-list = « { $name } » doit être une liste
param-dict = « { $name } » doit être un objet
param-each-text = Chaque valeur de « { $name } » doit être un texte
param-each-int = Chaque valeur de « { $name } » doit être un nombre entier
param-each-float = Chaque valeur de « { $name } » doit être un nombre
param-each-bool = Chaque valeur de « { $name } » doit valoir vrai ou faux (true ou false)
param-each-list = Chaque valeur de « { $name } » doit être une liste
param-each-dict = Chaque valeur de « { $name } » doit être un objet

param-nul = « { $name } » contient le caractère U+0000, qu’OpenHEXA ne peut pas enregistrer
param-long = « { $name } » est trop long : { $most } octets au plus

param-choice = « { $name } » doit être l’une des valeurs suivantes : { $choices }
param-each-choice = Chaque valeur de « { $name } » doit être l’une des suivantes : { $choices }
param-number-choice = « { $name } » doit être l’une des valeurs suivantes : { $numbers }
param-each-number-choice = Chaque valeur de « { $name } » doit être l’une des suivantes : { $numbers }
param-choice-secret = « { $name } » contient une valeur non autorisée
param-keep = « { $name } » ne peut pas être vide : cette version du pipeline contient déjà une valeur. Saisissez une autre valeur pour la remplacer
param-keep-default = « { $name } » ne peut pas être vide : ce paramètre a une valeur par défaut. Saisissez une autre valeur pour la remplacer

param-unknown = « { $key } » n’est pas un paramètre de ce pipeline
param-unknown-default = « { $key } » n’est pas un paramètre de ce pipeline, mais les paramètres par défaut du compte lui donnent une valeur : demandez à un administrateur de la supprimer de la configuration
param-stale = Cette version du pipeline contient une valeur pour « { $key } », qui n’est pas l’un de ses paramètres : toutes les exécutions échouent. Demandez à l’auteur du pipeline de publier une nouvelle version
param-notebook = « { $key } » ne peut pas être envoyé : ce pipeline est un notebook ou n’a pas encore de version, et n’a donc aucun paramètre
param-injected = « { $name } » est rempli par la passerelle, qui n’accepte pas le type « { $kind } » pour ce paramètre : demandez à l’auteur du pipeline de déclarer un autre type

# Ajouté aux messages sur les paramètres inconnus.
param-version = Les paramètres sont ceux de la version { $version }, créée le { $at }
param-version-described = Les paramètres sont ceux de la version { $version }, créée le { $at } : { $about }

# Ajouté à l’un des messages ci-dessus quand la valeur n’était pas dans la requête.
param-from-default = Cette valeur est la valeur par défaut du paramètre. Saisissez une autre valeur pour la remplacer
param-from-account = Cette valeur provient des paramètres par défaut du compte
param-from-version = Cette valeur est enregistrée avec la version du pipeline. Saisissez une autre valeur pour la remplacer

# Avertissements : le lancement n’est pas refusé.
param-zero-left-out = « { $name } » n’a pas été envoyé : 0 ne fait pas partie de ses choix
param-outside-file = « { $name } » : « { $value } » ne figure pas parmi les choix de { $path }
param-several-outside-file = « { $name } » : ces valeurs ne figurent pas parmi les choix de { $path } : { $value }
param-no-dataset = « { $name } » : aucun jeu de données « { $value } » dans cet espace de travail
param-no-connection = « { $name } » : aucune connexion « { $value } » de ce type dans cet espace de travail
param-no-file = « { $name } » : aucun fichier « { $value } » dans cet espace de travail
