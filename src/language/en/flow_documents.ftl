# The editor of flow documents, their versions, and what changed between two of them.

flow-new = New flow
flow-new-title = New flow
flow-edit = Edit
flow-edit-title = Edit { $flow }
flow-id-reserved = `{ $flow }` cannot be the id of a flow. Choose another `id`
flow-not-saved = The document has errors and was not saved:
flow-checked = The document has no errors. It is not saved yet.
flow-warnings = Warnings:
flow-check = Check
flow-checking = Checking…
flow-save = Save
flow-save-anyway = Save this text as a new version
flow-saving = Saving…
flow-editor-leave = Leave without saving
flow-editor-hint = YAML or JSON. “Check” shows all errors and the next planned times, and saves nothing. The file docs/flows.md of the bridge explains the document.
flow-editor-tab = The Tab key indents. Press Escape, then Tab, to leave the field.
flow-conflict = Another user saved a newer version while you were editing. Your text was not saved.
flow-conflict-advice = Your text is below, as you typed it. To keep the changes of the other version, add them to your text. Saving replaces that version, which stays in the list of versions.
flow-conflict-diff = From the newer version to your text

# The example in the editor. Each is a comment of one line.
flow-example-about = A flow runs pipelines one after the other. Change the id and the name; the id cannot change later.
flow-example-schedules = Remove the # at the start of the next two lines to run it every day at 02:00.
flow-example-parameters = The parameters of this pipeline with their types. Remove the # to set them.
flow-example-required = required
flow-example-second = A second step, which runs when the first one has succeeded:

flow-saved-at = Saved
flow-saved-by = Saved by
flow-all-versions = All versions
flow-older-versions = Older versions
flow-restore = Restore this version
flow-restore-about = Saves this document as a new version, after version { $number }, which stays in the list.
flow-edit-version = Edit this text
flow-not-restored = The version was not restored:
flow-diff-title = Changes
flow-diff-with = Changes since version { $number }
flow-diff-choose = Compare with version
flow-diff-do = Compare
flow-diff-first = This is the first version.
flow-diff-none = No line differs.
flow-diff-summary = Lines added: { $added }, removed: { $removed }
flow-diff-old = Line before
flow-diff-new = Line after
flow-diff-change = Change
flow-diff-line = Text
flow-diff-added = added
flow-diff-removed = removed
flow-diff-gap =
    { $count ->
        [one] { $count } unchanged line
       *[other] { $count } unchanged lines
    }
flow-diff-cut = There are more changes than are shown here.
