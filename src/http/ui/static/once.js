// Back on a form that was sent: a browser may have asked for the page again and then filled in what was typed. The same
// values are sent under the number that they were sent with before, so that they lead to the same task.
"use strict";
(() => {
  const box = document.querySelector("form.launch input[name=once]");
  if (!box) return;
  const place = `openhexa_bridge_sent ${location.pathname}${location.search}`;
  const visit = performance.getEntriesByType("navigation")[0];
  const fresh = box.value;

  // Enough to tell two sets of values apart, and nothing of what they are. Secrets are left out: the bridge compares them.
  const mark = (form) => {
    const secrets = new Set([...form.querySelectorAll("input[type=password]")].map((one) => one.name));
    let sum = 0;
    for (const [name, value] of new FormData(form)) {
      if (name === "once" || secrets.has(name)) continue;
      for (const letter of `${name}=${value}\n`) sum = (Math.imul(sum, 31) + letter.codePointAt(0)) | 0;
    }
    return String(sum);
  };

  const before = () => {
    const isBack = visit && visit.type === "back_forward";
    const [number, values] = isBack ? (sessionStorage.getItem(place) || "").split(" ") : [];
    return { number, values };
  };

  const sending = (event) => {
    if (event.defaultPrevented || (event.submitter && event.submitter.name === "load")) return;
    try {
      const values = mark(box.form);
      const last = before();
      box.value = last.number && last.values === values ? last.number : fresh;
      sessionStorage.setItem(place, `${box.value} ${values}`);
    } catch {
      // A browser that keeps nothing: the number of the page itself goes.
    }
  };
  document.addEventListener("submit", sending);
})();
