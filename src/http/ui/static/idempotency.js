// The idempotency key of a launch form that the user goes back to. A browser can load the page again, with a new key,
// and then restore the input. If the values are the same as before, the form is sent with its previous key, so that they
// lead to the same task.
"use strict";
(() => {
  const box = document.querySelector("form.launch input[name=idempotency_key]");
  if (!box) return;
  const storageKey = `openhexa_bridge_sent ${location.pathname}${location.search}`;
  const navigation = performance.getEntriesByType("navigation")[0];
  const fresh = box.value;

  // A hash of the values. Secrets are left out: the bridge compares them itself.
  const hash = (form) => {
    const secrets = new Set([...form.querySelectorAll("input[type=password]")].map((one) => one.name));
    let sum = 0;
    for (const [name, value] of new FormData(form)) {
      if (name === "idempotency_key" || secrets.has(name)) continue;
      for (const letter of `${name}=${value}\n`) sum = (Math.imul(sum, 31) + letter.codePointAt(0)) | 0;
    }
    return String(sum);
  };

  const before = () => {
    const isBack = navigation && navigation.type === "back_forward";
    const [key, values] = isBack ? (sessionStorage.getItem(storageKey) || "").split(" ") : [];
    return { key, values };
  };

  const onSubmit = (event) => {
    if (event.defaultPrevented || (event.submitter && event.submitter.name === "load")) return;
    try {
      const values = hash(box.form);
      const last = before();
      box.value = last.key && last.values === values ? last.key : fresh;
      sessionStorage.setItem(storageKey, `${box.value} ${values}`);
    } catch {
      // Without session storage, the key of the page is sent.
    }
  };
  document.addEventListener("submit", onSubmit);
})();
