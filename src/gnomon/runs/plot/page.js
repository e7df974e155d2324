// Values under the pointer, zoom, lines that come and go. What is drawn before this runs is the picture itself; what this
// draws anew, it draws by the same rules (runs/plot/svg.py and scale.py). Texts are set as text, never as markup.
"use strict";
(() => {
  const plot = JSON.parse(document.getElementById("gn-data").textContent);
  const stage = document.querySelector(".gn-stage");
  const picture = stage.querySelector("svg");
  const SVG = "http://www.w3.org/2000/svg";
  const hidden = new Set();
  let zoom = null; // [low, high] of x
  const panels = plot.panels.map((panel, number) => {
    const group = picture.querySelector(`.gn-panel[data-panel="${number}"]`);
    return { ...panel, group, frame: group.querySelector(".gn-lines"), axes: group.querySelector(".gn-axes") };
  });
  const drawn = panels.filter((panel) => panel.frame);
  for (const panel of drawn) {
    panel.elements = [...panel.frame.querySelectorAll(".gn-line")];
    panel.before = { axes: panel.axes.innerHTML, lines: panel.elements.map((line) => [...line.querySelectorAll("[d]")].map((p) => p.getAttribute("d"))) };
    panel.x = { ...plot.x };
    panel.yNow = { ...panel.y };
  }

  const make = (name, attributes, text) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const at = (scale, value) => scale.log
    ? (value > 0 ? (Math.log10(value) - Math.log10(scale.low)) / (Math.log10(scale.high) - Math.log10(scale.low)) : NaN)
    : (value / 2 - scale.low / 2) / (scale.high / 2 - scale.low / 2);
  const back = (scale, share) => scale.log
    ? 10 ** (Math.log10(scale.low) + share * (Math.log10(scale.high) - Math.log10(scale.low)))
    : scale.low * (1 - share) + scale.high * share;
  const round = (number) => Math.round(number * 10) / 10;
  const number = (value) => value === null || value !== value ? "–" : String(Number(value.toPrecision(6)));
  const xText = (x) => plot.x.kind === "moment" ? new Date(x * 1000).toISOString().replace("T", " ").replace(/\.?0*Z$/, " UTC")
    : plot.x.kind === "seconds" ? `${number(x)} s` : number(x);

  // --- ticks

  function ticks(scale, about) {
    const unit = scale.kind === "seconds" ? plot.x.unit : 1;
    const low = scale.low / unit, high = scale.high / unit, found = [];
    if (scale.log && Math.log10(high / low) >= 1) {
      const stride = Math.max(1, Math.ceil(Math.log10(high / low) / about));
      for (let power = Math.ceil(Math.log10(low)); power <= Math.log10(high); power += stride) found.push(10 ** power);
      if (found.length > 1) return found.map((value) => [value * unit, value < 1e6 && value > 1e-5 ? number(value) : `1e${Math.round(Math.log10(value))}`]);
      found.length = 0;
    }
    const raw = Math.max((high / 2 - low / 2) / about * 2, scale.kind === "whole" ? 1 : 0);
    if (!(raw > 0)) return [[scale.low, number(low)]];
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((digit) => digit * power).sort((a, b) => Math.abs(Math.log(a / raw)) - Math.abs(Math.log(b / raw)))[0];
    for (let k = Math.ceil(low / step); k * step <= high && found.length < 40; k++) found.push(Number((k * step).toPrecision(12)));
    if (scale.kind === "moment") return found.map((value) => [value, new Date(value * 1000).toISOString().slice(5, 19).replace("T", " ")]);
    const digits = Math.max(0, Math.min(15, -Math.floor(Math.log10(step) + 1e-9)));
    const large = Math.max(Math.abs(low), Math.abs(high));
    return found.map((value) => [value * unit, large >= 1e6 || large < 1e-3 ? value.toPrecision(4).replace(/\.?0+(e|$)/, "$1") : value.toFixed(digits)]);
  }

  // --- drawing anew

  function yRange(panel) {
    let low = Infinity, high = -Infinity;
    for (const line of panel.lines) {
      if (hidden.has(line.key)) continue;
      for (const [xs, ys] of [[line.x, line.y], [line.x, line.low], [line.x, line.high], line.raw || [[], []]]) {
        if (!ys) continue;
        for (let i = 0; i < ys.length; i++) {
          if (ys[i] === null || xs[i] < panel.x.low || xs[i] > panel.x.high || (panel.y.log && !(ys[i] > 0))) continue;
          if (ys[i] < low) low = ys[i];
          if (ys[i] > high) high = ys[i];
        }
      }
    }
    if (!(low <= high)) return panel.yNow;
    if (panel.y.log) {
      const more = low < high ? (high / low) ** 0.04 : 2;
      return { ...panel.y, low: low / more, high: high * more };
    }
    const more = (high / 2 - low / 2) * 0.08 || Math.abs(low) * 0.1 || 0.5;
    return { ...panel.y, low: low - more, high: high + more };
  }

  function point(panel, x, y) {
    return `${round(at(panel.x, x) * panel.box[2])} ${round((1 - at(panel.yNow, y)) * panel.box[3])}`;
  }

  function path(panel, xs, ys) {
    let out = "", open = false;
    for (let i = 0; i < xs.length; i++) {
      if (ys[i] === null || (panel.y.log && !(ys[i] > 0))) { open = false; continue; }
      out += (open ? "L" : "M") + point(panel, xs[i], ys[i]);
      open = true;
    }
    return out || "M0 0";
  }

  function area(panel, line) {
    let out = "", there = [], behind = [];
    const close = () => { if (there.length > 1) out += `M${[...there, ...behind.reverse()].join("L")}Z`; there = []; behind = []; };
    for (let i = 0; i < line.x.length; i++) {
      if (line.high[i] === null || line.low[i] === null) { close(); continue; }
      there.push(point(panel, line.x[i], line.high[i]));
      behind.push(point(panel, line.x[i], panel.y.log ? Math.max(line.low[i], panel.yNow.low) : line.low[i]));
    }
    close();
    return out || "M0 0";
  }

  function whiskers(panel, line) {
    const has = (i) => i >= 0 && i < line.x.length && line.high[i] !== null && line.low[i] !== null;
    let out = "";
    for (let i = 0; i < line.x.length; i++) {
      if (!has(i) || has(i - 1) || has(i + 1)) continue;
      const ends = [line.high[i], panel.y.log ? Math.max(line.low[i], panel.yNow.low) : line.low[i]].map((y) => point(panel, line.x[i], y));
      out += `M${ends.join("L")}` + ends.map((end) => `M${end}m-4 0h8`).join("");
    }
    return out || "M0 0";
  }

  function draw() {
    const isFirst = zoom === null && hidden.size === 0;
    for (const panel of drawn) {
      panel.x = zoom === null ? { ...plot.x } : { ...plot.x, low: zoom[0], high: zoom[1] };
      panel.yNow = isFirst ? { ...panel.y } : yRange(panel);
      panel.frame.setAttribute("overflow", isFirst ? "visible" : "hidden");
      panel.elements.forEach((element, index) => {
        const line = panel.lines[index];
        element.classList.toggle("gn-hidden", hidden.has(line.key));
        const paths = [...element.querySelectorAll("[d]")];
        if (isFirst) paths.forEach((one, k) => one.setAttribute("d", panel.before.lines[index][k]));
        else for (const one of paths) {
          const kind = one.dataset.of;
          one.setAttribute("d", kind === "band" ? area(panel, line) : kind === "whiskers" ? whiskers(panel, line) : kind === "raw" ? path(panel, ...line.raw) : path(panel, line.x, line.y));
        }
        for (const dot of element.querySelectorAll("circle")) {
          dot.setAttribute("cx", round(at(panel.x, Number(dot.dataset.x)) * panel.box[2]));
          dot.setAttribute("cy", round((1 - at(panel.yNow, Number(dot.dataset.y))) * panel.box[3]));
        }
      });
      if (isFirst) panel.axes.innerHTML = panel.before.axes;
      else drawAxes(panel);
    }
    for (const key of picture.querySelectorAll(".gn-key")) {
      const isOff = hidden.has(Number(key.dataset.key));
      key.classList.toggle("gn-off", isOff);
      key.setAttribute("aria-pressed", String(!isOff));
    }
    for (const box of document.querySelectorAll("input[data-key]")) box.checked = !hidden.has(Number(box.dataset.key));
    document.getElementById("gn-reset").hidden = isFirst;
  }

  function drawAxes(panel) {
    const [left, top, width, height] = panel.box;
    const out = [];
    for (const [value, text] of ticks(panel.yNow, Math.max(2, Math.min(7, Math.round(height / 60))))) {
      const y = round(top + (1 - at(panel.yNow, value)) * height);
      out.push(make("path", { class: "gn-grid", d: `M${left} ${y}h${width}`, stroke: "#e4e7eb" }));
      out.push(make("text", { class: "gn-muted", x: left - 7, y, dy: "0.35em", "text-anchor": "end" }, text));
    }
    for (const [value, text] of ticks(panel.x, Math.max(2, Math.min(8, Math.round(width / 110))))) {
      const x = round(left + at(panel.x, value) * width);
      out.push(make("path", { class: "gn-axis", d: `M${x} ${top + height}v4`, stroke: "#59636e" }));
      out.push(make("text", { class: "gn-muted", x, y: top + height + 16, "text-anchor": "middle" }, text));
    }
    out.push(make("path", { class: "gn-axis", d: `M${left} ${top + height}h${width}`, stroke: "#59636e" }));
    panel.axes.replaceChildren(...out);
  }

  // --- lines that come and go

  function toggle(key, isAlone) {
    const all = plot.keys.map((_, number) => number);
    if (isAlone) {
      const wasAlone = hidden.size === all.length - 1 && !hidden.has(key);
      hidden.clear();
      if (!wasAlone) all.filter((one) => one !== key).forEach((one) => hidden.add(one));
    } else if (!hidden.delete(key)) hidden.add(key);
    faint(null);
    draw();
  }
  const faint = (key) => {
    for (const element of picture.querySelectorAll(".gn-line")) element.classList.toggle("gn-faint", key !== null && !hidden.has(key) && Number(element.dataset.key) !== key);
  };
  for (const element of picture.querySelectorAll(".gn-key")) {
    const key = Number(element.dataset.key);
    element.setAttribute("tabindex", "0");
    element.setAttribute("role", "button");
    element.addEventListener("click", (event) => toggle(key, event.shiftKey || event.altKey));
    element.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); toggle(key, event.shiftKey); }
    });
    element.addEventListener("pointerenter", () => faint(key));
    element.addEventListener("pointerleave", () => faint(null));
  }
  for (const box of document.querySelectorAll("input[data-key]")) {
    box.disabled = false;
    box.addEventListener("change", () => toggle(Number(box.dataset.key), false));
  }
  document.getElementById("gn-reset").addEventListener("click", () => { zoom = null; hidden.clear(); draw(); });

  // --- values under the pointer, and zoom

  const tip = document.createElement("div");
  tip.className = "gn-tip";
  tip.hidden = true;
  stage.append(tip);
  const nearest = (xs, x, isSorted) => {
    let low = 0, high = xs.length - 1;
    if (!isSorted) {
      let best = 0;
      for (let i = 1; i < xs.length; i++) if (Math.abs(xs[i] - x) < Math.abs(xs[best] - x)) best = i;
      return best;
    }
    while (high - low > 1) { const middle = (low + high) >> 1; if (xs[middle] < x) low = middle; else high = middle; }
    return Math.abs(xs[low] - x) <= Math.abs(xs[high] - x) ? low : high;
  };
  const inside = (panel, event) => {
    const ctm = picture.getScreenCTM();
    return [(event.clientX - ctm.e) / ctm.a - panel.box[0], (event.clientY - ctm.f) / ctm.d - panel.box[1]];
  };
  for (const panel of drawn) {
    const [left, top, width, height] = panel.box;
    for (const line of panel.lines) line.isSorted = line.x.every((x, i) => i === 0 || line.x[i - 1] <= x);
    const layer = make("g", {});
    const rule = make("path", { class: "gn-rule", d: "", visibility: "hidden" });
    const chosen = make("rect", { class: "gn-chosen", y: top, height, visibility: "hidden" });
    const dots = make("g", {});
    const hit = make("rect", { class: "gn-hit", x: left, y: top, width, height });
    layer.append(rule, chosen, dots, hit);
    picture.append(layer);
    let start = null;
    const leave = () => { tip.hidden = true; rule.setAttribute("visibility", "hidden"); dots.replaceChildren(); };
    hit.addEventListener("pointerleave", leave);
    hit.addEventListener("pointerdown", (event) => { if (event.button === 0) { start = inside(panel, event)[0]; hit.setPointerCapture(event.pointerId); } });
    hit.addEventListener("pointercancel", () => { start = null; chosen.setAttribute("visibility", "hidden"); });
    hit.addEventListener("pointerup", (event) => {
      chosen.setAttribute("visibility", "hidden");
      if (start === null) return;
      const ends = [start, Math.max(0, Math.min(width, inside(panel, event)[0]))].sort((a, b) => a - b);
      start = null;
      if (ends[1] - ends[0] < 5) return;
      zoom = ends.map((end) => back(panel.x, end / width));
      draw();
      leave();
    });
    hit.addEventListener("dblclick", () => { zoom = null; draw(); });
    hit.addEventListener("pointermove", (event) => {
      const [px, py] = inside(panel, event);
      if (start !== null) {
        const end = Math.max(0, Math.min(width, px));
        chosen.setAttribute("x", left + Math.min(start, end));
        chosen.setAttribute("width", Math.abs(end - start));
        chosen.setAttribute("visibility", "visible");
      }
      show(panel, px, py, rule, dots, event);
    });
  }

  function show(panel, px, py, rule, dots, event) {
    const [left, top, width, height] = panel.box;
    const x = back(panel.x, px / width);
    const found = [];
    panel.lines.forEach((line, index) => {
      if (hidden.has(line.key) || !line.x.length) return;
      const i = nearest(line.x, x, line.isSorted);
      const across = at(panel.x, line.x[i]), up = at(panel.yNow, line.y[i]);
      if (line.y[i] === null || !(across >= -0.001 && across <= 1.001) || Math.abs(across * width - px) > 40) return;
      found.push({ line, i, across: across * width, down: (1 - up) * height, far: Math.abs((1 - up) * height - py) });
    });
    found.sort((a, b) => a.far - b.far);
    const shown = found.slice(0, 12);
    tip.hidden = shown.length === 0;
    dots.replaceChildren();
    rule.setAttribute("visibility", shown.length ? "visible" : "hidden");
    if (!shown.length) return;
    const lead = shown[0];
    rule.setAttribute("d", `M${left + lead.across} ${top}v${height}`);
    const rows = [document.createElement("p")];
    rows[0].textContent = `${plot.x.name} ${xText(lead.line.x[lead.i])}`;
    for (const one of shown) {
      const shade = getComputedStyle(picture.querySelector(`.gn-s${one.line.key}`)).stroke;
      if (one.down >= -1 && one.down <= height + 1) {
        const dot = make("circle", { class: "gn-dot", cx: left + one.across, cy: top + one.down, r: 3.5 });
        dot.style.fill = shade;
        dots.append(dot);
      }
      const row = document.createElement("p"), mark = document.createElement("i"), name = document.createElement("span"), value = document.createElement("span");
      mark.style.background = shade;
      name.textContent = one.line.label ?? plot.keys[one.line.key];
      const y = one.line.y[one.i], high = one.line.high && one.line.high[one.i];
      value.textContent = number(y) + (high !== null && high !== undefined ? ` ± ${Number((high - y).toPrecision(2))}` : "")
        + (one.line.x[one.i] !== lead.line.x[lead.i] ? ` (${plot.x.name} ${xText(one.line.x[one.i])})` : "");
      row.append(mark, name, value);
      rows.push(row);
    }
    if (found.length > shown.length) {
      const more = document.createElement("p");
      more.textContent = `and ${found.length - shown.length} more`;
      rows.push(more);
    }
    tip.replaceChildren(...rows);
    const place = stage.getBoundingClientRect();
    const across = event.clientX - place.left, isRight = across > place.width / 2;
    tip.style.left = isRight ? "" : `${across + 16}px`;
    tip.style.right = isRight ? `${place.width - across + 16}px` : "";
    tip.style.top = `${event.clientY - place.top + 12}px`;
  }

  // --- the drawn points as a table, made when it is opened

  const points = document.getElementById("gn-points");
  points.addEventListener("toggle", () => {
    if (!points.open || points.querySelector("table")) return;
    const table = document.createElement("table"), head = table.createTHead().insertRow(), body = table.createTBody();
    const hasMeans = plot.panels.some((panel) => panel.lines.some((line) => line.low));
    for (const text of ["line", "metric", plot.x.name, "value", ...(hasMeans ? ["low", "high", "runs"] : [])]) {
      const cell = document.createElement("th");
      cell.textContent = text;
      head.append(cell);
    }
    let rows = 0;
    for (const panel of plot.panels) for (const line of panel.lines) for (let i = 0; i < line.x.length && rows < 5000; i++, rows++) {
      const row = body.insertRow();
      const means = line.low ? [number(line.low[i]), number(line.high[i]), line.runs[i]] : hasMeans ? ["", "", ""] : [];
      for (const text of [line.label ?? plot.keys[line.key], line.metric, xText(line.x[i]), line.y[i] === null ? "–" : line.y[i], ...means]) row.insertCell().textContent = text;
    }
    const box = document.createElement("div");
    box.className = "gn-scroll";
    box.append(table);
    points.append(box);
    if (rows === 5000) points.append("The first 5,000 points; `gnomon plot … --csv` prints all.");
  });
  draw();
})();
