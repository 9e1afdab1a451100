// Warns, and no more, when somebody enters more money than settles the loan today.
(() => {
  "use strict";

  document.addEventListener("DOMContentLoaded", () => {
    const field = document.querySelector("input[data-settles]");
    if (!field) return;
    const note = document.createElement("p");
    note.className = "note note-warn";
    note.setAttribute("role", "status");
    note.textContent = field.dataset.more;
    field.after(note);
    const look = () => { note.hidden = !(Number(field.value) > Number(field.dataset.settles)); };
    field.addEventListener("input", look);
    look();
  });
})();
