// The table of runs: selection over filters, pages and reloads; keys; more rows when the end comes near; columns in order.
"use strict";
(() => {
  const { $, $$, key, send, toast } = window.gnomon;
  const page = $("#runs-page");
  const tray = $("#tray");
  if (!page || !tray) return;
  const region = () => $("#table-region");
  const scroll = () => $("#table-scroll");
  const rows = () => $$("#rows > tr[data-run]");
  const MOST_COMPARED = 200;
  const MOST_SELECTED = 5000;

  // --- the selection: ids of runs, kept for this record in this tab
  const place = `gnomon-selected:${page.dataset.record}`;
  const read = () => {
    try { return new Set(JSON.parse(sessionStorage.getItem(place) ?? "[]")); } catch { return new Set(); }
  };
  let selected = read();
  let anchor = "";
  const idsOf = (row) => row.dataset.run.split(",").filter(Boolean);
  const isSelected = (row) => { const ids = idsOf(row); return ids.length > 0 && ids.every((id) => selected.has(id)); };
  const keep = () => {
    sessionStorage.setItem(place, JSON.stringify([...selected]));
    show();
  };
  const set = (row, wanted) => {
    for (const id of idsOf(row)) {
      if (!wanted) selected.delete(id);
      else if (selected.size < MOST_SELECTED) selected.add(id);
    }
    anchor = row.id;
  };
  const range = (row, wanted) => {
    const all = rows();
    const to = all.indexOf(row);
    const from = all.findIndex((one) => one.id === anchor);
    if (from < 0) set(row, wanted);
    else for (const one of all.slice(Math.min(from, to), Math.max(from, to) + 1)) set(one, wanted);
    anchor = row.id;
  };
  const show = () => {
    const all = rows();
    let here = 0;
    for (const row of all) {
      const is = isSelected(row);
      here += is;
      row.classList.toggle("selected", is);
      const box = $(".pick input", row);
      if (box && box.checked !== is) box.checked = is;
    }
    const head = $("#pick-all");
    if (head) {
      head.checked = here > 0 && here === all.length;
      head.indeterminate = here > 0 && here < all.length;
    }
    tray.classList.toggle("waiting", selected.size === 0);
    const count = selected.size.toLocaleString("en-US");
    const label = $(".count b", tray);
    if (label.textContent !== count) {
      label.textContent = count;
      $(".count .wide", tray).textContent = " selected";
    }
  };

  page.addEventListener("click", (event) => {
    const cell = event.target.closest("#rows .pick");
    if (!cell) return;
    const row = cell.closest("tr");
    const box = $("input", cell);
    if (box.disabled) return;
    const wanted = event.target === box ? box.checked : !box.checked;
    if (event.shiftKey) { range(row, wanted); getSelection()?.removeAllRanges(); } else set(row, wanted);
    keep();
  });
  page.addEventListener("mousedown", (event) => { if (event.shiftKey && event.target.closest("#rows .pick")) event.preventDefault(); });
  page.addEventListener("change", (event) => {
    if (event.target.id !== "pick-all") return;
    const wanted = event.target.checked;
    for (const row of rows()) set(row, wanted);
    anchor = "";
    keep();
  });

  // --- what is done with it
  const compare = () => {
    if (!selected.size) { toast("select runs first: x selects the current row"); return; }
    if (selected.size > MOST_COMPARED) { toast(`at most ${MOST_COMPARED} runs are compared at once`, "bad"); return; }
    const query = new URLSearchParams([...selected].map((id) => ["run", id]));
    location.assign(`/compare?${query}`);
  };
  const clear = () => { selected = new Set(); anchor = ""; keep(); };
  const change = async (path, values, done) => {
    const ids = [...selected].join(",");
    if (!ids) return;
    try {
      const answer = await (await send(path, { ...values, run: ids, answer: "json" })).json();
      done(answer);
      document.body.dispatchEvent(new CustomEvent("gnomon:entries"));
    } catch (error) {
      toast(error.message, "bad");
    }
  };
  const tagged = (way) => {
    const field = $("input[name=tags]", tray);
    if (!field.value.trim()) { field.focus(); toast("write a tag first"); return; }
    change("/runs/tag", { tags: field.value, way }, (answer) => {
      toast(`${answer.said} ${way === "remove" ? "lost" : "got"} the tag${field.value.includes(",") ? "s" : ""} ${field.value.trim()}`);
      field.value = "";
      $(".menu", tray).open = false;
    });
  };
  const does = {
    compare,
    clear,
    archive: () => location.assign(`/runs/archive?${new URLSearchParams({ run: [...selected].join(",") })}`),
    tag: () => tagged("add"),
    untag: () => tagged("remove"),
    hide: () => change("/runs/hide", {}, (answer) => { toast(`${answer.said} hidden; “Hidden” lists them`); clear(); }),
    restore: () => change("/runs/restore", {}, (answer) => { toast(`${answer.said} brought back`); clear(); }),
  };
  tray.addEventListener("click", (event) => {
    const button = event.target.closest("[data-does]");
    if (!button || !does[button.dataset.does]) return;
    event.preventDefault();
    does[button.dataset.does]();
  });
  tray.addEventListener("submit", (event) => event.preventDefault());
  $("input[name=tags]", tray).addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); tagged("add"); }
  });

  // --- keys
  const current = () => document.activeElement?.closest?.("#rows > tr[data-run]");
  const go = (row) => { if (row) { row.focus({ preventScroll: true }); row.scrollIntoView({ block: "nearest" }); } };
  const step = (by) => {
    const all = rows();
    const at = all.indexOf(current());
    if (at < 0) { go(by > 0 ? all[0] : all.at(-1)); return; }
    if (by > 0 && at + by >= all.length) more();
    go(all[Math.max(0, Math.min(all.length - 1, at + by))]);
  };
  key("j", () => step(1));
  key("k", () => step(-1));
  const toggle = (event) => {
    const row = current();
    if (!row || $(".pick input", row).disabled) return false;
    if (event.shiftKey || event.key === "X") range(row, true);
    else set(row, !isSelected(row));
    keep();
    return true;
  };
  key("x", toggle);
  key("X", toggle);
  key("*", () => {
    const row = current();
    if (row && anchor) range(row, true);
    else for (const one of rows()) set(one, true);
    keep();
  });
  key("c", compare);
  key("Enter", () => {
    const row = current();
    if (!row || document.activeElement !== row) return false;
    const link = $(".name a", row);
    if (!link) return false;
    link.click();
    return true;
  });

  // --- the next hundred, when the end comes near; a live page asks again for as many rows as it shows
  let watched = null;
  const more = () => $("#more")?.dispatchEvent(new Event("gnomon:near"));
  const near = new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) more(); }, { root: null, rootMargin: "900px 0px" });
  const follow = () => {
    const row = $("#more");
    const around = region();
    if (around) {
      const count = Math.max(100, rows().length);
      around.setAttribute("hx-vals", JSON.stringify({ rows: count }));
    }
    if (row === watched) return;
    if (watched) near.unobserve(watched);
    watched = row;
    if (row) near.observe(row);
  };
  page.addEventListener("click", (event) => {
    if (!event.target.closest("#more a") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    more();
  });

  // --- several columns sort with shift; sideways place stays over a sort
  const sideways = `gnomon-sideways:${location.pathname}`;
  page.addEventListener("click", (event) => {
    const by = event.target.closest("a.by");
    if (!by) return;
    sessionStorage.setItem(sideways, String(scroll()?.scrollLeft ?? 0));
    if (event.shiftKey) { event.preventDefault(); location.assign(by.dataset.also); }
  });
  const kept = Number(sessionStorage.getItem(sideways) ?? 0);
  sessionStorage.removeItem(sideways);
  if (kept && scroll()) scroll().scrollLeft = kept;

  // --- the filter completes the column that is being written
  const filter = $(".filter input[type=search]", page);
  const list = $("#fields");
  const fields = $$("option", list).map((one) => one.value);
  filter.addEventListener("input", () => {
    const at = filter.selectionStart ?? filter.value.length;
    const before = filter.value.slice(0, at);
    const word = /[\w./-]*$/.exec(before)[0];
    const head = before.slice(0, before.length - word.length);
    const tail = filter.value.slice(at);
    const found = word ? fields.filter((one) => one.startsWith(word) && one !== word).slice(0, 40) : [];
    list.replaceChildren(...found.map((one) => { const option = document.createElement("option"); option.value = head + one + tail; return option; }));
  });
  filter.addEventListener("search", () => { if (!filter.value && new URLSearchParams(location.search).get("where")) filter.form.requestSubmit(); });
  filter.form.addEventListener("submit", (event) => {
    if (filter.value.trim()) return;
    event.preventDefault();  // an empty filter is left out of the address
    const query = new URLSearchParams(new FormData(filter.form));
    query.delete("where");
    if ([...query.keys()].every((name) => name === "view")) query.delete("view");
    location.assign(`/runs${query.size ? `?${query}` : ""}`);
  });

  // --- the menu of columns: search, order, and an address without what is empty
  const menu = $("#columns-menu");
  const search = $("#columns-search");
  search.addEventListener("input", () => {
    const words = search.value.trim().toLowerCase();
    for (const one of $$(".column", menu)) one.hidden = !one.dataset.key.toLowerCase().includes(words);
    for (const set of $$("fieldset", menu)) set.hidden = !$$(".column", set).some((one) => !one.hidden);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const first = $$(".column:not([hidden]) input[name=columns]", menu)[0];
    if (first && search.value.trim()) first.checked = !first.checked;
  });
  menu.addEventListener("toggle", () => { if (menu.open) search.focus(); });
  for (const row of $$("#columns-shown .column", menu)) {
    const up = document.createElement("button");
    up.type = "button";
    up.textContent = "↑";
    up.title = "further left";
    up.setAttribute("aria-label", `${row.dataset.key} further left`);
    up.addEventListener("click", () => { if (row.previousElementSibling?.matches(".column")) { row.previousElementSibling.before(row); up.focus(); } });
    row.append(up);
  }
  $("form", menu).addEventListener("submit", (event) => {
    event.preventDefault();
    const data = new FormData(event.target);
    const query = new URLSearchParams();
    for (const [name, value] of data) if (!["columns", "pin"].includes(name)) query.append(name, value);
    for (const name of ["columns", "pin"]) {
      const values = data.getAll(name).map((value) => value.trim()).filter(Boolean);
      if (values.length) query.set(name, values.join(","));
    }
    location.assign(`/runs${query.size ? `?${query}` : ""}`);
  });
  for (const one of $$("details.menu", page)) one.addEventListener("toggle", () => { if (one.open && one.id === "view-menu") $("input[name=name]", one)?.focus(); });

  document.addEventListener("gnomon:swapped", () => { show(); follow(); });
  addEventListener("pageshow", (event) => { if (event.persisted) { selected = read(); show(); } });
  show();
  follow();
})();
