// Search while one types: the results are asked for again after a short rest, and the address follows without a new history entry.
"use strict";
(() => {
  const form = document.getElementById("search");
  if (!form) return;
  const REST_MS = 200;
  let wait = 0;
  let asking = null;
  const address = () => {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value.trim()) query.set(name, value.trim());
    const text = query.toString();
    return form.getAttribute("action") + (text ? `?${text}` : "");
  };
  const look = async () => {
    clearTimeout(wait);
    const to = address();
    if (to === location.pathname + location.search) return;
    asking?.abort();
    const mine = asking = new AbortController();
    const results = document.getElementById("results");
    results.setAttribute("aria-busy", "true");
    try {
      const response = await fetch(to, { signal: mine.signal, headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.getElementById("results");
      if (!fresh) throw new Error(`the pages answered ${response.status}`);
      document.getElementById("results").replaceWith(document.adoptNode(fresh));
      document.title = page.title;
      history.replaceState(null, "", to);
      window.gnomon.prepare(document.getElementById("results"));
    } catch (error) {
      if (error.name === "AbortError") return;
      document.getElementById("results").setAttribute("aria-busy", "false");
      window.gnomon.toast(error.message, "bad");
    }
  };
  form.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(look, REST_MS); });
  form.addEventListener("submit", (event) => { event.preventDefault(); look(); });
  // Down from the field goes to the first hit; up and down go on from there.
  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const links = [...document.querySelectorAll("#results a.what")];
    if (!step || !links.length || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const field = form.elements.q;
    const at = links.indexOf(document.activeElement);
    if (document.activeElement !== field && at < 0) return;
    event.preventDefault();
    (links[at + step] ?? (at + step < 0 ? field : links.at(-1))).focus();
  });
})();
