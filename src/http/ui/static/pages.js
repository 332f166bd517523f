// Comfort on pages that are whole without it: moments in the reader's own manner, fields that others switch off, forms
// that are sent once, and the live parts of a task's page, taken anew from the page itself.
"use strict";
(() => {
  const languages = navigator.languages && navigator.languages.length ? navigator.languages : undefined;
  const own = [...(languages || [])].filter((one) => one.split("-")[0] === document.documentElement.lang);
  const manner = own.length ? own : document.documentElement.lang;
  const full = new Intl.DateTimeFormat(manner, { dateStyle: "medium", timeStyle: "short" });
  const second = new Intl.DateTimeFormat(manner, { dateStyle: "short", timeStyle: "medium" });
  const clock = new Intl.DateTimeFormat(manner, { timeStyle: "medium" });
  const exact = new Intl.DateTimeFormat(manner, { dateStyle: "full", timeStyle: "long" });

  // The reader's days, for pages that count by days. Nothing else is kept of the reader.
  const offset = String(-new Date().getTimezoneOffset());
  const noteOffset = () => {
    const own = `openhexa_bridge_zone=${offset}`;
    if (document.cookie.split("; ").includes(own)) return;
    const guarded = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${own}; Path=${document.body.dataset.base}; SameSite=Strict${guarded}`;
  };

  const moments = (root) => {
    for (const time of root.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      if (time.title || Number.isNaN(at.getTime())) continue;
      const isToday = at.toDateString() === new Date().toDateString();
      const manner = time.classList.contains("second") ? (isToday ? clock : second) : full;
      time.textContent = manner.format(at);
      time.title = exact.format(at);
    }
  };

  // A box that switches others off. What is switched off is not sent.
  const switches = () => {
    const off = new Set();
    for (const field of document.querySelectorAll("[data-disables]")) {
      const box = field.querySelector("input[type=checkbox]");
      if (box && String(box.checked) === field.dataset.disableWhen) {
        field.dataset.disables.split(" ").forEach((code) => off.add(code));
      }
    }
    for (const field of document.querySelectorAll("[data-code]:not([data-disables])")) {
      const isOff = off.has(field.dataset.code);
      field.classList.toggle("off", isOff);
      for (const part of field.querySelectorAll("input, select, textarea, button")) part.disabled = isOff;
    }
  };

  const once = (event) => {
    const form = event.target;
    const button = event.submitter;
    if (!form.dataset.once) return;
    if (button && button.name === "load") {
      event.preventDefault();
      choices(form, button);
    } else if (form.dataset.sent) {
      event.preventDefault();
    } else {
      form.dataset.sent = "yes";
      const own = button && button.dataset.once;
      const told = own ? button : form.querySelector("button.main") || button;
      if (told) {
        told.dataset.was = told.textContent;
        told.textContent = own || form.dataset.once;
        told.setAttribute("aria-disabled", "true");
      }
    }
  };

  // Back from the next page, the form may be sent again; the bridge itself knows what was sent before.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      const told = form.querySelector("button[data-was]");
      if (told) {
        told.textContent = told.dataset.was;
        told.removeAttribute("aria-disabled");
        delete told.dataset.was;
      }
    }
  });

  // The field alone, from the page that would have come.
  const choices = async (form, button) => {
    const field = button.closest("[data-code]");
    const body = new URLSearchParams(new FormData(form));
    body.set("load", button.value);
    button.disabled = true;
    try {
      const answer = await fetch(button.formAction, { method: "POST", body, credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(field.id);
      if (!answer.ok || !fresh) throw new Error("no field");
      field.replaceWith(fresh);
      switches();
      const first = fresh.querySelector("select, input:not([type=hidden]), textarea");
      if (first) first.focus();
    } catch {
      // As it goes without a script: the page that comes says what is wrong.
      button.disabled = false;
      form.action = button.formAction;
      HTMLFormElement.prototype.submit.call(withLoad(form, button.value));
    }
  };

  const withLoad = (form, code) => {
    const load = Object.assign(document.createElement("input"), { type: "hidden", name: "load", value: code });
    form.append(load);
    return form;
  };

  // Whether what is shown still holds: "good", "lost", or "over" for whoever is signed out.
  let seen = new Date();
  const brief = new Intl.DateTimeFormat(manner, { timeStyle: "short" });
  const contact = (state) => {
    if (state === "good") seen = new Date();
    for (const one of ["lost", "over"]) {
      const told = document.getElementById(`contact-${one}`);
      if (!told) continue;
      const time = told.querySelector("time");
      const isToday = seen.toDateString() === new Date().toDateString();
      if (time) time.textContent = (isToday ? brief : full).format(seen);
      const link = told.querySelector("a");
      if (link) link.search = `?next=${encodeURIComponent(location.pathname + location.search)}`;
      told.hidden = one !== state;
    }
  };

  const ask = async () => {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), 20000);
    const manner = { credentials: "same-origin", headers: { accept: "text/html" }, signal: patience.signal };
    try {
      const answer = await fetch(location.href, manner);
      return { status: answer.status, text: await answer.text() };
    } finally {
      clearTimeout(timer);
    }
  };

  // Somebody is about to answer a question that still stands, or types.
  const isAnswered = (part, fresh) =>
    [...part.querySelectorAll("form")].some((form) => {
      const action = form.getAttribute("action");
      const stands = [...fresh.querySelectorAll("form")].some((one) => one.getAttribute("action") === action);
      const fields = [...form.querySelectorAll("input, textarea")];
      const typed = fields.some((one) => one.value !== one.defaultValue);
      return stands && (typed || form.dataset.sent || form.closest(".ask[open]"));
    });

  // What differs in each drawing of the same: a form's own number, and what the reader has opened.
  const asItWas = (part, fresh) => {
    const [kept, drawn] = [part, fresh].map((one) => one.querySelector("input[name=once]"));
    if (kept && drawn) drawn.setAttribute("value", kept.value);
    for (const one of part.querySelectorAll("details[open][id]")) {
      const same = [...fresh.querySelectorAll("details[id]")].find((other) => other.id === one.id);
      if (same) same.setAttribute("open", "");
    }
  };

  // The keyboard stays where it is, though what it was at is drawn anew.
  const likeness = (one) => {
    const own = ["id", "href", "name"].map((name) => one.getAttribute(name) || "");
    const inside = one.closest("details");
    return [one.tagName, ...own, inside ? inside.id : ""].join(" ");
  };
  const focusable = (part) => [...part.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
  const replace = (part, fresh) => {
    const held = focusable(part).find((one) => one === document.activeElement);
    const like = (one) => likeness(one) === likeness(held);
    const before = held ? focusable(part).filter(like).indexOf(held) : -1;
    part.innerHTML = fresh.innerHTML;
    if (!held) return;
    const alike = focusable(part).filter(like);
    if (!alike.length) part.tabIndex = -1;
    (alike[before] || alike[alike.length - 1] || part).focus({ preventScroll: true });
  };

  // What is live has an id that begins so. Only what differs is touched, so that nobody loses a place or a focus.
  const LIVE = "[id^=live-]";
  const renew = async () => {
    const { status, text } = await ask();
    if (status === 401) return "over";
    if (status !== 200) throw new Error(`status ${status}`);
    const page = new DOMParser().parseFromString(text, "text/html");
    moments(page);
    for (const part of document.querySelectorAll("#live " + LIVE)) {
      const fresh = page.getElementById(part.id);
      if (!fresh || part.parentElement.closest("#live " + LIVE)) continue;
      part.className = fresh.className;
      asItWas(part, fresh);
      if (fresh.innerHTML !== part.innerHTML && !isAnswered(part, fresh)) replace(part, fresh);
    }
    document.title = page.title;
    const live = document.getElementById("live");
    const goesOn = page.getElementById("live");
    if (live && goesOn && !goesOn.dataset.stream) delete live.dataset.stream;
    if (live && goesOn && goesOn.dataset.zone) live.dataset.zone = goesOn.dataset.zone;
    return "good";
  };

  const follow = (live) => {
    // A page that says so is taken anew no sooner than that, however many events there are.
    const pace = Number(live.dataset.pace) || 300;
    let source;
    let state = "good";
    let waiting = false;
    let busy = false;
    const look = async () => {
      if (document.hidden) return;
      if (busy) {
        waiting = true;
        return;
      }
      busy = true;
      try {
        state = await renew();
        contact(state);
        if (state === "good" && source.readyState === EventSource.CLOSED) listen();
      } catch {
        // Once may be chance, and is tried again at once.
        if (state === "good") waiting = true;
        else contact("lost");
        state = "lost";
      }
      if (!live.dataset.stream) {
        source.close();
        clearInterval(timer);
      }
      setTimeout(() => {
        busy = false;
        if (waiting && live.dataset.stream) look();
        waiting = false;
      }, pace);
    };
    const listen = () => {
      if (!live.dataset.stream) return;
      source = new EventSource(live.dataset.stream);
      source.addEventListener("task", look);
    };
    listen();
    // What a run tells OpenHEXA alone moves no task, and a machine that slept may have missed an event. Whoever is signed
    // out may come back in another tab.
    const timer = setInterval(() => state === "over" || look(), 5000);
    document.addEventListener("visibilitychange", look);
    addEventListener("online", look);
    if (live.dataset.zone && live.dataset.zone !== offset) look();
  };

  noteOffset();
  moments(document);
  switches();
  document.addEventListener("change", switches);
  document.addEventListener("submit", once);
  const errors = document.getElementById("errors");
  if (errors) errors.focus();
  const live = document.getElementById("live");
  if (live && live.dataset.stream) follow(live);
})();
