// Pages about data and lineage: copying commands and texts, and going through rows by keys.
"use strict";
(() => {
  const { $$, key, toast } = window.gnomon;

  const prepare = () => $$("[data-copy], [data-copy-from]").forEach((button) => { button.hidden = !navigator.clipboard; });
  prepare();
  document.addEventListener("gnomon:swapped", prepare);
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy], [data-copy-from]");
    if (!button) return;
    const from = button.dataset.copyFrom;
    const text = from ? document.getElementById(from).value ?? document.getElementById(from).textContent : button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
      toast("copied");
    } catch {
      toast("the browser does not let this page copy; select the text instead", "bad");
    }
  });

  // --- j and k go through the rows of the page's tables, by the first link of each
  const links = () => $$("table.rows tbody tr").map((row) => row.querySelector("td a, td input")).filter((one) => one && one.offsetParent);
  const step = (by) => () => {
    const all = links();
    if (!all.length) return false;
    const row = document.activeElement?.closest?.("table.rows tbody tr");
    const at = all.findIndex((one) => row && row.contains(one));
    const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  };
  key("j", step(1));
  key("k", step(-1));
})();
