// Parallel coordinates: a line a run over several axes, ranges that choose among them. State is in the address.
"use strict";
(() => {
  const A = window.gnomonAxes;
  const { $, $$ } = window.gnomon;
  const root = $("#parallel");
  if (!root) return;
  const TOP = 16, BOTTOM = 16, MISSING = 26, NEAR = 16, CHUNK = 2500, BATCH = 16, FEW = 300, MOST_LISTED = 200;
  const plot = $(".plot", root), lines = $("canvas.lines", root), over = $("canvas.lit", root);
  const heads = $(".heads", root), ranges = $(".ranges", root), words = $(".said-of", root);
  const asked = new URL(location.href).searchParams;
  let axes = JSON.parse(root.dataset.axes);
  const wishes = new Map([...asked.getAll("log").map((key) => [key, true]), ...asked.getAll("linear").map((key) => [key, false])]);
  const brushes = new Map(); // key -> { low, high } or { codes: Set, missing }
  let table, color, colors, painted, scales, places, lit = -1, chosen = [], isIn, drawing = 0, order = [], isBrushing = false;

  // --- geometry: the axis stands in the middle of its column
  const size = () => ({ width: plot.clientWidth, height: plot.clientHeight });
  const xAt = (axis) => (size().width / axes.length) * (axis + 0.5);
  const floor = () => size().height - BOTTOM - (hasMissing ? MISSING : 0);
  let hasMissing = false;
  const yOf = (place) => (Number.isNaN(place) ? size().height - BOTTOM : floor() - place * (floor() - TOP));
  const placeAt = (y) => Math.min(1, Math.max(0, (floor() - y) / (floor() - TOP)));

  const measure = () => {
    scales = axes.map((key) => A.scaleOf(table.columns.get(key), wishes.get(key)));
    places = axes.map((key, axis) => A.placesOf(table.columns.get(key), scales[axis], order));
    hasMissing = places.some((column) => column.some(Number.isNaN));
  };

  // --- what the ranges choose
  const passes = (key, row) => {
    const brush = brushes.get(key), value = table.columns.get(key).values[row];
    if (!brush) return true;
    if (brush.codes) return Number.isNaN(value) ? brush.missing : brush.codes.has(value);
    return value >= brush.low && value <= brush.high;
  };
  const choose = () => {
    const keys = [...brushes.keys()].filter((key) => table.columns.has(key));
    isIn = new Uint8Array(table.count);
    chosen = [];
    for (const row of order) {
      if (keys.every((key) => passes(key, row))) { isIn[row] = 1; chosen.push(row); }
    }
  };

  // --- drawing: those that are not chosen first, then the others by colour; a part of them in each frame
  const trace = (pen, row) => {
    for (let axis = 0; axis < axes.length; axis++) {
      const x = xs[axis], y = yOf(places[axis][row]);
      if (axis) pen.lineTo(x, y); else pen.moveTo(x, y);
    }
  };
  let xs = [];
  const draw = () => {
    const mine = ++drawing;
    const { pen, height } = A.fit(lines);
    xs = axes.map((_, axis) => xAt(axis));
    const groups = new Map();
    if (chosen.length < table.count && !(isBrushing && table.count > 2000)) groups.set(-1, order.filter((row) => !isIn[row]));
    for (const row of chosen) {
      const code = painted.of(row);
      if (!groups.has(code)) groups.set(code, []);
      groups.get(code).push(row);
    }
    const dim = Math.max(0.05, Math.min(0.25, 30 / table.count));
    const clear = Math.max(0.07, Math.min(0.9, 9 / Math.sqrt(Math.max(1, chosen.length))));
    const hair = 1 / (window.devicePixelRatio || 1); // lines of one pixel are drawn ten times as fast as wider ones
    const queue = [];
    const best = root.dataset.better === "lower" ? -1 : 1; // what is better is drawn last, so that it is seen
    const turn = (code) => (code < 0 ? -1e6 : color && code === painted.colors.length - 1 ? -1e5 : best * code);
    for (const [code, rows] of [...groups].sort((a, b) => turn(a[0]) - turn(b[0]))) {
      for (let at = 0; at < rows.length; at += BATCH) queue.push([code, rows.slice(at, at + BATCH)]);
    }
    const started = performance.now();
    const some = () => {
      if (mine !== drawing) return;
      let count = 0;
      pen.lineJoin = "bevel";
      while (queue.length && count < CHUNK) {
        const [code, rows] = queue.shift();
        pen.globalAlpha = code < 0 ? dim : clear;
        pen.strokeStyle = code < 0 ? colors.muted : painted.colors[code];
        pen.lineWidth = code < 0 || chosen.length > FEW ? hair : 1.5;
        pen.beginPath();
        for (const row of rows) trace(pen, row);
        pen.stroke();
        count += rows.length;
      }
      pen.globalAlpha = 1;
      if (queue.length) { requestAnimationFrame(some); return; }
      drawAxes(pen, height);
      root.dataset.drawn = String(Math.round(performance.now() - started));
    };
    some();
    drawLit();
  };
  const drawAxes = (pen, height) => {
    pen.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    pen.textBaseline = "middle";
    axes.forEach((key, axis) => {
      const x = xs[axis], column = table.columns.get(key);
      pen.strokeStyle = colors.strong;
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(x, TOP);
      pen.lineTo(x, floor());
      pen.stroke();
      const wide = size().width / axes.length - 16;
      for (const tick of A.ticksOf(column, scales[axis], Math.max(3, Math.floor((floor() - TOP) / 52)))) word(pen, tick.text, x, yOf(tick.at), wide);
      if (hasMissing) {
        pen.strokeStyle = colors.strong;
        pen.beginPath();
        pen.moveTo(x - 5, height - BOTTOM);
        pen.lineTo(x + 5, height - BOTTOM);
        pen.stroke();
        if (axis === 0) word(pen, "no value", x, height - BOTTOM, wide);
      }
      const brush = brushes.get(key);
      if (brush && !brush.codes) band(pen, x, scales[axis].at(brush.low), scales[axis].at(brush.high));
      else if (brush) for (const code of brush.codes) { const half = 0.42 / scales[axis].steps; band(pen, x, scales[axis].at(code) - half, scales[axis].at(code) + half); }
    });
  };
  const word = (pen, text, x, y, wide) => {
    let said = text;
    while (said.length > 2 && pen.measureText(said).width > wide / 2) said = `${said.slice(0, -2)}…`;
    const width = pen.measureText(said).width;
    pen.globalAlpha = 0.82;
    pen.fillStyle = colors.panel;
    pen.fillRect(x + 6, y - 8, width + 6, 16);
    pen.globalAlpha = 1;
    pen.fillStyle = colors.ink;
    pen.fillText(said, x + 9, y);
    pen.fillStyle = colors.strong;
    pen.fillRect(x - 3, y - 0.5, 6, 1);
  };
  const band = (pen, x, from, to) => {
    const low = Number.isNaN(from) ? 0 : Math.max(0, from), high = Number.isNaN(to) ? 1 : Math.min(1, to);
    pen.fillStyle = colors.accent;
    pen.globalAlpha = 0.28;
    pen.fillRect(x - 8, yOf(high), 16, Math.max(2, yOf(low) - yOf(high)));
    pen.globalAlpha = 1;
    pen.strokeStyle = colors.accent;
    pen.strokeRect(x - 8, yOf(high), 16, Math.max(2, yOf(low) - yOf(high)));
  };
  const drawLit = () => {
    const { pen } = A.fit(over);
    if (lit < 0) return;
    for (const [style, width] of [[colors.panel, 6], [colors.ink, 2.5]]) {
      pen.strokeStyle = style;
      pen.lineWidth = width;
      pen.beginPath();
      trace(pen, lit);
      pen.stroke();
    }
    pen.fillStyle = colors.ink;
    axes.forEach((_, axis) => { pen.beginPath(); pen.arc(xs[axis], yOf(places[axis][lit]), 4, 0, 7); pen.fill(); });
  };
  const light = (row) => {
    if (row === lit) return;
    lit = row;
    drawLit();
    for (const line of $$("#chosen tr.lit")) line.classList.remove("lit");
    if (row < 0) return;
    $(`#chosen tr[data-row="${row}"]`)?.classList.add("lit");
    words.replaceChildren(A.element("a", { href: `/run/${table.ids(row)[0]}`, textContent: A.clean(table.name(row)) }));
    for (const key of columnsShown()) words.append(A.element("span", {}, A.element("span", { class: "dim", textContent: `${A.short(key)} ` }), A.element("b", { textContent: A.cell(table, key, row) })));
  };
  const columnsShown = () => [...new Set([...axes, ...(color ? [color.key] : [])])];

  // --- above and below each axis
  const controls = () => {
    heads.replaceChildren(...axes.map(head));
    ranges.replaceChildren(...axes.map(range));
    sizeGrid();
  };
  const sizeGrid = () => { $(".across", root).style.minWidth = `${axes.length * 124}px`; };
  const key = (text, title, does, extra = {}) => {
    const made = A.element("button", { type: "button", class: "plain", textContent: text, title, ...extra });
    made.setAttribute("aria-label", title);
    made.addEventListener("click", does);
    return made;
  };
  const head = (name, axis) => {
    const column = table.columns.get(name), scale = scales[axis];
    const title = A.element("button", { type: "button", class: "name plain", title: `${A.clean(name)}: drag to move; left and right arrow keys move it` }, A.short(name));
    title.setAttribute("aria-label", `Axis ${A.clean(name)}; left and right arrow keys move it`);
    title.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step) { event.preventDefault(); move(name, axes.indexOf(name) + step, true); }
    });
    drag(title, name);
    const keys = A.element("div", { class: "small-keys" }, key("‹", `Move ${A.clean(name)} to the left`, () => move(name, axes.indexOf(name) - 1), { disabled: axis === 0 }));
    if (scale.canLog) {
      const log = key("log", `Logarithmic axis of ${A.clean(name)}`, () => { wishes.set(name, scales[axes.indexOf(name)].kind !== "log"); changed(true); $(`[data-log="${CSS.escape(name)}"]`, heads)?.focus(); });
      log.setAttribute("aria-pressed", String(scale.kind === "log"));
      log.dataset.log = name;
      keys.append(log);
    }
    keys.append(key("›", `Move ${A.clean(name)} to the right`, () => move(name, axes.indexOf(name) + 1), { disabled: axis === axes.length - 1 }));
    if (axes.length > 2) keys.append(key("×", `Take the axis ${A.clean(name)} away`, () => { axes = axes.filter((one) => one !== name); brushes.delete(name); changed(true); plot.focus(); }));
    const box = A.element("div", {}, title, keys);
    box.dataset.axis = name;
    box.title = column.kind === "category" ? A.plural(column.labels.length, "value") : "";
    return box;
  };
  const move = (name, to, isByKey = false) => {
    if (to < 0 || to >= axes.length) return;
    axes = axes.filter((one) => one !== name);
    axes.splice(to, 0, name);
    changed(true);
    const box = [...heads.children][to];
    (isByKey ? $(".name", box) : $$(".small-keys button:not(:disabled)", box)[0])?.focus();
  };
  const drag = (title, name) => {
    title.addEventListener("pointerdown", (down) => {
      if (down.button !== 0) return;
      const moved = (event) => {
        const left = heads.getBoundingClientRect().left;
        const to = Math.floor((event.clientX - left) / (size().width / axes.length));
        if (Math.abs(event.clientX - down.clientX) > 6 && to !== axes.indexOf(name)) {
          move(name, Math.min(axes.length - 1, Math.max(0, to)), true);
          for (const box of heads.children) box.classList.toggle("moved", box.dataset.axis === name);
        }
      };
      const end = () => {
        removeEventListener("pointermove", moved);
        removeEventListener("pointerup", end);
        removeEventListener("pointercancel", end);
        for (const box of heads.children) box.classList.remove("moved");
      };
      addEventListener("pointermove", moved);
      addEventListener("pointerup", end);
      addEventListener("pointercancel", end);
    });
  };
  const range = (name) => {
    const column = table.columns.get(name), brush = brushes.get(name);
    const box = A.element("div", {});
    box.dataset.range = name;
    if (column.kind === "category") { box.append(list(name, column, brush)); return box; }
    for (const [end, title] of [["low", "from"], ["high", "to"]]) {
      const field = A.element("input", { type: "number", step: "any", placeholder: title });
      field.setAttribute("aria-label", `${A.clean(name)} ${title}`);
      field.dataset.end = end;
      field.value = brush && Number.isFinite(brush[end]) ? Number(brush[end].toPrecision(6)) : "";
      field.addEventListener("change", () => typed(name, box));
      box.append(field);
    }
    return box;
  };
  const typed = (name, box) => {
    const [low, high] = ["low", "high"].map((end) => $(`[data-end=${end}]`, box).value);
    if (low === "" && high === "") brushes.delete(name);
    else brushes.set(name, { low: low === "" ? -Infinity : Number(low), high: high === "" ? Infinity : Number(high) });
    changed();
  };
  const list = (name, column, brush) => {
    const box = A.element("fieldset", { class: "list" });
    box.setAttribute("aria-label", `Values of ${A.clean(name)}`);
    const rows = column.labels.slice(0, MOST_LISTED).map((_, code) => [code, A.label(column, code)]);
    if (A.hasNone(column)) rows.push([-1, "no value"]);
    for (const [code, text] of rows) {
      const tick = A.element("input", { type: "checkbox", checked: !brush || (code < 0 ? brush.missing : brush.codes.has(code)) });
      tick.dataset.code = code;
      tick.addEventListener("change", () => ticked(name, box, column));
      box.append(A.element("label", { title: text }, tick, A.element("span", { textContent: text })));
    }
    if (column.labels.length > MOST_LISTED) box.append(A.element("span", { class: "dim", textContent: `and ${column.labels.length - MOST_LISTED} more` }));
    return box;
  };
  const ticked = (name, box, column) => {
    const ticks = $$("input", box);
    const on = new Set(ticks.filter((tick) => tick.checked).map((tick) => Number(tick.dataset.code)));
    if (on.size === ticks.length) brushes.delete(name);
    else {
      const missing = on.delete(-1);
      for (let code = MOST_LISTED; code < column.labels.length; code++) on.add(code);
      brushes.set(name, { codes: on, missing });
    }
    changed();
  };
  const showRanges = (name) => { const box = [...ranges.children].find((one) => one.dataset.range === name); box?.replaceWith(range(name)); };

  // --- the mouse on the plot
  const nearest = (x, y) => {
    let best = -1, least = 9;
    const after = xs.findIndex((at) => at >= x);
    const left = after <= 0 ? (after === 0 ? 0 : xs.length - 2) : after - 1;
    const share = Math.min(1, Math.max(0, (x - xs[left]) / (xs[left + 1] - xs[left])));
    for (const row of chosen) {
      const from = yOf(places[left][row]), to = yOf(places[left + 1][row]);
      const apart = Math.abs(from + (to - from) * share - y) / Math.hypot(1, (to - from) / (xs[left + 1] - xs[left]));
      if (apart < least) { least = apart; best = row; }
    }
    return best;
  };
  const at = (event) => { const box = plot.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  const axisNear = (x) => xs.findIndex((one) => Math.abs(one - x) <= NEAR);
  plot.addEventListener("pointermove", (event) => {
    if (isBrushing || !table) return;
    const [x, y] = at(event);
    plot.style.cursor = axisNear(x) >= 0 ? "ns-resize" : "default";
    const row = nearest(x, y);
    if (row >= 0) { light(row); plot.style.cursor = axisNear(x) >= 0 ? "ns-resize" : "pointer"; }
  });
  plot.addEventListener("pointerleave", () => light(-1));
  plot.addEventListener("pointerdown", (down) => {
    if (!table || down.button !== 0 || down.pointerType === "touch") return;
    const [x, y] = at(down), axis = axisNear(x);
    if (axis < 0) return;
    down.preventDefault();
    plot.focus({ preventScroll: true });
    plot.setPointerCapture(down.pointerId);
    isBrushing = true;
    const name = axes[axis], old = brushes.get(name), scale = scales[axis];
    let start = placeAt(y), move = 0, held = null;
    if (old && !old.codes) {
      held = [old.low, old.high].map((value, end) => { const place = scale.at(value); return Number.isNaN(place) ? end : Math.min(1, Math.max(0, place)); });
      const edge = 7 / (floor() - TOP);
      if (Math.abs(start - held[0]) < edge) start = held[1];
      else if (Math.abs(start - held[1]) < edge) start = held[0];
      else if (start > held[0] && start < held[1]) move = start;
      else held = null;
    }
    let hasMoved = false;
    const moved = (event) => {
      const now = placeAt(at(event)[1]);
      if (Math.abs(at(event)[1] - y) < 3 && !hasMoved) return;
      hasMoved = true;
      if (move) {
        const by = Math.min(1 - held[1], Math.max(-held[0], now - move));
        span(name, axis, held[0] + by, held[1] + by);
      } else span(name, axis, Math.min(start, now), Math.max(start, now));
    };
    const end = () => {
      plot.removeEventListener("pointermove", moved);
      isBrushing = false;
      if (!hasMoved) brushes.delete(name);
      changed();
      showRanges(name);
      save();
    };
    plot.addEventListener("pointermove", moved);
    plot.addEventListener("pointerup", end, { once: true });
    plot.addEventListener("pointercancel", end, { once: true });
  });
  const span = (name, axis, from, to) => {
    const scale = scales[axis], column = table.columns.get(name);
    if (scale.kind === "category") {
      const codes = new Set(column.labels.map((_, code) => code).filter((code) => scale.at(code) >= from && scale.at(code) <= to));
      brushes.set(name, { codes, missing: false });
    } else brushes.set(name, { low: from <= 0 ? -Infinity : scale.back(from), high: to >= 1 ? Infinity : scale.back(to) });
    changed();
    showRanges(name);
  };
  plot.addEventListener("click", (event) => {
    if (!table) return;
    const [x, y] = at(event);
    if (axisNear(x) >= 0 && event.pointerType !== "touch") return;
    const row = nearest(x, y);
    if (row < 0) return;
    if (event.pointerType === "touch") light(row);
    else location.assign(`/run/${table.ids(row)[0]}`);
  });
  plot.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (step && chosen.length && !event.ctrlKey && !event.altKey) {
      event.preventDefault();
      const now = chosen.indexOf(lit);
      light(chosen[now < 0 ? (step > 0 ? 0 : chosen.length - 1) : (now + step + chosen.length) % chosen.length]);
    } else if (event.key === "Enter" && lit >= 0) location.assign(`/run/${table.ids(lit)[0]}`);
    else if (event.key === "Escape") { light(-1); if (brushes.size) { brushes.clear(); changed(); ranges.replaceChildren(...axes.map(range)); } }
  });

  // --- after a change: what is chosen, the picture, the table, the address
  let waiting = 0;
  const changed = (isNewLayout = false) => {
    if (isNewLayout) { measure(); controls(); tableHead(); }
    choose();
    if (lit >= 0 && !isIn[lit]) lit = -1;
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(draw);
    A.showChosen(table, chosen, columnsShown(), { isAll: chosen.length === table.count, light });
    const filter = $("#as-filter");
    filter.hidden = brushes.size === 0 || asked.has("run");
    filter.href = `/runs?where=${encodeURIComponent(where())}`;
    save();
  };
  const tableHead = () => { $("#chosen thead tr").replaceChildren(A.element("th", { textContent: "run" }), ...columnsShown().map((name) => A.element("th", { class: table.columns.get(name).kind === "category" ? "" : "n", textContent: A.clean(name) }))); };
  const packed = () => [...brushes].filter(([name]) => axes.includes(name)).map(([name, brush]) => {
    const column = table.columns.get(name);
    if (!brush.codes) return JSON.stringify([name, ...[brush.low, brush.high].map((end) => (Number.isFinite(end) ? Number(end.toPrecision(9)) : null))]);
    return JSON.stringify([name, [...brush.codes].map((code) => column.labels[code]), ...(brush.missing ? [1] : [])]);
  });
  const save = () => {
    A.keep((query) => {
      for (const name of ["brush", "log", "linear"]) query.delete(name);
      if (axes.join() !== JSON.parse(root.dataset.axes).join() || query.has("axes")) query.set("axes", axes.join(","));
      for (const one of packed()) query.append("brush", one);
      for (const [name, isLog] of wishes) if (axes.includes(name)) query.append(isLog ? "log" : "linear", name);
    });
    const form = $("#settings"), ticks = $$("[name=axes]", form);
    for (const tick of ticks) tick.checked = axes.includes(tick.value);
    for (const name of [...axes].reverse()) { const tick = ticks.find((one) => one.value === name); if (tick) $(".pick", form).prepend(tick.parentElement); }
    for (const old of $$("input[data-kept]", form)) old.remove();
    for (const name of ["brush", "log", "linear"]) {
      for (const value of new URL(location.href).searchParams.getAll(name)) { const kept = A.element("input", { type: "hidden", name, value }); kept.dataset.kept = "1"; form.append(kept); }
    }
  };
  const restore = () => {
    for (const text of asked.getAll("brush")) {
      let given;
      try { given = JSON.parse(text); } catch { continue; }
      if (!Array.isArray(given)) continue;
      const [name, low, high] = given, column = table.columns.get(name);
      if (!column || !axes.includes(name)) continue;
      if (column.kind === "category") {
        if (Array.isArray(low)) brushes.set(name, { codes: new Set(low.map((label) => column.labels.indexOf(label)).filter((code) => code >= 0)), missing: Boolean(high) });
      } else if (!Array.isArray(low)) brushes.set(name, { low: typeof low === "number" ? low : -Infinity, high: typeof high === "number" ? high : Infinity });
    }
  };
  const where = () => {
    const old = asked.get("where")?.trim();
    const all = old ? [`(${old})`] : [];
    for (const [name, brush] of brushes) {
      const field = A.field(name), column = table.columns.get(name);
      if (brush.codes) {
        const any = [...brush.codes].map((code) => `${field} = ${A.literal(column.labels[code])}`);
        if (brush.missing) any.push(`${field} is missing`);
        all.push(any.length ? `(${any.join(" or ")})` : "false = true");
      } else {
        if (Number.isFinite(brush.low)) all.push(`${field} >= ${Number(brush.low.toPrecision(9))}`);
        if (Number.isFinite(brush.high)) all.push(`${field} <= ${Number(brush.high.toPrecision(9))}`);
      }
    }
    return all.join(" and ");
  };

  const dress = () => {
    colors = A.palette();
    painted = A.paint(table, color, colors);
    A.legend($("[data-legend]", root), color, painted, colors, A.hasNone(color));
  };
  const start = async () => {
    table = await A.load(root.dataset.columns);
    color = root.dataset.color ? table.columns.get(root.dataset.color) : null;
    axes = axes.filter((name) => table.columns.has(name));
    order = Array.from({ length: table.count }, (_, row) => row);
    if (color && color.kind !== "category") {
      const sign = root.dataset.better === "lower" ? -1 : 1;
      const value = (row) => (Number.isFinite(color.values[row]) ? sign * color.values[row] : -Number.MAX_VALUE);
      order.sort((a, b) => value(b) - value(a));
    }
    restore();
    dress();
    changed(true);
    new ResizeObserver(() => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(draw); }).observe(plot);
    document.addEventListener("gnomon:theme", () => { dress(); draw(); });
    root.dataset.ready = "1";
  };
  start().catch((error) => { words.textContent = error.message; });
})();
