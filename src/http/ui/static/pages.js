// Improves pages that also work without it: times in the user's format, fields that disable others, forms that are sent
// only once, and live updates, for which the page is loaded again and its live parts are replaced.
"use strict";
(() => {
  const languages = navigator.languages && navigator.languages.length ? navigator.languages : undefined;
  const matching = [...(languages || [])].filter((one) => one.split("-")[0] === document.documentElement.lang);
  const locales = matching.length ? matching : document.documentElement.lang;
  const full = new Intl.DateTimeFormat(locales, { dateStyle: "medium", timeStyle: "short" });
  const second = new Intl.DateTimeFormat(locales, { dateStyle: "short", timeStyle: "medium" });
  const clock = new Intl.DateTimeFormat(locales, { timeStyle: "medium" });
  const exact = new Intl.DateTimeFormat(locales, { dateStyle: "full", timeStyle: "long" });

  // The user's offset from UTC, for pages that count by days. No other data of the user is stored.
  const offset = String(-new Date().getTimezoneOffset());
  const noteOffset = () => {
    const own = `openhexa_bridge_zone=${offset}`;
    if (document.cookie.split("; ").includes(own)) return;
    const guarded = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${own}; Path=${document.body.dataset.base}; SameSite=Strict${guarded}`;
  };

  const formatTimes = (root) => {
    for (const time of root.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      if (time.title || Number.isNaN(at.getTime())) continue;
      const isToday = at.toDateString() === new Date().toDateString();
      const format = time.classList.contains("second") ? (isToday ? clock : second) : full;
      time.textContent = format.format(at);
      time.title = exact.format(at);
    }
  };

  // A checkbox that disables other fields. Disabled fields are not sent.
  const disableFields = () => {
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

  const sendOnce = (event) => {
    const form = event.target;
    const button = event.submitter;
    if (!form.dataset.sending) return;
    if (button && button.name === "load") {
      event.preventDefault();
      loadChoices(form, button);
    } else if (form.dataset.sent) {
      event.preventDefault();
    } else {
      form.dataset.sent = "yes";
      const own = button && button.dataset.sending;
      const label = own ? button : form.querySelector("button.main") || button;
      if (label) {
        label.dataset.was = label.textContent;
        label.textContent = own || form.dataset.sending;
        label.setAttribute("aria-disabled", "true");
      }
    }
  };

  // After going back from the next page, the form can be sent again. The bridge recognises a repetition by the
  // idempotency key.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      const label = form.querySelector("button[data-was]");
      if (label) {
        label.textContent = label.dataset.was;
        label.removeAttribute("aria-disabled");
        delete label.dataset.was;
      }
    }
  });

  // Loads the page that shows the choices and takes only the field from it.
  const loadChoices = async (form, button) => {
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
      disableFields();
      const first = fresh.querySelector("select, input:not([type=hidden]), textarea");
      if (first) first.focus();
    } catch {
      // Sends the form as without the script; the page in the response shows the error.
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

  // Whether the page is up to date: "good", "lost" if the bridge cannot be reached, "over" if the user is signed out.
  let lastUpdate = new Date();
  const brief = new Intl.DateTimeFormat(locales, { timeStyle: "short" });
  const showContact = (state) => {
    if (state === "good") lastUpdate = new Date();
    for (const one of ["lost", "over"]) {
      const notice = document.getElementById(`contact-${one}`);
      if (!notice) continue;
      const time = notice.querySelector("time");
      const isToday = lastUpdate.toDateString() === new Date().toDateString();
      if (time) time.textContent = (isToday ? brief : full).format(lastUpdate);
      const link = notice.querySelector("a");
      if (link) link.search = `?next=${encodeURIComponent(location.pathname + location.search)}`;
      notice.hidden = one !== state;
    }
  };

  const loadPage = async () => {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), 20000);
    const options = { credentials: "same-origin", headers: { accept: "text/html" }, signal: abort.signal };
    try {
      const answer = await fetch(location.href, options);
      return { status: answer.status, text: await answer.text() };
    } finally {
      clearTimeout(timer);
    }
  };

  // Whether the user is typing, or confirming an action, in a form that the new page still contains.
  const isInUse = (part, fresh) =>
    [...part.querySelectorAll("form")].some((form) => {
      const action = form.getAttribute("action");
      const stands = [...fresh.querySelectorAll("form")].some((one) => one.getAttribute("action") === action);
      const fields = [...form.querySelectorAll("input, textarea")];
      const typed = fields.some((one) => one.value !== one.defaultValue);
      return stands && (typed || form.dataset.sent || form.closest(".ask[open]"));
    });

  // Copies what differs each time the page is rendered: the idempotency key of a form, and what the user has opened or
  // closed.
  const keepState = (part, fresh) => {
    const [old, added] = [part, fresh].map((one) => one.querySelector("input[name=idempotency_key]"));
    if (old && added) added.setAttribute("value", old.value);
    for (const one of part.querySelectorAll("details[id]")) {
      const same = [...fresh.querySelectorAll("details[id]")].find((other) => other.id === one.id);
      if (!same) continue;
      if (one.open) same.setAttribute("open", one.getAttribute("open"));
      else same.removeAttribute("open");
    }
  };

  // Keeps the keyboard focus on the same element after a part is replaced.
  const signature = (one) => {
    const own = ["id", "href", "name"].map((name) => one.getAttribute(name) || "");
    const inside = one.closest("details");
    return [one.tagName, ...own, inside ? inside.id : ""].join(" ");
  };
  const focusable = (part) => [...part.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
  const replace = (part, fresh) => {
    const held = focusable(part).find((one) => one === document.activeElement);
    const like = (one) => signature(one) === signature(held);
    const before = held ? focusable(part).filter(like).indexOf(held) : -1;
    part.innerHTML = fresh.innerHTML;
    if (!held) return;
    const alike = focusable(part).filter(like);
    if (!alike.length) part.tabIndex = -1;
    (alike[before] || alike[alike.length - 1] || part).focus({ preventScroll: true });
  };

  // Parts whose id starts with "live-" are updated. Only parts that differ are replaced, to keep scroll position and
  // focus.
  const LIVE = "[id^=live-]";
  const update = async () => {
    const { status, text } = await loadPage();
    if (status === 401) return "over";
    if (status !== 200) throw new Error(`status ${status}`);
    const page = new DOMParser().parseFromString(text, "text/html");
    formatTimes(page);
    for (const part of document.querySelectorAll("#live " + LIVE)) {
      const fresh = page.getElementById(part.id);
      if (!fresh || part.parentElement.closest("#live " + LIVE)) continue;
      part.className = fresh.className;
      keepState(part, fresh);
      if (fresh.innerHTML !== part.innerHTML && !isInUse(part, fresh)) replace(part, fresh);
    }
    document.title = page.title;
    const live = document.getElementById("live");
    const goesOn = page.getElementById("live");
    if (live && goesOn && !goesOn.dataset.stream) delete live.dataset.stream;
    if (live && goesOn && goesOn.dataset.zone) live.dataset.zone = goesOn.dataset.zone;
    return "good";
  };

  const follow = (live) => {
    // The minimum time between two updates in milliseconds, however many events arrive.
    const minInterval = Number(live.dataset.interval) || 300;
    let source;
    let state = "good";
    let waiting = false;
    let busy = false;
    const refresh = async () => {
      if (document.hidden) return;
      if (busy) {
        waiting = true;
        return;
      }
      busy = true;
      try {
        state = await update();
        showContact(state);
        if (state === "good" && source.readyState === EventSource.CLOSED) listen();
      } catch {
        // The first failure is retried at once, without a message.
        if (state === "good") waiting = true;
        else showContact("lost");
        state = "lost";
      }
      if (!live.dataset.stream) {
        source.close();
        clearInterval(timer);
      }
      setTimeout(() => {
        busy = false;
        if (waiting && live.dataset.stream) refresh();
        waiting = false;
      }, minInterval);
    };
    const listen = () => {
      if (!live.dataset.stream) return;
      source = new EventSource(live.dataset.stream);
      source.addEventListener("task", refresh);
      source.addEventListener("flow-run", refresh);
    };
    listen();
    // Messages that a run sends only to OpenHEXA cause no event, a computer that slept can have missed one, and a user
    // who signed out can sign in again in another tab. So the page also updates periodically.
    const timer = setInterval(() => state === "over" || refresh(), 5000);
    document.addEventListener("visibilitychange", refresh);
    addEventListener("online", refresh);
    if (live.dataset.zone && live.dataset.zone !== offset) refresh();
  };

  // The user's time zone, in a form that asks for one for the first time.
  for (const box of document.querySelectorAll("input[data-guess=zone]")) {
    box.value = new Intl.DateTimeFormat().resolvedOptions().timeZone || box.value;
  }

  // The form that schedules a pipeline shows only the fields that the chosen preset uses.
  const preset = document.getElementById("preset");
  const showPreset = () => {
    for (const one of document.querySelectorAll("[data-for]")) {
      one.hidden = !one.dataset.for.split(" ").includes(preset.value);
    }
  };
  if (preset) {
    showPreset();
    preset.addEventListener("change", showPreset);
    addEventListener("pageshow", showPreset);
  }

  noteOffset();
  formatTimes(document);
  disableFields();
  document.addEventListener("change", disableFields);
  document.addEventListener("submit", sendOnce);
  const errors = document.getElementById("errors");
  if (errors) errors.focus();
  const live = document.getElementById("live");
  if (live && live.dataset.stream) follow(live);
})();
