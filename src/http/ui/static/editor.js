// Improves the editor of documents, which also works without it: the Tab key indents, links of errors select their line, and new
// lines get numbers.
"use strict";
(() => {
  const box = document.getElementById("document");
  const numbers = document.querySelector(".editor .numbers");
  if (!box || !numbers) return;
  for (const one of document.querySelectorAll("[data-with-script]")) one.hidden = false;

  // After Escape, the Tab key leaves the field, so that the keyboard is not caught in it.
  let leaves = false;
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      leaves = true;
    } else if (event.key === "Tab" && !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey) {
      if (leaves) return;
      event.preventDefault();
      // Keeps the history of changes, which setting the value would clear.
      if (!document.execCommand("insertText", false, "  ")) box.setRangeText("  ", box.selectionStart, box.selectionEnd, "end");
    } else if (event.key !== "Shift") {
      leaves = false;
    }
  });
  box.addEventListener("blur", () => {
    leaves = false;
  });

  const lines = () => box.value.split("\n");
  const most = 5000;
  const addNumbers = () => {
    const wanted = Math.min(lines().length + 8, most);
    for (let number = numbers.children.length + 1; number <= wanted; number += 1) {
      numbers.append(Object.assign(document.createElement("span"), { textContent: String(number) }), "\n");
    }
    if (box.rows < wanted) box.rows = wanted;
  };
  box.addEventListener("input", addNumbers);
  // A browser that goes back restores the text after the page is loaded.
  addEventListener("pageshow", addNumbers);

  const select = (event) => {
    const link = event.target.closest("a[data-line]");
    if (!link) return;
    event.preventDefault();
    const line = Number(link.dataset.line) - 1;
    const all = lines();
    const start = all.slice(0, line).reduce((sum, text) => sum + text.length + 1, 0);
    box.focus({ preventScroll: true });
    box.setSelectionRange(start, start + (all[line] || "").length);
    const number = numbers.children[line];
    if (number) number.scrollIntoView({ block: "center" });
  };
  document.addEventListener("click", select);
})();
