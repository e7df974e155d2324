// What the pictures of many runs share: columns as the server packs them, scales, ticks, colours, the table of what is chosen.
"use strict";
(() => {
  const { $ } = window.gnomon;
  const NONE = 65535;
  const BUCKETS = 24;

  // --- columns: see runs/pages/many_rows.py for the layout
  const load = async (address) => {
    const response = await fetch(address, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(await window.gnomon.said(response));
    return unpack(await response.arrayBuffer());
  };
  const unpack = (buffer) => {
    const length = new DataView(buffer).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    const start = Math.ceil((4 + length) / 8) * 8;
    const bytes = new Uint8Array(buffer, start, header.ids * 10);
    const idAt = (place) => Array.from(bytes.subarray(place * 10, place * 10 + 10), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const count = header.names.length;
    const firsts = [];
    let next = 0;
    for (let row = 0; row < count; row++) { firsts.push(next); next += header.members ? header.members[row] : 1; }
    const columns = new Map();
    for (const one of header.columns) {
      const kinds = { f4: Float32Array, f8: Float64Array, u2: Uint16Array };
      let values = new kinds[one.type](buffer, start + one.at, count);
      if (one.type === "u2") values = Float32Array.from(values, (code) => (code === NONE ? NaN : code));
      columns.set(one.key, { ...one, values, nan: new Set(one.nan ?? []) });
    }
    return {
      count, total: header.total, names: header.names, columns, seeds: header.seeds ?? null, isGrouped: Boolean(header.members),
      ids: (row) => Array.from({ length: header.members ? header.members[row] : 1 }, (_, at) => idAt(firsts[row] + at)),
      name: (row) => header.names[row] || idAt(firsts[row]).slice(0, 8),
    };
  };

  // --- words
  const number = (value) => {
    if (Number.isNaN(value)) return "nan";
    if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
    if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value);
    const size = Math.abs(value);
    if (size && (size < 1e-4 || size >= 1e9)) return Number(value.toPrecision(6)).toExponential();
    return String(Number(value.toPrecision(6)));
  };
  const moment = (seconds) => {
    const at = new Date(seconds * 1000);
    const two = (part) => String(part).padStart(2, "0");
    return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
  };
  const clean = (text) => String(text).replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (char) => (char === "\u200d" ? char : "\ufffd"));
  const label = (column, code) => clean(column.labels[code]);
  const text = (column, row) => {
    const value = column.values[row];
    if (Number.isNaN(value)) return column.nan.has(row) ? "nan" : "–";
    if (column.kind === "category") return label(column, value);
    return column.kind === "time" ? moment(value) : number(value);
  };
  const short = (key) => clean(key.replace(/^(params|metrics)\./, ""));

  // --- scales: a place from 0 to 1, or NaN where there is none
  const scaleOf = (column, wish) => {
    if (column.kind === "category") {
      const steps = Math.max(1, column.labels.length);
      return { kind: "category", steps, at: (code) => (code + 0.5) / steps, back: (place) => place * steps - 0.5, canLog: false };
    }
    let low = Infinity, high = -Infinity, least = Infinity;
    for (const value of column.values) {
      if (!Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
      if (value > 0 && value < least) least = value;
    }
    const isEmpty = low > high;
    if (isEmpty) { low = 0; high = 1; }
    const canLog = column.kind === "number" && high > 0 && least < high;
    const isLog = canLog && (wish ?? (low > 0 && high / low >= 30 && middle(column.values) - low < 0.2 * (high - low)));
    const from = isLog ? Math.log(least) : low;
    const to = isLog ? Math.log(high) : high;
    const width = to - from;
    const at = (value) => {
      if (!Number.isFinite(value) || (isLog && value <= 0)) return NaN;
      if (width <= 0) return 0.5;
      return ((isLog ? Math.log(value) : value) - from) / width;
    };
    const back = (place) => {
      const value = width > 0 ? from + place * width : from;
      return isLog ? Math.exp(value) : value;
    };
    return { kind: isLog ? "log" : "linear", low: isLog ? least : low, high, at, back, canLog, isEmpty };
  };
  const middle = (values) => {
    const sorted = Float64Array.from(values.filter(Number.isFinite)).sort();
    return sorted[sorted.length >> 1];
  };
  const isWhole = (column) => column.values.every((value) => !Number.isFinite(value) || Number.isInteger(value));
  const ticksOf = (column, scale, most) => {
    if (scale.kind === "category") {
      const every = Math.max(1, Math.ceil(scale.steps / most));
      return column.labels.map((_, code) => ({ at: scale.at(code), text: label(column, code) })).filter((_, code) => code % every === 0);
    }
    const { low, high, isEmpty } = scale;
    if (isEmpty) return [];
    if (!(high > low)) return [{ at: 0.5, text: column.kind === "time" ? moment(low) : number(low) }];
    const found = [];
    if (scale.kind === "log") {
      const from = Math.floor(Math.log10(low)), to = Math.ceil(Math.log10(high));
      const within = (value) => value >= low * 0.999 && value <= high * 1.001;
      const decades = [];
      for (let power = from; power <= to; power++) if (within(10 ** power)) decades.push(power);
      const every = Math.max(1, Math.ceil(decades.length / most));
      for (const power of decades) if ((power - decades[0]) % every === 0) found.push(10 ** power);
      if (decades.length < 3 && most >= 4) for (let power = from; power <= to; power++) for (const digit of [2, 5]) if (within(digit * 10 ** power)) found.push(digit * 10 ** power);
      return found.sort((a, b) => a - b).map((value) => ({ at: scale.at(value), text: number(Number(value.toPrecision(3))) }));
    }
    const rough = (high - low) / most;
    const unit = 10 ** Math.floor(Math.log10(rough));
    let step = [1, 2, 5, 10].map((times) => times * unit).find((one) => one >= rough);
    if (step < 1 && isWhole(column)) step = 1;
    for (let times = Math.ceil(low / step - 1e-9); times * step <= high + step * 1e-9; times++) found.push(times * step);
    return found.map((value) => ({ at: scale.at(value), text: column.kind === "time" ? moment(value) : number(Number(value.toPrecision(12))) }));
  };

  // Places of rows on an axis; many rows of one value are spread over a band, in the order of `order`, so that their number is seen.
  const placesOf = (column, scale, order) => {
    const places = Float32Array.from(column.values, (value) => scale.at(value));
    const counts = new Map();
    for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1);
    if (places.length < 40 || counts.size > 24) return places;
    const sorted = [...counts.keys()].filter((place) => !Number.isNaN(place)).sort((a, b) => a - b);
    let gap = 1;
    for (let at = 1; at < sorted.length; at++) gap = Math.min(gap, sorted[at] - sorted[at - 1]);
    const band = scale.kind === "category" ? 0.6 / scale.steps : Math.min(0.04, gap * 0.6);
    const most = Math.max(...counts.values());
    const seen = new Map();
    for (const row of order) {
      const place = places[row];
      if (Number.isNaN(place)) continue;
      const count = counts.get(place), at = seen.get(place) ?? 0;
      seen.set(place, at + 1);
      const wide = band * (count / most);
      const middleOf = scale.kind === "category" ? place : Math.min(1 - wide / 2, Math.max(wide / 2, place));
      places[row] = middleOf + wide * (0.5 - (at + 0.5) / count);
    }
    return places;
  };

  // --- colours: those of the tokens, as they are now
  const probe = document.createElement("span");
  probe.hidden = true;
  const token = (name) => {
    if (!probe.isConnected) document.body.append(probe);
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const parts = (color) => color.match(/[\d.]+/g).slice(0, 3).map(Number);
  const palette = () => {
    const stops = [0, 1, 2, 3].map((at) => parts(token(`order-${at}`)));
    const mix = (share) => {
      const place = Math.min(2.999, Math.max(0, share * 3));
      const from = stops[Math.floor(place)], to = stops[Math.floor(place) + 1];
      return `rgb(${from.map((part, at) => Math.round(part + (to[at] - part) * (place % 1))).join(" ")})`;
    };
    return {
      ink: token("ink"), muted: token("muted"), line: token("line"), strong: token("line-strong"), panel: token("panel"), accent: token("accent"),
      order: Array.from({ length: BUCKETS }, (_, at) => mix(at / (BUCKETS - 1))),
      lines: Array.from({ length: 8 }, (_, at) => token(`line-${at}`)), plain: token("accent"), mix,
    };
  };
  // Returns of each row the place of its colour, and the colours; the last one is for rows without a value.
  const paint = (table, column, colors) => {
    const none = colors.strong;
    if (!column) return { of: () => 0, colors: [colors.plain] };
    if (column.kind === "category") {
      const many = Math.min(column.labels.length, 8);
      const shown = column.labels.length > 8 ? 7 : many;
      const list = [...colors.lines.slice(0, shown), ...(column.labels.length > 8 ? [colors.muted] : []), none];
      return { of: (row) => (Number.isNaN(column.values[row]) ? list.length - 1 : Math.min(column.values[row], list.length - 2)), colors: list, shown };
    }
    const scale = scaleOf(column);
    return {
      of: (row) => { const at = scale.at(column.values[row]); return Number.isNaN(at) ? BUCKETS : Math.min(BUCKETS - 1, Math.max(0, Math.floor(at * BUCKETS))); },
      colors: [...colors.order, none], scale,
    };
  };
  const element = (name, props = {}, ...inside) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(props)) {
      if (key === "class") made.className = value;
      else if (key in made && key !== "list") made[key] = value;
      else made.setAttribute(key, value);
    }
    made.append(...inside);
    return made;
  };
  const legend = (box, column, painted, colors, hasNone) => {
    box.replaceChildren();
    if (!column) return;
    box.append(element("strong", { textContent: short(column.key) }));
    if (column.kind === "category") {
      column.labels.slice(0, painted.shown).forEach((_, code) => {
        const dot = element("span", { class: "dot" });
        dot.style.background = painted.colors[code];
        box.append(element("span", {}, dot, label(column, code)));
      });
      if (column.labels.length > 8) { const dot = element("span", { class: "dot" }); dot.style.background = colors.muted; box.append(element("span", {}, dot, `${column.labels.length - 7} others`)); }
    } else {
      const strip = element("canvas", { width: 120, height: 1 });
      const pen = strip.getContext("2d");
      for (let at = 0; at < 120; at++) { pen.fillStyle = colors.mix(at / 119); pen.fillRect(at, 0, 1, 1); }
      const say = (value) => (column.kind === "time" ? moment(value) : number(value));
      if (painted.scale.low === painted.scale.high) box.append(element("span", { textContent: say(painted.scale.low) }));
      else box.append(element("span", { textContent: say(painted.scale.low) }), strip, element("span", { textContent: say(painted.scale.high) + (painted.scale.kind === "log" ? " (logarithmic)" : "") }));
    }
    if (hasNone) { const dot = element("span", { class: "dot" }); dot.style.background = colors.strong; box.append(element("span", {}, dot, "no value")); }
  };
  const hasNone = (column) => Boolean(column) && column.values.some((value) => !Number.isFinite(value));

  // --- a canvas as large as its place
  const fit = (canvas) => {
    const { width, height } = canvas.getBoundingClientRect();
    const ratio = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    return { pen, width, height };
  };

  // --- the table of what is chosen, and what can be done with it
  const MOST_ROWS = 100, MOST_COMPARED = 200;
  const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
  const showChosen = (table, rows, keys, { isAll, light }) => {
    const body = $("#chosen tbody"), noun = table.isGrouped ? "group" : "run";
    const ids = rows.length <= MOST_COMPARED ? rows.flatMap(table.ids) : [];
    const shown = rows.slice(0, MOST_ROWS);
    const left = rows.length - shown.length;
    $("#chosen-count").textContent = isAll ? plural(rows.length, noun) : `${plural(rows.length, noun)} of ${table.count.toLocaleString("en")} chosen`;
    $("#chosen-left").textContent = left > 0 ? `The first ${MOST_ROWS} are listed; ${left.toLocaleString("en")} more are in the picture.` : "";
    const compare = $("#compare-these");
    const can = ids.length >= 2 && ids.length <= MOST_COMPARED;
    compare.hidden = false;
    if (can) compare.setAttribute("href", `/compare?${ids.map((id) => `run=${id}`).join("&")}`);
    else compare.removeAttribute("href");
    compare.setAttribute("aria-disabled", String(!can));
    compare.title = can ? "" : `2 to ${MOST_COMPARED} runs can be compared`;
    body.replaceChildren(...shown.map((row) => {
      const of = table.ids(row);
      const link = of.length === 1 ? `/run/${of[0]}` : `/compare?${of.slice(0, MOST_COMPARED).map((id) => `run=${id}`).join("&")}`;
      const line = element("tr", {}, element("td", {}, element("a", { href: link, textContent: clean(table.name(row)) })));
      for (const key of keys) {
        const column = table.columns.get(key);
        line.append(element("td", { class: column.kind === "category" ? "cut" : "n", textContent: cell(table, key, row) }));
      }
      if (light) { line.addEventListener("pointerenter", () => light(row)); line.addEventListener("focusin", () => light(row)); }
      line.dataset.row = row;
      return line;
    }));
  };
  const cell = (table, key, row) => {
    const column = table.columns.get(key), spread = table.columns.get(`${key}.spread`);
    const value = text(column, row);
    return spread && Number.isFinite(spread.values[row]) ? `${value} ± ${number(Number(spread.values[row].toPrecision(3)))}` : value;
  };

  // --- addresses: what is at its default is not there
  const keep = (change) => {
    const address = new URL(location.href);
    change(address.searchParams);
    history.replaceState(history.state, "", address);
  };
  // Writes a column of a range or a choice in the language of `where`.
  const field = (key) => {
    const dot = key.indexOf(".");
    if (dot < 0) return key;
    const name = key.slice(dot + 1);
    return /^[A-Za-z0-9_\-./]+$/.test(name) ? key : `${key.slice(0, dot)}.${quoted(name)}`;
  };
  const quoted = (value) => `'${String(value).replace(/[\\']/g, "\\$&")}'`;
  const literal = (value) => (typeof value === "string" ? quoted(value) : String(value));

  // A form of selects and boxes asks again as soon as one is changed.
  for (const form of document.querySelectorAll("form[data-at-once]")) {
    form.addEventListener("change", (event) => {
      if (event.target.matches("select, input[type=checkbox]:not(.pick input)")) form.requestSubmit();
    });
  }

  window.gnomonAxes = { load, number, moment, text, short, label, clean, scaleOf, placesOf, ticksOf, palette, paint, legend, hasNone, fit, element, showChosen, cell, keep, field, literal, plural };
})();
