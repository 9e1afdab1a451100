// Shows masked values on the page itself for a minute. Without it the same links lead to two plain pages.
(() => {
  "use strict";

  const dialog = document.getElementById("reveal-dialog");
  const status = document.getElementById("reveal-status");
  if (!dialog || !status) return;

  const form = dialog.querySelector("form");
  const error = dialog.querySelector("[data-reveal-error]");
  const REMEMBERED_MS = 10 * 60 * 1000;
  const MARKS = 40;

  const shown = new Map(); // key → moment at which it is hidden
  let given = null; // the purpose of this page view, and when it was given
  let asked = null; // the control that opened the dialog
  let mark = null;

  const say = (text) => { status.textContent = text; };
  const places = (key) => document.querySelectorAll(`[data-personal="${CSS.escape(key)}"]`);
  const controls = (key) => document.querySelectorAll(`[data-reveal="${CSS.escape(key)}"]`);

  const hide = (key) => {
    for (const place of places(key)) {
      place.textContent = place.dataset.mask;
      place.classList.remove("revealed");
      if (place.nextElementSibling?.matches(".reveal-clock")) place.nextElementSibling.remove();
    }
    for (const control of controls(key)) {
      control.setAttribute("aria-pressed", "false");
      control.setAttribute("aria-label", control.dataset.label);
      control.title = control.dataset.label;
    }
    shown.delete(key);
    if (shown.size === 0) {
      mark?.remove();
      mark = null;
    }
  };

  const hideAll = () => { for (const key of [...shown.keys()]) hide(key); };

  const show = (key, value, until) => {
    for (const place of places(key)) {
      if (!place.classList.contains("revealed")) place.dataset.mask = place.textContent;
      place.textContent = value;
      place.classList.add("revealed");
      if (!place.nextElementSibling?.matches(".reveal-clock")) {
        const clock = document.createElement("span");
        clock.className = "reveal-clock";
        clock.setAttribute("aria-hidden", "true");
        place.after(clock);
      }
    }
    for (const control of controls(key)) {
      control.setAttribute("aria-pressed", "true");
      control.setAttribute("aria-label", status.dataset.hide);
      control.title = status.dataset.hide;
    }
    shown.set(key, until);
  };

  const watermark = (text) => {
    mark?.remove();
    mark = document.createElement("div");
    mark.className = "reveal-watermark";
    mark.setAttribute("aria-hidden", "true");
    for (let n = 0; n < MARKS; n += 1) {
      const span = document.createElement("span");
      span.dataset.mark = text;
      mark.append(span);
    }
    document.body.append(mark);
  };

  const tick = () => {
    const now = Date.now();
    let gone = false;
    for (const [key, until] of [...shown]) {
      if (until <= now) {
        hide(key);
        gone = true;
        continue;
      }
      for (const place of places(key)) {
        if (place.nextElementSibling?.matches(".reveal-clock")) place.nextElementSibling.textContent = `${Math.ceil((until - now) / 1000)} s`;
      }
    }
    if (gone) say(status.dataset.hidden);
  };
  setInterval(tick, 1000);

  const refuse = (message, control) => {
    given = null;
    asked = control;
    if (!dialog.open) open(control);
    error.textContent = message;
    error.hidden = false;
  };

  const fetchValues = async (control, purpose) => {
    const body = new URLSearchParams({ ...purpose, value: control.dataset.reveal });
    body.set("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
    let answer;
    let data;
    try {
      answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" }, credentials: "same-origin", cache: "no-store" });
      data = await answer.json();
    } catch {
      refuse(status.dataset.failed, control);
      return;
    }
    if (!answer.ok) {
      refuse(data.message, control);
      return;
    }
    if (!given) given = { purpose, at: Date.now() };
    if (dialog.open) dialog.close();
    const until = Date.now() + data.seconds * 1000;
    for (const [key, value] of Object.entries(data.values)) show(key, value, until);
    watermark(data.watermark);
    tick();
    say(`${Object.values(data.values).join(", ")}. ${status.dataset.shown.replace("%s", data.seconds)}`);
    control.focus();
  };

  const open = (control) => {
    asked = control;
    error.hidden = true;
    dialog.querySelector("[data-reveal-label]").textContent = control.dataset.what || "";
    dialog.showModal();
  };

  document.addEventListener("click", (event) => {
    const control = event.target.closest("[data-reveal]");
    if (!control || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (control.getAttribute("aria-pressed") === "true") {
      hide(control.dataset.reveal);
      say(status.dataset.hidden);
      return;
    }
    if (given && Date.now() - given.at < REMEMBERED_MS) fetchValues(control, given.purpose);
    else {
      given = null;
      open(control);
    }
  });

  // A link that acts like a button answers the space bar as one.
  document.addEventListener("keydown", (event) => {
    const control = event.key === " " && event.target.closest?.("[data-reveal]");
    if (control) {
      event.preventDefault();
      control.click();
    }
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    error.hidden = true;
    fetchValues(asked, { purpose: form.elements.purpose.value, reason: form.elements.reason.value });
  });
  dialog.querySelector("[data-reveal-cancel]").addEventListener("click", () => dialog.close());

  // Nothing stays in a page that is left, put behind another tab, or brought back by the Back button.
  window.addEventListener("pagehide", hideAll);
  document.addEventListener("visibilitychange", () => { if (document.hidden) hideAll(); });
})();
