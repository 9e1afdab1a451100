// The sample follows the form while one types. Without this the button "Compute" does the same.
(() => {
  const form = document.querySelector("form[data-product]");
  const shown = form && form.querySelector("[data-sample]");
  if (!shown) return;
  let timer = 0;
  let asked = 0;
  async function refresh() {
    const mine = ++asked;
    const body = new FormData(form);
    body.set("preview", "1");
    shown.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(window.location.pathname, { method: "POST", body, credentials: "same-origin" });
      if (!answer.ok || mine !== asked) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-sample]");
      if (fresh) shown.replaceChildren(...fresh.childNodes);
    } catch {
      // The network is away: what is shown stays, and the button tells what is wrong.
    } finally {
      if (mine === asked) shown.removeAttribute("aria-busy");
    }
  }
  form.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(refresh, 400);
  });
})();
