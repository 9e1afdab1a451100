// The keyboard, double clicks and open menus. Everything works without it.
(() => {
  "use strict";

  const typing = (element) => element.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !typing(event.target)) {
      const box = document.getElementById("global-search");
      if (box) {
        event.preventDefault();
        event.stopPropagation();
        box.focus();
        box.select();
      }
    }
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details.menu[open]")) {
        menu.removeAttribute("open");
        menu.querySelector("summary").focus();
      }
    }
  }, true);

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.removeAttribute("open");
    }
  });

  // The server refuses a form sent twice; this spares the person the second page.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-once]")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
    for (const button of form.querySelectorAll("button[type=submit]")) button.setAttribute("aria-disabled", "true");
  });

  // The theme writes a chosen file's name into a text field that its own forms have beside it; ours have none.
  document.addEventListener("DOMContentLoaded", () => {
    for (const field of document.querySelectorAll(".desk-form input[type=file]")) field.hasChangeListener = true;
  });

  // A page brought back by the Back button may be sent again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-once]")) delete form.dataset.sent;
  });
})();
