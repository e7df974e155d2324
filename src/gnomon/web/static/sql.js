// Asking in SQL without leaving the page: Ctrl+Enter runs, Stop stops, columns and examples are put in by a click, and the
// queries of this reader are kept in this browser only.
"use strict";
(() => {
  const form = document.getElementById("sql");
  if (!form) return;
  const { toast, send, prepare } = window.gnomon;
  const field = document.getElementById("query");
  const runButton = document.getElementById("run-query");
  const stopButton = document.getElementById("stop-query");
  const clock = document.getElementById("clock");
  const menu = document.getElementById("history");
  const KEPT = 30;
  const place = `gnomon-sql-${form.dataset.record}`;
  let asking = null;

  const address = () => {
    const query = new URLSearchParams({ query: field.value.trim() });
    if (form.elements.removed.checked) query.set("removed", "1");
    return `/sql?${query}`;
  };
  const run = async () => {
    if (!field.value.trim()) { field.focus(); return; }
    if (asking) { await stop(); }
    const mine = asking = { id: [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("") };
    const to = address();
    const began = performance.now();
    const tick = setInterval(() => { clock.textContent = `${((performance.now() - began) / 1000).toFixed(1)} s`; }, 100);
    const answer = document.getElementById("answer");
    answer.setAttribute("aria-busy", "true");
    stopButton.hidden = false;
    keep(field.value.trim());
    try {
      const response = await fetch(`${to}&part=answer&id=${mine.id}`, { headers: { Accept: "text/html" } });
      const text = await response.text();
      const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("answer");
      if (!fresh) throw new Error(said(text, response.status));
      if (asking !== mine) return;
      document.getElementById("answer").replaceWith(document.adoptNode(fresh));
      history.replaceState(null, "", to);
      prepare(document.getElementById("answer"));
    } catch (error) {
      if (asking === mine) { answer.setAttribute("aria-busy", "false"); toast(error.message, "bad"); }
    } finally {
      clearInterval(tick);
      if (asking === mine) { asking = null; stopButton.hidden = true; clock.textContent = ""; }
    }
  };
  const said = (text, status) => {
    try { const { error } = JSON.parse(text); return error.hint ? `${error.message}. ${error.hint}` : error.message; } catch { return `the pages answered ${status}`; }
  };
  const stop = async () => {
    if (!asking) return;
    try { await send("/sql/stop", { id: asking.id }); } catch (error) { toast(error.message, "bad"); }
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); run(); });
  stopButton.addEventListener("click", stop);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); }
  });

  // --- columns and examples
  const put = (text) => {
    const [start, end] = [field.selectionStart, field.selectionEnd];
    const before = field.value.slice(0, start);
    const between = before && !/[\s(,."]$/.test(before) ? (/\bselect\s*$/i.test(before) ? " " : ", ") : "";
    field.setRangeText(between + text, start, end, "end");
    field.focus();
  };
  document.addEventListener("click", (event) => {
    const column = event.target.closest("[data-put]");
    if (column) { put(column.dataset.put); return; }
    const example = event.target.closest("[data-query]");
    if (example && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      field.value = example.dataset.query;
      menu.open = false;
      run();
    }
  });

  // --- earlier queries
  const kept = () => { try { return JSON.parse(localStorage.getItem(place)) ?? []; } catch { return []; } };
  const keep = (text) => {
    try { localStorage.setItem(place, JSON.stringify([text, ...kept().filter((one) => one !== text)].slice(0, KEPT))); } catch { /* the browser keeps nothing */ }
    list();
  };
  const list = () => {
    const queries = kept();
    menu.hidden = !queries.length;
    menu.querySelector("ol").replaceChildren(...queries.map((text) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "plain";
      button.textContent = text.length > 300 ? `${text.slice(0, 300)}…` : text;
      button.dataset.query = text;
      item.append(button);
      return item;
    }));
  };
  menu.querySelector("[data-does=forget]").addEventListener("click", () => { localStorage.removeItem(place); menu.open = false; list(); });
  list();
})();
