// Scatter: a point a run, or a mean with spread a group of seeds; a rectangle or a lasso chooses. State is in the address.
"use strict";
(() => {
  const A = window.gnomonAxes;
  const { $, $$ } = window.gnomon;
  const root = $("#scatter");
  if (!root) return;
  const LEFT = 76, RIGHT = 18, TOP = 16, BOTTOM = 46, NEAR = 12, MOST_CORNERS = 60;
  const plot = $(".plot", root), canvas = $("canvas.points", root), over = $("canvas.lit", root), words = $(".said-of", root);
  const asked = new URL(location.href).searchParams;
  const { x: xKey, y: yKey } = root.dataset;
  let table, x, y, color, colors, painted, xScale, yScale, xPlaces, yPlaces, tool = "box", lit = -1;
  let box = null, lasso = null, chosen = [], drawable = [], byX = [], drawn = null;

  const width = () => plot.clientWidth - LEFT - RIGHT, height = () => plot.clientHeight - TOP - BOTTOM;
  const xOf = (place) => LEFT + (0.02 + place * 0.96) * width();
  const yOf = (place) => TOP + (0.98 - place * 0.96) * height();
  const placeX = (pixel) => ((pixel - LEFT) / width() - 0.02) / 0.96;
  const placeY = (pixel) => (0.98 - (pixel - TOP) / height()) / 0.96;

  // --- what is chosen: a rectangle in values, or a lasso in places (0 to 1 of both axes)
  const inside = (row) => {
    const px = xPlaces[row], py = yPlaces[row];
    if (box) {
      const vx = x.values[row], vy = y.values[row];
      if (x.kind === "category" ? px < box.px[0] || px > box.px[1] : vx < box.x[0] || vx > box.x[1]) return false;
      return y.kind === "category" ? py >= box.py[0] && py <= box.py[1] : vy >= box.y[0] && vy <= box.y[1];
    }
    if (!lasso) return true;
    let isIn = false;
    for (let at = 0, before = lasso.length - 1; at < lasso.length; before = at++) {
      const [ax, ay] = lasso[at], [bx, by] = lasso[before];
      if (ay > py !== by > py && px < ((bx - ax) * (py - ay)) / (by - ay) + ax) isIn = !isIn;
    }
    return isIn;
  };

  // --- drawing
  const draw = () => {
    const started = performance.now();
    const { pen, width: whole, height: tall } = A.fit(canvas);
    pen.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    axes(pen, whole, tall);
    const isIn = new Set(chosen);
    const isAll = chosen.length === drawable.length;
    const size = drawable.length > 3000 ? 2 : drawable.length > 500 ? 3 : 4;
    const clear = Math.max(0.35, Math.min(0.9, 30 / Math.sqrt(Math.max(1, drawable.length))));
    const groups = new Map();
    for (const row of drawable) {
      const code = isAll || isIn.has(row) ? painted.of(row) : -1;
      if (!groups.has(code)) groups.set(code, []);
      groups.get(code).push(row);
    }
    for (const [code, rows] of [...groups].sort((a, b) => a[0] - b[0])) {
      pen.fillStyle = pen.strokeStyle = code < 0 ? colors.muted : painted.colors[code];
      if (table.isGrouped) {
        pen.globalAlpha = code < 0 ? 0.2 : 0.55;
        for (const row of rows) bars(pen, row);
      }
      pen.globalAlpha = code < 0 ? 0.22 : clear;
      pen.beginPath();
      for (const row of rows) {
        const px = xOf(xPlaces[row]), py = yOf(yPlaces[row]);
        pen.moveTo(px + size, py);
        pen.arc(px, py, size, 0, 6.2832);
      }
      pen.fill();
    }
    pen.globalAlpha = 1;
    drawOver();
    root.dataset.drawn = String(Math.round(performance.now() - started));
  };
  const bars = (pen, row) => {
    const px = xOf(xPlaces[row]), py = yOf(yPlaces[row]);
    pen.lineWidth = 1.25;
    pen.beginPath();
    for (const [column, scale, key, isUp] of [[x, xScale, xKey, false], [y, yScale, yKey, true]]) {
      const spread = table.columns.get(`${key}.spread`)?.values[row];
      if (!(spread > 0)) continue;
      const ends = [column.values[row] - spread, column.values[row] + spread].map((value) => scale.at(value)).map((place, end) => (Number.isNaN(place) ? end : place));
      const [low, high] = ends.map(isUp ? yOf : xOf);
      if (isUp) { pen.moveTo(px, low); pen.lineTo(px, high); } else { pen.moveTo(low, py); pen.lineTo(high, py); }
    }
    pen.stroke();
  };
  const axes = (pen, whole, tall) => {
    pen.strokeStyle = colors.line;
    pen.fillStyle = colors.muted;
    pen.lineWidth = 1;
    const most = (pixels, each) => Math.max(2, Math.floor(pixels / each));
    pen.textAlign = "center";
    pen.textBaseline = "top";
    for (const tick of A.ticksOf(x, xScale, most(width(), x.kind === "time" ? 150 : 84))) {
      const at = Math.round(xOf(tick.at)) + 0.5;
      pen.beginPath(); pen.moveTo(at, TOP); pen.lineTo(at, tall - BOTTOM + 4); pen.stroke();
      pen.fillText(fitted(pen, tick.text, x.kind === "category" ? width() / xScale.steps : 150), at, tall - BOTTOM + 8);
    }
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    for (const tick of A.ticksOf(y, yScale, most(height(), 52))) {
      const at = Math.round(yOf(tick.at)) + 0.5;
      pen.beginPath(); pen.moveTo(LEFT - 4, at); pen.lineTo(whole - RIGHT, at); pen.stroke();
      pen.fillText(fitted(pen, tick.text, LEFT - 12), LEFT - 8, at);
    }
    pen.fillStyle = colors.ink;
    pen.textAlign = "right";
    pen.textBaseline = "bottom";
    pen.fillText(`${A.short(xKey)} →`, whole - RIGHT, tall - 6);
    pen.textAlign = "left";
    pen.textBaseline = "top";
    const said = `↑ ${A.short(yKey)}`;
    pen.globalAlpha = 0.85;
    pen.fillStyle = colors.panel;
    pen.fillRect(LEFT + 4, 2, pen.measureText(said).width + 8, 18);
    pen.globalAlpha = 1;
    pen.fillStyle = colors.ink;
    pen.fillText(said, LEFT + 8, 5);
  };
  const fitted = (pen, text, room) => {
    let said = text;
    while (said.length > 2 && pen.measureText(said).width > room) said = `${said.slice(0, -2)}…`;
    return said;
  };
  const drawOver = () => {
    const { pen } = A.fit(over);
    pen.fillStyle = pen.strokeStyle = colors.accent;
    pen.lineWidth = 1;
    const corners = drawn ?? (box ? cornersOf(box) : lasso);
    if (corners && corners.length > 1) {
      pen.beginPath();
      corners.forEach(([px, py], at) => { if (at) pen.lineTo(xOf(px), yOf(py)); else pen.moveTo(xOf(px), yOf(py)); });
      pen.closePath();
      pen.globalAlpha = 0.1; pen.fill(); pen.globalAlpha = 1; pen.stroke();
    }
    if (lit < 0) return;
    pen.strokeStyle = colors.ink;
    pen.lineWidth = 2;
    pen.beginPath();
    pen.arc(xOf(xPlaces[lit]), yOf(yPlaces[lit]), 7, 0, 6.2832);
    pen.stroke();
  };
  const cornersOf = ({ x: [x0, x1], y: [y0, y1], px, py }) => {
    const [a, b] = px?.map(kept) ?? [edge(xScale, x0, -0.02), edge(xScale, x1, 1.02)];
    const [c, d] = py?.map(kept) ?? [edge(yScale, y0, -0.02), edge(yScale, y1, 1.02)];
    return [[a, c], [b, c], [b, d], [a, d]];
  };
  const edge = (scale, value, open) => { const place = scale.at(value); return Number.isNaN(place) ? open : kept(place); };
  const kept = (place) => Math.min(1.02, Math.max(-0.02, place));
  const light = (row) => {
    if (row === lit) return;
    lit = row;
    drawOver();
    for (const line of $$("#chosen tr.lit")) line.classList.remove("lit");
    if (row < 0) return;
    $(`#chosen tr[data-row="${row}"]`)?.classList.add("lit");
    words.replaceChildren(A.element("a", { href: linkOf(row), textContent: A.clean(table.name(row)) }));
    if (table.seeds) words.append(A.element("span", { class: "dim", textContent: A.plural(table.seeds[row], "seed") }));
    for (const key of keys()) words.append(A.element("span", {}, A.element("span", { class: "dim", textContent: `${A.short(key)} ` }), A.element("b", { textContent: A.cell(table, key, row) })));
  };
  const keys = () => [...new Set([xKey, yKey, ...(color ? [color.key] : [])])];
  const linkOf = (row) => { const ids = table.ids(row); return ids.length === 1 ? `/run/${ids[0]}` : `/compare?${ids.slice(0, 200).map((id) => `run=${id}`).join("&")}`; };

  // --- the mouse
  const at = (event) => { const area = plot.getBoundingClientRect(); return [event.clientX - area.left, event.clientY - area.top]; };
  const nearest = (px, py) => {
    let best = -1, least = NEAR * NEAR;
    for (const row of chosen) {
      const dx = xOf(xPlaces[row]) - px, dy = yOf(yPlaces[row]) - py, apart = dx * dx + dy * dy;
      if (apart < least) { least = apart; best = row; }
    }
    return best;
  };
  plot.addEventListener("pointermove", (event) => {
    if (!table || drawn) return;
    const row = nearest(...at(event));
    plot.style.cursor = row >= 0 ? "pointer" : "crosshair";
    light(row);
  });
  plot.addEventListener("pointerleave", () => light(-1));
  plot.addEventListener("pointerdown", (down) => {
    if (!table || down.button !== 0 || down.pointerType === "touch") return;
    const [startX, startY] = at(down), isLasso = tool === "lasso" || down.shiftKey;
    down.preventDefault();
    plot.focus({ preventScroll: true });
    plot.setPointerCapture(down.pointerId);
    const moved = (event) => {
      const [px, py] = at(event);
      if (!drawn && Math.hypot(px - startX, py - startY) < 4) return;
      const start = [placeX(startX), placeY(startY)], now = [placeX(px), placeY(py)];
      if (!isLasso) drawn = [start, [now[0], start[1]], now, [start[0], now[1]]];
      else if (!drawn) drawn = [start, now];
      else drawn.push(now);
      drawOver();
    };
    const end = (event) => {
      plot.removeEventListener("pointermove", moved);
      const corners = drawn;
      drawn = null;
      if (event.type === "pointercancel") { drawOver(); return; }
      if (!corners) { const row = nearest(startX, startY); if (row >= 0) location.assign(linkOf(row)); return; }
      if (isLasso) { box = null; const every = Math.ceil(corners.length / MOST_CORNERS); lasso = corners.filter((_, place) => place % every === 0).map((pair) => pair.map((part) => Number(part.toFixed(4)))); }
      else { lasso = null; box = boxOf(corners[0], corners[2]); }
      changed();
    };
    plot.addEventListener("pointermove", moved);
    plot.addEventListener("pointerup", end, { once: true });
    plot.addEventListener("pointercancel", end, { once: true });
  });
  const boxOf = (a, b) => {
    const made = {};
    for (const [axis, column, scale, index] of [["x", x, xScale, 0], ["y", y, yScale, 1]]) {
      const ends = [Math.min(a[index], b[index]), Math.max(a[index], b[index])];
      made[`p${axis}`] = column.kind === "category" ? ends.map((end) => Number(end.toFixed(4))) : null;
      made[axis] = column.kind === "category" ? [-Infinity, Infinity] : ends.map((end) => Number(scale.back(end).toPrecision(6)));
    }
    return made;
  };
  plot.addEventListener("click", (event) => { if (table && event.pointerType === "touch") light(nearest(...at(event))); });
  plot.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    const rows = byX.filter((row) => !isChosen || isChosen.has(row));
    if (step && rows.length && !event.ctrlKey && !event.altKey) {
      event.preventDefault();
      const now = rows.indexOf(lit);
      light(rows[now < 0 ? (step > 0 ? 0 : rows.length - 1) : (now + step + rows.length) % rows.length]);
    } else if (event.key === "Enter" && lit >= 0) location.assign(linkOf(lit));
    else if (event.key === "Escape") { light(-1); if (box || lasso) clear(); }
  });

  // --- typed ranges, tools
  const field = (name) => $(`#${name}`, root);
  const showBox = () => {
    for (const axis of ["x", "y"]) {
      const ends = box?.[axis] ?? [-Infinity, Infinity];
      field(`${axis}-low`).value = Number.isFinite(ends[0]) ? ends[0] : "";
      field(`${axis}-high`).value = Number.isFinite(ends[1]) ? ends[1] : "";
    }
  };
  const typed = () => {
    const range = (axis) => [field(`${axis}-low`).value === "" ? -Infinity : Number(field(`${axis}-low`).value), field(`${axis}-high`).value === "" ? Infinity : Number(field(`${axis}-high`).value)];
    const made = { x: range("x"), y: range("y"), px: x.kind === "category" ? [-1, 2] : null, py: y.kind === "category" ? [-1, 2] : null };
    lasso = null;
    box = [...made.x, ...made.y].some(Number.isFinite) ? made : null;
    changed();
  };
  const clear = () => { box = lasso = null; changed(); };
  for (const button of $$("[data-tool]", root)) {
    button.addEventListener("click", () => {
      tool = button.dataset.tool;
      for (const one of $$("[data-tool]", root)) one.setAttribute("aria-pressed", String(one === button));
    });
  }
  $("[data-clear]", root).addEventListener("click", () => { clear(); plot.focus(); });

  // --- after a change: the picture, the table, the address
  let isChosen = null, waiting = 0;
  const changed = () => {
    chosen = box || lasso ? drawable.filter(inside) : drawable;
    isChosen = box || lasso ? new Set(chosen) : null;
    if (lit >= 0 && isChosen && !isChosen.has(lit)) lit = -1;
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(draw);
    showBox();
    $("[data-clear]", root).hidden = !(box || lasso);
    A.showChosen(table, chosen, keys(), { isAll: !(box || lasso), light });
    A.keep((query) => {
      query.delete("box");
      query.delete("lasso");
      const end = (value) => (Number.isFinite(value) ? value : null);
      if (box) query.set("box", JSON.stringify([box.px ?? box.x.map(end), box.py ?? box.y.map(end)]));
      if (lasso) query.set("lasso", JSON.stringify(lasso));
    });
  };
  const restore = () => {
    const parsed = (name) => { try { return JSON.parse(asked.get(name) ?? "null"); } catch { return null; } };
    const isPair = (one) => Array.isArray(one) && one.length === 2 && one.every((part) => part === null || typeof part === "number");
    const given = parsed("box"), corners = parsed("lasso");
    if (Array.isArray(given) && given.length === 2 && given.every(isPair)) {
      const open = ([low, high]) => [low ?? -Infinity, high ?? Infinity];
      box = { x: [-Infinity, Infinity], y: [-Infinity, Infinity], px: null, py: null };
      if (x.kind === "category") box.px = open(given[0]); else box.x = open(given[0]);
      if (y.kind === "category") box.py = open(given[1]); else box.y = open(given[1]);
    } else if (Array.isArray(corners) && corners.length > 2 && corners.every((one) => isPair(one) && !one.includes(null))) lasso = corners.slice(0, 2 * MOST_CORNERS);
  };
  const tableHead = () => $("#chosen thead tr").replaceChildren(A.element("th", { textContent: table.isGrouped ? "group of seeds" : "run" }), ...keys().map((name) => A.element("th", { class: table.columns.get(name).kind === "category" ? "" : "n", textContent: A.clean(name) })));
  const dress = () => {
    colors = A.palette();
    painted = A.paint(table, color, colors);
    const box = $("[data-legend]", root);
    A.legend(box, color, painted, colors, A.hasNone(color));
    const left = table.count - drawable.length;
    if (left) box.append(A.element("span", { textContent: `${A.plural(left, table.isGrouped ? "group" : "run")} without a place here: no value, or none that the axis can show` }));
  };
  const start = async () => {
    table = await A.load(root.dataset.columns);
    [x, y] = [table.columns.get(xKey), table.columns.get(yKey)];
    color = root.dataset.color ? table.columns.get(root.dataset.color) : null;
    xScale = A.scaleOf(x, Boolean(root.dataset.logX));
    yScale = A.scaleOf(y, Boolean(root.dataset.logY));
    const rows = Array.from({ length: table.count }, (_, row) => row);
    [xPlaces, yPlaces] = [[x, xScale], [y, yScale]].map(([column, scale]) => (scale.kind === "category" ? spreadOut(column, scale) : Float32Array.from(column.values, (value) => scale.at(value))));
    drawable = rows.filter((row) => !Number.isNaN(xPlaces[row]) && !Number.isNaN(yPlaces[row]));
    byX = [...drawable].sort((a, b) => xPlaces[a] - xPlaces[b]);
    for (const [axis, column] of [["x", x], ["y", y]]) for (const end of ["low", "high"]) { const input = field(`${axis}-${end}`); input.disabled = column.kind === "category" || column.kind === "time"; input.addEventListener("change", typed); }
    restore();
    dress();
    tableHead();
    changed();
    new ResizeObserver(() => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(draw); }).observe(plot);
    document.addEventListener("gnomon:theme", () => { dress(); draw(); });
    root.dataset.ready = "1";
  };
  // Points of one category stand beside each other, always in the same place.
  const spreadOut = (column, scale) => Float32Array.from(column.values, (value, row) => scale.at(value) + ((((row * 0.618034) % 1) - 0.5) * 0.5) / scale.steps);
  start().catch((error) => { words.textContent = error.message; });
})();
