# L’éditeur des documents de flux, leurs versions et leurs différences.

flow-new = Nouveau flux
flow-new-title = Nouveau flux
flow-edit = Modifier
flow-edit-title = Modifier { $flow }
flow-id-reserved = `{ $flow }` ne peut pas être l’identifiant d’un flux. Choisissez un autre `id`
flow-not-saved = Le document contient des erreurs et n’a pas été enregistré :
flow-checked = Le document ne contient aucune erreur. Il n’est pas encore enregistré.
flow-warnings = Avertissements :
flow-check = Vérifier
flow-checking = Vérification…
flow-save = Enregistrer
flow-save-anyway = Enregistrer ce texte comme nouvelle version
flow-saving = Enregistrement…
flow-editor-leave = Quitter sans enregistrer
flow-editor-hint = YAML ou JSON. « Vérifier » affiche toutes les erreurs et les prochaines échéances, sans rien enregistrer. Le fichier docs/flows.md de la passerelle décrit ce document.
flow-editor-tab = La touche Tab ajoute un retrait. Appuyez sur Échap, puis sur Tab, pour quitter le champ.
flow-conflict = Un autre utilisateur a enregistré une version plus récente pendant que vous modifiiez ce flux. Votre texte n’a pas été enregistré.
flow-conflict-advice = Votre texte est ci-dessous, tel que vous l’avez saisi. Pour garder les changements de l’autre version, ajoutez-les à votre texte. L’enregistrement remplace cette version, qui reste dans la liste des versions.
flow-conflict-diff = De la version plus récente à votre texte

# L’exemple de l’éditeur. Chaque texte est un commentaire d’une ligne.
flow-example-about = Un flux exécute des pipelines l’un après l’autre. Changez l’identifiant (id) et le nom ; l’identifiant ne pourra plus changer ensuite.
flow-example-schedules = Enlevez le # au début des deux lignes suivantes pour l’exécuter chaque jour à 02:00.
flow-example-parameters = Les paramètres de ce pipeline avec leurs types. Enlevez le # pour leur donner une valeur.
flow-example-required = obligatoire
flow-example-second = Une deuxième étape, exécutée après le succès de la première :

flow-saved-at = Enregistrée
flow-saved-by = Enregistrée par
flow-all-versions = Toutes les versions
flow-older-versions = Versions plus anciennes
flow-restore = Rétablir cette version
flow-restore-about = Enregistre ce document comme nouvelle version, après la version { $number }, qui reste dans la liste.
flow-edit-version = Modifier ce texte
flow-not-restored = La version n’a pas été rétablie :
flow-diff-title = Changements
flow-diff-with = Changements depuis la version { $number }
flow-diff-choose = Comparer avec la version
flow-diff-do = Comparer
flow-diff-first = C’est la première version.
flow-diff-none = Aucune ligne ne diffère.
flow-diff-summary = Lignes ajoutées : { $added }, supprimées : { $removed }
flow-diff-old = Ligne avant
flow-diff-new = Ligne après
flow-diff-change = Changement
flow-diff-line = Texte
flow-diff-added = ajoutée
flow-diff-removed = supprimée
flow-diff-gap =
    { $count ->
        [one] { $count } ligne inchangée
       *[other] { $count } lignes inchangées
    }
flow-diff-cut = Il y a plus de changements que ceux affichés ici.
