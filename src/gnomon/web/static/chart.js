// Charts of curves. A figure with `data-chart` asks for its numbers when it comes into sight; figures that differ in their metric
// only ask together. uPlot draws axes and handles zoom and cursor; the lines are drawn here, because each has its own x.
"use strict";
(() => {
  const { $, $$ } = window.gnomon;
  const MOST_TOGETHER = 10; // figures that ask together: what the server looks up for each run is looked up once
  const A_FRAME = { still: 120_000, scrolled: 30_000 }; // points that are drawn in one frame
  const DASHES = ["", "7 4", "2 3", "9 3 2 3"];
  const MANY = 16;
  const WHOLE = [...Array(15).keys()].flatMap((power) => [1, 2, 5].map((times) => times * 10 ** power)); // steps between whole ticks
  const charts = new Map(); // figure -> Chart
  const hidden = new Set(); // runs that the legend hides
  let waiting = [];
  let isAsking = 0;
  let turn = Promise.resolve();

  // --- colours: those of `gnomon plot`
  const tokens = (names) => { // all at once: each look at a style after a change of the page costs a whole one
    const box = document.createElement("i");
    box.append(...names.map((name) => {
      const probe = document.createElement("i");
      probe.style.color = `var(${name})`;
      return probe;
    }));
    document.body.append(box);
    const colours = [...box.children].map((probe) => getComputedStyle(probe).color);
    box.remove();
    return colours;
  };
  const LINES = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => `--line-${n}`);
  const ORDER = [0, 1, 2, 3].map((n) => `--order-${n}`);
  let look = null;
  const looks = () => {
    if (!look) {
      const [ink, muted, line, paper, ...rest] = tokens(["--ink", "--muted", "--line", "--panel", ...LINES, ...ORDER]);
      const order = rest.slice(LINES.length).map((colour) => colour.match(/[\d.]+/g).slice(0, 3).map(Number));
      look = { ink, muted, line, paper, lines: rest.slice(0, LINES.length), order };
    }
    return look;
  };
  const colour = (tone, tones) => {
    const { lines, order } = looks();
    if (tones <= MANY) return lines[tone % lines.length];
    const share = (tone / (tones - 1)) * (order.length - 1);
    const at = Math.min(Math.floor(share), order.length - 2);
    return `rgb(${order[at].map((part, n) => Math.round(part * (1 - share + at) + order[at + 1][n] * (share - at))).join(" ")})`;
  };
  const dash = (tone, tones) => (tones <= MANY ? DASHES[Math.floor(tone / 8) % 4] : "");
  const swatch = (tone, tones, isDashed) => {
    const is = colour(tone, tones);
    return isDashed ? `repeating-linear-gradient(90deg, ${is} 0 3px, transparent 3px 5px)` : is;
  };
  const order = () => $$("[data-legend] [data-run]").map((one) => one.dataset.run);

  // --- numbers
  const short = (value) => {
    if (value === null || Number.isNaN(value)) return "–";
    if (Number.isInteger(value) && Math.abs(value) < 1e15) return value.toLocaleString("en-US");
    const size = Math.abs(value);
    return size >= 1e5 || size < 1e-4 ? value.toExponential(3) : String(Number(value.toPrecision(6)));
  };
  const span = (seconds) => {
    const size = Math.abs(seconds);
    if (size < 120) return `${short(Number(seconds.toFixed(3)))} s`;
    if (size < 7200) return `${short(Number((seconds / 60).toFixed(2)))} min`;
    return size < 172800 ? `${short(Number((seconds / 3600).toFixed(2)))} h` : `${short(Number((seconds / 86400).toFixed(2)))} d`;
  };
  const moment = (seconds) => {
    const at = new Date(seconds * 1000);
    const two = (number) => String(number).padStart(2, "0");
    return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  };
  const shownX = (kind, value) => (kind === "moment" ? moment(value) : kind === "seconds" ? span(value) : short(value));

  const looked = (xs) => {
    let isSorted = true;
    let isWhole = true;
    for (let at = 0; at < xs.length; at += 1) {
      if (!Number.isInteger(xs[at])) isWhole = false;
      if (at && !(xs[at - 1] <= xs[at])) isSorted = false;
    }
    return { isSorted, isWhole };
  };
  const decoded = (buffer) => {
    const length = new DataView(buffer).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    const numbers = new Float64Array(buffer, 4 + length);
    const part = ([start, count]) => numbers.subarray(start, start + count);
    const known = new Map(); // what is true of an x-axis that many lines share
    for (const panel of head.panels) {
      for (const line of panel.lines) {
        const place = line.x.join();
        for (const name of ["x", "y", "low", "high"]) if (line[name]) line[name] = part(line[name]);
        if (line.raw) line.raw = line.raw.map(part);
        if (!known.has(place)) known.set(place, looked(line.x));
        Object.assign(line, known.get(place));
      }
    }
    return head;
  };

  // --- asking, several at once
  const ask = (figure) => {
    if (!waiting.length) queueMicrotask(askAll); // all that came into sight in one frame
    waiting.push(figure);
  };
  const withoutMetric = (address) => {
    const url = new URL(address, location.href);
    const metrics = url.searchParams.getAll("metric");
    url.searchParams.delete("metric");
    return [`${url.pathname}?${url.searchParams}`, metrics];
  };
  const askAll = async () => {
    const groups = new Map();
    for (const figure of waiting.splice(0)) {
      const [base] = withoutMetric(figure.dataset.chart);
      if (!groups.has(base)) groups.set(base, []);
      groups.get(base).push(figure);
    }
    for (const [base, figures] of groups) {
      for (let at = 0; at < figures.length; at += MOST_TOGETHER) {
        const some = figures.slice(at, at + MOST_TOGETHER);
        turn = turn.then(() => askSome(base, some)); // in turn: what is read at once is held at once
      }
    }
  };
  const askSome = async (base, figures) => {
    const metrics = figures.flatMap((figure) => withoutMetric(figure.dataset.chart)[1]);
    const address = `${base}&${metrics.map((metric) => `metric=${encodeURIComponent(metric)}`).join("&")}`;
    isAsking += 1;
    for (const figure of figures) figure.setAttribute("aria-busy", "true");
    try {
      const head = await fetched(address);
      for (const figure of figures) {
        const [, own] = withoutMetric(figure.dataset.chart);
        const panel = head.panels.find((one) => own.includes(one.metric));
        later(() => chartOf(figure).show(head, panel));
      }
    } catch (error) {
      for (const figure of figures) chartOf(figure).say(error.message);
    } finally {
      isAsking -= 1;
      for (const figure of figures) figure.removeAttribute("aria-busy");
    }
  };
  const fetched = async (address) => {
    const response = await fetch(address);
    if (!response.ok) throw new Error(await window.gnomon.said(response));
    return decoded(await response.arrayBuffer());
  };
  // So many points a frame, fewer while somebody scrolls. uPlot draws once a task has ended, so each is waited for.
  const tasks = [];
  let isWorking = false;
  let lastScroll = -Infinity;
  let left = 0; // points that this frame may still draw
  document.addEventListener("scroll", () => { lastScroll = performance.now(); }, { capture: true, passive: true });
  const later = (task, isNext = false) => {
    if (isNext) tasks.unshift(task);
    else tasks.push(task);
    if (!isWorking) requestAnimationFrame(work);
    isWorking = true;
  };
  const work = async () => {
    const end = performance.now() + 12;
    left = performance.now() - lastScroll < 200 ? A_FRAME.scrolled : A_FRAME.still;
    do {
      tasks.shift()();
      await null;
    } while (tasks.length && left > 0 && performance.now() < end);
    isWorking = tasks.length > 0;
    if (isWorking) requestAnimationFrame(work);
    else document.dispatchEvent(new Event("gnomon:drawn"));
  };

  // --- one chart
  const chartOf = (figure) => {
    if (!charts.has(figure)) charts.set(figure, new Chart(figure));
    return charts.get(figure);
  };

  class Chart {
    constructor(figure) {
      this.figure = figure;
      this.place = $(".plot", figure);
      this.notice = $(".notice", figure);
      this.tip = document.createElement("div");
      this.tip.className = "tip";
      this.tip.hidden = true;
      this.near = null;
      this.addTools();
      figure.addEventListener("keydown", (event) => this.pressed(event));
    }

    addTools() {
      const tools = document.createElement("span");
      tools.className = "tools";
      for (const [sign, title, does] of [
        ["▦", "table (t)", () => this.table()], ["⤢", "large, and back (f)", () => this.enlarge()], ["⤓", "save as PNG", () => this.save()],
      ]) {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "plain";
        button.textContent = sign;
        button.title = title;
        button.setAttribute("aria-label", `${title}: ${this.figure.dataset.title}`);
        button.addEventListener("click", does);
        tools.append(button);
      }
      $("figcaption", this.figure).append(tools);
    }

    say(text) { this.notice.textContent = text; }

    show(head, panel) {
      if (!panel || !panel.lines.length) {
        this.figure.dataset.drawn = "1";
        this.plot?.destroy();
        this.plot = null;
        this.say(head.said ?? "nothing to draw");
        return;
      }
      this.head = head;
      this.all = panel.lines;
      this.style(this.all);
      if (!this.zoomed) this.lines = this.all;
      this.range = padded(extent(this.all, head), this.all, head);
      this.say(notes(head, this.all));
      if (!this.range) { this.figure.dataset.drawn = "1"; this.say(`nothing to draw: ${leftOut(this.all) || "no finite value"}`); return; }
      if (this.plot) this.plot.setData(this.dummy(), !this.zoomed);
      else this.make();
      if (this.sheet) { this.sheet.remove(); this.sheet = null; this.table(); }
    }

    style(lines) {
      const runs = order();
      for (const line of lines) {
        let [tone, tones, dashes] = line.stroke;
        const at = line.runs.length === 1 && !this.figure.dataset.chart.includes("color_by=") ? runs.indexOf(line.runs[0]) : -1;
        if (at >= 0) [tone, tones, dashes] = [at, runs.length, dash(at, runs.length)];
        Object.assign(line, { tone, tones, dashes: dashes ? dashes.split(" ").map(Number) : [] });
      }
    }

    dummy() { return [[this.range.x[0], this.range.x[1]], [this.range.y[0], this.range.y[1]]]; }

    make() {
      const { muted, line } = looks();
      const { head } = this;
      const axis = { stroke: muted, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 4 }, font: "11px system-ui, sans-serif" };
      const self = this;
      const isWhole = head.x.kind === "number" && this.all.every((one) => one.isWhole);
      const options = {
        width: this.place.clientWidth, height: this.place.clientHeight, legend: { show: false },
        padding: [8, 10, 0, 0],
        scales: {
          x: { time: head.x.kind === "moment", distr: head.log_x ? 3 : 1, range: (_, low, high) => self.rangeX(low, high) },
          y: { distr: head.log ? 3 : 1, range: () => self.rangeY() },
        },
        axes: [
          { ...axis, size: 34, ...(isWhole ? { incrs: WHOLE } : {}), ...(head.log_x ? { splits: logTicks, filter: (_, ticks) => ticks } : {}), values: head.x.kind === "moment" ? undefined : (_, ticks) => ticks.map((tick) => (tick === null ? "" : head.x.kind === "seconds" ? span(tick) : short(tick))) },
          { ...axis, ...(head.log ? { splits: logTicks, filter: (_, ticks) => ticks } : {}), size: (_, ticks) => Math.max(40, ...(ticks ?? []).map((tick) => String(tick ?? "").length * 6.5 + 14)), values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : short(tick))) },
        ],
        series: [{}, { paths: () => null, points: { show: false } }],
        cursor: {
          drag: { x: true, y: false, setScale: true }, points: { show: false }, y: false,
          sync: { key: "gnomon", scales: ["x", null] },
        },
        hooks: {
          draw: [(plot) => self.draw(plot)],
          setCursor: [(plot) => self.hover(plot)],
          setScale: [(plot, key) => key === "x" && self.scaled(plot)],
        },
      };
      this.place.replaceChildren();
      this.plot = new uPlot(options, this.dummy(), this.place);
      this.plot.over.append(this.tip);
      this.plot.over.addEventListener("mouseleave", () => { this.tip.hidden = true; this.near = null; this.plot.redraw(false); });
      this.plot.over.addEventListener("dblclick", () => this.whole());
      this.plot.over.addEventListener("click", () => { if (this.near?.runs.length === 1 && !this.wasDragged) this.pinned = this.near.runs[0]; });
    }

    rangeX(low, high) {
      if (low === null) return this.range.x;
      if (low === high) return this.head.log_x ? [low / 2, low * 2] : [low - 0.5, low + 0.5];
      return [low, high];
    }

    rangeY() {
      const { min, max } = this.plot?.scales.x ?? {};
      const [low, high] = this.yExtent(min ?? -Infinity, max ?? Infinity) ?? this.range.y;
      if (this.head.log) return [low / 1.1, high * 1.1];
      const pad = (high - low || Math.abs(high) || 1) * 0.05;
      return [low - pad, high + pad];
    }

    yExtent(from, to) {
      const shown = this.visible();
      const found = extent(shown.length ? shown : this.lines, this.head, from, to);
      return found && found.y;
    }

    visible() { return this.lines.filter((line) => line.runs.length !== 1 || !hidden.has(line.runs[0])); }

    whole() {
      this.zoomed = false;
      this.lines = this.all;
      this.plot.setScale("x", { min: this.range.x[0], max: this.range.x[1] });
    }

    scaled(plot) {
      const { min, max } = plot.scales.x;
      if (!this.range || min === null) return;
      const isWhole = min <= this.range.x[0] && max >= this.range.x[1];
      this.zoomed = !isWhole;
      clearTimeout(this.detail);
      if (isWhole) { this.lines = this.all; return; }
      if (!this.all.some((line) => line.thinned)) return;
      this.detail = setTimeout(() => this.finer(min, max), 200);
    }

    async finer(min, max) {
      this.say("finer…");
      try {
        const head = await fetched(`${this.figure.dataset.chart}&from=${min}&to=${max}`);
        const { scales } = this.plot;
        if (!this.zoomed || scales.x.min !== min || scales.x.max !== max) return;
        const lines = head.panels[0]?.lines ?? [];
        if (lines.length) { this.style(lines); this.lines = lines; }
        this.plot.redraw(false, true);
        this.say(notes(head, lines));
      } catch (error) { this.say(error.message); }
    }

    draw(plot) {
      const lines = this.visible();
      const ratio = devicePixelRatio;
      const base = lines.length > 30 ? 1 : 1.5;
      const places = [along(plot.scales.x, plot.bbox.left, plot.bbox.width, this.head.log_x), along(plot.scales.y, plot.bbox.top + plot.bbox.height, -plot.bbox.height, this.head.log)];
      const parts = [];
      for (const line of lines) if (line.low) parts.push([line, (ctx) => band(ctx, line, ...places)]);
      for (const line of lines) {
        if (line.raw) parts.push([line, (ctx) => stroke(ctx, line.raw[0], line.raw[1], ...places, colour(line.tone, line.tones), base * ratio, [], 0.28, plot.scales.x, line.isSorted)]);
      }
      for (const line of lines) {
        const isNear = line === this.near;
        const alpha = this.near && !isNear ? 0.3 : lines.length > 60 ? 0.75 : 1;
        parts.push([line, (ctx) => stroke(ctx, line.x, line.y, ...places, colour(line.tone, line.tones), (isNear ? base + 1.5 : base) * ratio, line.dashes.map((part) => part * ratio), alpha, plot.scales.x, line.isSorted)]);
      }
      this.parts = parts;
      this.paint(plot, parts);
    }

    // The first time a frame draws no more than it may; what people do to a chart afterwards is drawn at once.
    paint(plot, parts) {
      if (this.parts !== parts || (this.plot && this.plot !== plot)) return;
      const isFirst = !this.figure.dataset.drawn;
      const { ctx, bbox } = plot;
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      ctx.lineJoin = "round";
      while (parts.length && (left > 0 || !isFirst)) {
        const [line, draws] = parts.shift();
        draws(ctx);
        left -= line.x.length;
      }
      ctx.restore();
      if (parts.length) later(() => this.paint(plot, parts), true);
      else this.figure.dataset.drawn = "1";
    }

    hover(plot) {
      const { left, top, idx } = plot.cursor;
      if (left === null || left < 0 || idx === null) { this.tip.hidden = true; return; }
      const x = plot.posToVal(left, "x");
      const found = [];
      for (const line of this.visible()) {
        const at = nearest(line, x);
        if (at < 0 || Number.isNaN(line.y[at])) continue;
        found.push({ line, at, far: Math.abs(plot.valToPos(line.y[at], "y") - (top ?? -1e4)) });
      }
      found.sort((one, other) => one.far - other.far);
      const isOwn = plot.over.matches(":hover") || document.activeElement === this.figure;
      const near = isOwn && found.length > 1 && found[0].far < 30 ? found[0].line : null;
      if (near !== this.near) { this.near = near; plot.redraw(false); }
      this.tip.hidden = !isOwn || !found.length;
      if (!this.tip.hidden) this.fill(plot, x, found);
    }

    fill(plot, x, found) {
      const rows = [element("div", shownX(this.head.x.kind, found.length === 1 ? found[0].line.x[found[0].at] : x), "dim")];
      for (const { line, at } of found.slice(0, 8)) {
        const row = element("div", "", line === this.near ? "row near" : "row");
        const sign = element("i", "");
        sign.style.background = swatch(line.tone, line.tones, line.dashes.length);
        let value = short(line.y[at]);
        if (line.low && !Number.isNaN(line.low[at])) value += ` [${short(line.low[at])}, ${short(line.high[at])}]`;
        row.append(sign, element("span", line.label, "label"), element("b", value));
        rows.push(row);
      }
      if (found.length > 8) rows.push(element("div", `and ${found.length - 8} more`, "dim"));
      this.tip.replaceChildren(...rows);
      const isRight = plot.cursor.left > plot.over.clientWidth / 2;
      this.tip.style.left = isRight ? "auto" : `${plot.cursor.left + 14}px`;
      this.tip.style.right = isRight ? `${plot.over.clientWidth - plot.cursor.left + 14}px` : "auto";
    }

    pressed(event) {
      if (event.target !== this.figure || event.ctrlKey || event.metaKey || event.altKey) return;
      const does = { t: () => this.table(), f: () => this.enlarge(), 0: () => this.plot && this.whole(), ArrowLeft: () => this.step(-1), ArrowRight: () => this.step(1) }[event.key];
      if (does) { event.preventDefault(); event.stopPropagation(); does(); }
    }

    step(by) {
      if (!this.plot) return;
      const { over } = this.plot;
      const step = Math.max(2, over.clientWidth / 100);
      const left = Math.min(over.clientWidth - 1, Math.max(0, (this.plot.cursor.left > 0 ? this.plot.cursor.left : over.clientWidth / 2) + by * step));
      this.plot.setCursor({ left, top: over.clientHeight / 2 });
    }

    enlarge() {
      this.figure.classList.toggle("large");
      this.size();
      this.figure.scrollIntoView({ block: "nearest" });
    }

    size() { this.plot?.setSize({ width: this.place.clientWidth, height: this.place.clientHeight }); }

    restyle() {
      if (!this.plot) return;
      const { muted, line } = looks();
      for (const axis of this.plot.axes) { axis.stroke = () => muted; axis.grid.stroke = () => line; axis.ticks.stroke = () => line; }
      this.plot.redraw(false, true);
    }

    table() {
      if (this.sheet) { this.sheet.remove(); this.sheet = null; return; }
      if (!this.plot) return;
      this.sheet = sheet(this.head, this.visible(), this.figure.dataset.title);
      this.figure.append(this.sheet);
    }

    save() {
      if (!this.plot) return;
      const { canvas } = this.plot.ctx;
      const copy = document.createElement("canvas");
      copy.width = canvas.width;
      copy.height = canvas.height;
      const on = copy.getContext("2d");
      on.fillStyle = looks().paper;
      on.fillRect(0, 0, copy.width, copy.height);
      on.drawImage(canvas, 0, 0);
      copy.toBlob((blob) => {
        const link = document.createElement("a");
        link.href = URL.createObjectURL(blob);
        link.download = `${this.figure.dataset.title.replace(/[^\w.-]+/g, "-")}.png`;
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 1000);
      });
    }
  }

  const element = (tag, text, kind = "") => {
    const made = document.createElement(tag);
    made.textContent = text;
    made.className = kind;
    return made;
  };

  // Ticks of a logarithmic axis: powers of ten; with 2 and 5 where those are few, round numbers within one power.
  const logTicks = (_, axisAt, low, high) => {
    const decades = Math.log10(high / low);
    const found = [];
    if (decades < 1) {
      const step = 10 ** Math.floor(Math.log10((high - low) / 3));
      const wide = (high - low) / step > 12 ? 5 * step : (high - low) / step > 6 ? 2 * step : step;
      for (let tick = Math.ceil(low / wide) * wide; tick <= high; tick += wide) found.push(Number(tick.toPrecision(12)));
      return found;
    }
    const every = Math.max(1, Math.ceil(decades / 8));
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += every) {
      for (const times of decades < 3 ? [1, 2, 5] : [1]) {
        const tick = Number((times * 10 ** power).toPrecision(12));
        if (tick >= low && tick <= high) found.push(tick);
      }
    }
    return found;
  };

  // From a value to a place on the canvas.
  const along = (scale, start, length, isLog) => {
    const value = isLog ? Math.log10 : (number) => number;
    const low = value(scale.min);
    const per = length / (value(scale.max) - low || 1);
    const place = (number) => start + (value(number) - low) * per;
    return Object.assign(place, { isLog, start, low, per }); // for loops over very many points, which do it themselves
  };

  const first = (xs, x) => { // the first place with xs[place] >= x
    let low = 0;
    let high = xs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (xs[middle] < x) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  const stroke = (ctx, xs, ys, toX, toY, style, width, dashes, alpha, scale, isSorted) => {
    const start = isSorted ? Math.max(0, first(xs, scale.min) - 1) : 0;
    const end = isSorted ? Math.min(xs.length, first(xs, scale.max) + 2) : xs.length;
    ctx.beginPath();
    let isUp = true;
    let alone = -1;
    const dots = [];
    const isPlain = !toX.isLog && !toY.isLog;
    const [xStart, xLow, xPer, yStart, yLow, yPer] = [toX.start, toX.low, toX.per, toY.start, toY.low, toY.per];
    for (let at = start; at < end; at += 1) {
      const value = ys[at];
      if (Number.isNaN(value)) { if (alone >= 0) dots.push(alone); isUp = true; alone = -1; continue; }
      const x = isPlain ? xStart + (xs[at] - xLow) * xPer : toX(xs[at]);
      const y = isPlain ? yStart + (value - yLow) * yPer : toY(value);
      if (isUp) { ctx.moveTo(x, y); alone = at; isUp = false; }
      else { ctx.lineTo(x, y); alone = -1; }
    }
    if (alone >= 0) dots.push(alone);
    ctx.globalAlpha = alpha;
    ctx.strokeStyle = style;
    ctx.lineWidth = width;
    ctx.setLineDash(dashes);
    ctx.stroke();
    if (dots.length) { // a value with no neighbour makes no line
      ctx.beginPath();
      ctx.fillStyle = style;
      const size = 1.5 * width + devicePixelRatio;
      for (const at of dots) { const x = toX(xs[at]); const y = toY(ys[at]); ctx.moveTo(x + size, y); ctx.arc(x, y, size, 0, 2 * Math.PI); }
      ctx.fill();
    }
    ctx.globalAlpha = 1;
  };

  const band = (ctx, line, toX, toY) => {
    ctx.fillStyle = colour(line.tone, line.tones);
    ctx.globalAlpha = 0.15;
    let start = 0;
    for (let at = 0; at <= line.x.length; at += 1) {
      if (at < line.x.length && !Number.isNaN(line.low[at])) continue;
      if (at === start + 1) whisker(ctx, toX(line.x[start]), toY(line.low[start] || Number.MIN_VALUE), toY(line.high[start]));
      else if (at > start) {
        ctx.beginPath();
        for (let n = start; n < at; n += 1) ctx.lineTo(toX(line.x[n]), toY(line.high[n]));
        for (let n = at - 1; n >= start; n -= 1) ctx.lineTo(toX(line.x[n]), toY(line.low[n] || Number.MIN_VALUE));
        ctx.fill();
      }
      start = at + 1;
    }
    ctx.globalAlpha = 1;
  };

  // The interval at an x without neighbours, which makes no band.
  const whisker = (ctx, x, low, high) => {
    const half = 3 * devicePixelRatio;
    ctx.save();
    ctx.globalAlpha = 1;
    ctx.strokeStyle = ctx.fillStyle;
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.beginPath();
    for (const y of [low, high]) { ctx.moveTo(x - half, y); ctx.lineTo(x + half, y); }
    ctx.moveTo(x, low);
    ctx.lineTo(x, high);
    ctx.stroke();
    ctx.restore();
  };

  // A dot at the edge would be cut in half.
  const padded = (range, lines, head) => {
    if (range && lines.some((line) => line.x.length === 1)) {
      const [low, high] = range.x;
      const pad = (high - low || Math.abs(high) || 1) * 0.03;
      range.x = head.log_x ? [low / 1.05, high * 1.05] : [low - pad, high + pad];
    }
    return range;
  };
  const extentOf = (line, head, from, to) => {
    const x = [Infinity, -Infinity];
    const y = [Infinity, -Infinity];
    const take = (xs, ys) => {
      const start = line.isSorted && from > -Infinity ? first(xs, from) : 0;
      for (let at = start; at < xs.length; at += 1) {
        const value = ys[at];
        if (xs[at] > to) { if (line.isSorted) break; continue; }
        if (Number.isNaN(value) || xs[at] < from || (head.log && value <= 0)) continue;
        if (xs[at] < x[0]) x[0] = xs[at];
        if (xs[at] > x[1]) x[1] = xs[at];
        if (value < y[0]) y[0] = value;
        if (value > y[1]) y[1] = value;
      }
    };
    take(line.x, line.y);
    if (line.raw) take(line.raw[0], line.raw[1]);
    if (line.low) { take(line.x, line.low); take(line.x, line.high); }
    return { x, y };
  };
  const extent = (lines, head, from = -Infinity, to = Infinity) => {
    const found = { x: [Infinity, -Infinity], y: [Infinity, -Infinity] };
    for (const line of lines) {
      line.extent ??= extentOf(line, head, -Infinity, Infinity);
      const { extent: whole } = line;
      const part = from <= whole.x[0] && whole.x[1] <= to ? whole : extentOf(line, head, from, to);
      for (const name of ["x", "y"]) {
        found[name][0] = Math.min(found[name][0], part[name][0]);
        found[name][1] = Math.max(found[name][1], part[name][1]);
      }
    }
    return found.x[0] > found.x[1] ? null : found;
  };

  const nearest = (line, x) => {
    const { x: xs } = line;
    if (!xs.length) return -1;
    if (!line.isSorted) {
      let best = 0;
      for (let at = 1; at < xs.length; at += 1) if (Math.abs(xs[at] - x) < Math.abs(xs[best] - x)) best = at;
      return best;
    }
    const at = first(xs, x);
    if (at === 0) return 0;
    if (at === xs.length) return at - 1;
    return x - xs[at - 1] < xs[at] - x ? at - 1 : at;
  };

  const leftOut = (lines) => {
    const found = new Map();
    for (const line of lines) for (const [count, why] of line.left_out) found.set(why, (found.get(why) ?? 0) + count);
    return [...found].map(([why, count]) => `${count.toLocaleString("en-US")} ${why}`).join(", ");
  };
  const notes = (head, lines) => {
    const parts = [];
    const lost = leftOut(lines);
    if (lost) parts.push(`not drawn: ${lost}`);
    if (lines.some((line) => line.low)) parts.push("band: 95 % interval of the mean at each x");
    return parts.join("; ");
  };

  const ROWS = 40;
  const COLUMNS = 20;
  const sheet = (head, lines, title) => {
    const shown = lines.slice(0, COLUMNS);
    const xs = [...new Set(shown.flatMap((line) => [...line.x]))].sort((one, other) => one - other);
    const every = Math.max(1, Math.ceil(xs.length / ROWS));
    const picked = xs.filter((_, at) => at % every === 0 || at === xs.length - 1);
    const table = document.createElement("table");
    const caption = element("caption", `${title}: ${picked.length} of ${xs.length.toLocaleString("en-US")} places on the x-axis${lines.length > COLUMNS ? `, ${COLUMNS} of ${lines.length} lines` : ""}`, "dim");
    const top = table.createTHead().insertRow();
    for (const text of [head.x.label, ...shown.map((line) => line.label)]) {
      const cell = element("th", text);
      cell.scope = "col";
      top.append(cell);
    }
    const body = table.createTBody();
    for (const x of picked) {
      const row = body.insertRow();
      const name = element("th", shownX(head.x.kind, x));
      name.scope = "row";
      row.append(name);
      for (const line of shown) {
        const at = nearest(line, x);
        const isThere = at >= 0 && Math.abs(line.x[at] - x) <= (xs.at(-1) - xs[0]) / ROWS;
        row.append(element("td", isThere ? short(line.y[at]) : "", "n"));
      }
    }
    table.prepend(caption);
    const box = element("div", "", "scroll");
    box.tabIndex = 0;
    box.append(table);
    return box;
  };

  // --- which charts are in sight
  const sight = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      target.inSight = isIntersecting;
      if (isIntersecting && !target.dataset.asked) { target.dataset.asked = "1"; ask(target); }
    }
  }, { rootMargin: "150px" });
  const sizes = new ResizeObserver((entries) => { for (const { target } of entries) charts.get(target)?.size(); });
  const watch = () => {
    for (const figure of $$(".chart[data-chart]")) {
      if (figure.isWatched) continue;
      figure.isWatched = true;
      sight.observe(figure);
      sizes.observe(figure);
    }
    for (const figure of charts.keys()) if (!figure.isConnected) { charts.get(figure).plot?.destroy(); charts.delete(figure); }
    legend();
  };
  document.addEventListener("gnomon:swapped", watch);
  document.addEventListener("gnomon:theme", () => { look = null; for (const chart of charts.values()) chart.restyle(); legend(); });

  // --- new points of runs that go on
  let lastLive = 0;
  document.body.addEventListener("gnomon:points", () => {
    if (!$(".status.running, [data-live]")) return;
    const wait = Math.max(0, 2000 - (performance.now() - lastLive));
    lastLive = performance.now() + wait;
    setTimeout(() => { for (const figure of charts.keys()) if (figure.inSight && !isAsking) ask(figure); }, wait);
  });

  // --- the legend of the page: a run comes and goes in all charts
  const legend = () => {
    const runs = order();
    for (const item of $$("[data-legend] [data-run]")) {
      const at = runs.indexOf(item.dataset.run);
      const sign = $("i", item);
      if (sign) sign.style.background = swatch(at, runs.length, dash(at, runs.length));
      if (item.isWatched) continue;
      item.isWatched = true;
      const button = $("button", item);
      button?.addEventListener("click", () => {
        const isGone = hidden.delete(item.dataset.run) ? false : Boolean(hidden.add(item.dataset.run));
        button.setAttribute("aria-pressed", String(!isGone));
        for (const chart of charts.values()) chart.plot?.redraw(false, true);
      });
      item.addEventListener("mouseenter", () => near(item.dataset.run));
      item.addEventListener("mouseleave", () => near(null));
    }
  };
  const near = (run) => {
    for (const chart of charts.values()) {
      if (!chart.plot || !chart.figure.inSight) continue;
      chart.near = run ? chart.lines.find((line) => line.runs.length === 1 && line.runs[0] === run) ?? null : null;
      chart.plot.redraw(false);
    }
  };
  watch();
  window.gnomon.charts = charts;
})();
