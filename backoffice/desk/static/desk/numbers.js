// Warns, and no more, when somebody types a person's number into free text. What is shown to whom the server decides.
(() => {
  "use strict";

  const hint = document.querySelector("template[data-number-hint]");
  if (!hint) return;

  const DIGITS = /[0-9](?:[ -]?[0-9]){10,18}[Xx]?/g;

  const passesLuhn = (digits) => {
    let sum = 0;
    [...digits].reverse().forEach((digit, at) => {
      const value = Number(digit) * (at % 2 ? 2 : 1);
      sum += value > 9 ? value - 9 : value;
    });
    return sum % 10 === 0;
  };

  const isSomebodys = (written) => {
    const digits = written.replace(/[ -]/g, "");
    if (/^(?:86)?1[0-9]{10}$/.test(digits) || /^0[0-9]{9,11}$/.test(digits)) return true;
    if (/^[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9Xx]$/.test(digits)) return true;
    return /^[1-9][0-9]{14,18}$/.test(digits) && passesLuhn(digits);
  };

  const has = (text) => (text.normalize("NFKC").match(DIGITS) || []).some(isSomebodys);

  const watch = (area) => {
    const note = document.createElement("p");
    note.className = "note note-warn number-hint";
    note.setAttribute("role", "status");
    note.hidden = true;
    note.textContent = hint.content.textContent;
    area.after(note);
    const look = () => { note.hidden = !has(area.value); };
    area.addEventListener("input", look);
    look();
  };

  for (const area of document.querySelectorAll(".desk-form textarea, .desk-form input[name=reason]")) watch(area);
})();
