// Watches a bundle while it is made, and shows the page anew when it is ready or has failed.
(() => {
  "use strict";

  const card = document.querySelector("[data-evidence-status]");
  if (!card) return;
  const bar = card.querySelector("progress");
  const step = card.querySelector("[data-step]");
  const count = card.querySelector("[data-count]");
  const EVERY = 1000;
  const PATIENCE = 10;
  let failures = 0;

  const show = (now) => {
    if (now.step && step.textContent !== now.step) step.textContent = now.step;
    count.textContent = now.total ? `${now.done} / ${now.total}` : "";
    if (now.total) {
      bar.max = now.total;
      bar.value = now.done;
    } else {
      bar.removeAttribute("value");
    }
  };

  const look = async () => {
    try {
      const answer = await fetch(card.dataset.evidenceStatus, { credentials: "same-origin" });
      if (!answer.ok) throw new Error(answer.statusText);
      const now = await answer.json();
      if (now.state !== "queued" && now.state !== "running") {
        window.location.reload();
        return;
      }
      show(now);
      failures = 0;
    } catch {
      failures += 1;
    }
    if (failures < PATIENCE) window.setTimeout(look, EVERY);
  };

  window.setTimeout(look, EVERY);
})();
