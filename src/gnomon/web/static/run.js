// The page of one run: a console that follows, sliders over steps, points in space. All works without it.
"use strict";
(() => {
  const { $, $$ } = gnomon;

  const tab = $(".tabs a[aria-current]");
  if (tab) tab.parentElement.scrollLeft = tab.offsetLeft - tab.parentElement.offsetLeft - 40;

  // --- keys of its own
  gnomon.key("n", () => $("#new-note")?.focus());
  gnomon.key("r", () => { const details = $("details[data-edit=rename]"); if (details) gnomon.edit(details); });

  // --- lists that are narrowed by what is written above them
  document.addEventListener("input", (event) => {
    const list = event.target.dataset.narrows && $(event.target.dataset.narrows);
    if (!list) return;
    const words = event.target.value.trim().toLowerCase();
    for (const row of list.children) row.hidden = !row.textContent.toLowerCase().includes(words);
  });

  // --- the console stays at its end while it is there
  const console_ = () => $("#console");
  let wasAtEnd = true;
  const atEnd = (box) => box.scrollTop + box.clientHeight >= box.scrollHeight - 8;
  const follows = () => $("#follow")?.checked ?? false;
  const toEnd = () => { const box = console_(); if (box && follows()) box.scrollTop = box.scrollHeight; };
  document.addEventListener("scroll", (event) => {
    if (event.target !== console_()) return;
    const follow = $("#follow");
    wasAtEnd = atEnd(event.target);
    if (follow) follow.checked = wasAtEnd;
  }, true);
  document.addEventListener("change", (event) => { if (event.target.id === "follow") toEnd(); });
  document.addEventListener("gnomon:swapped", toEnd);
  toEnd();

  // --- sliders over the steps of a series
  const slide = (series) => {
    const steps = series.dataset.steps.split(",").map(Number);
    if (steps.length < 2 || $("input[type=range]", series)) return;
    const slider = document.createElement("input");
    Object.assign(slider, { type: "range", min: 0, max: steps.length - 1, value: steps.indexOf(Number(series.dataset.step)) });
    slider.setAttribute("aria-label", `Step of ${series.dataset.series}`);
    slider.setAttribute("aria-valuetext", `step ${series.dataset.step}`);
    let wait = 0;
    slider.addEventListener("input", () => {
      slider.setAttribute("aria-valuetext", `step ${steps[slider.value]}`);
      $(".this-step", series).textContent = `step ${steps[slider.value].toLocaleString("en")}`;
      clearTimeout(wait);
      wait = setTimeout(() => show(series, steps[slider.value]), 60);
    });
    $(".steps", series).prepend(slider);
  };
  const asked = new WeakMap();
  const show = async (series, step) => {
    const mine = (asked.get(series) ?? 0) + 1;
    asked.set(series, mine);
    const address = new URL(series.dataset.from, location.href);
    address.searchParams.set("step", step);
    address.searchParams.set("part", "values");
    const response = await fetch(address, { headers: { "HX-Request": "true" } });
    if (asked.get(series) !== mine) return;
    if (!response.ok) { gnomon.toast(await gnomon.said(response), "bad"); return; }
    const box = new DOMParser().parseFromString(await response.text(), "text/html");
    const found = $(".shown-values", box);
    if (!found) return;
    $(".shown-values", series).replaceWith(document.adoptNode(found));
    series.dataset.step = step;
    gnomon.prepare(series);
    $$("canvas.space", series).forEach(space);
  };

  // --- points in space: drag or arrow keys turn them
  const space = async (canvas) => {
    if (canvas.dataset.ready) return;
    canvas.dataset.ready = "1";
    const response = await fetch(canvas.dataset.points);
    if (!response.ok) { gnomon.toast(await gnomon.said(response), "bad"); return; }
    const bytes = await response.arrayBuffer();
    const count = new Uint32Array(bytes, 0, 1)[0];
    const xyz = new Float32Array(bytes, 4, 3 * count);
    const rgb = new Uint8Array(bytes, 4 + 12 * count);
    let [turn, tilt, near] = [0.6, 0.35, 1];
    const draw = () => {
      const scale = devicePixelRatio || 1;
      const [width, height] = [canvas.clientWidth * scale, canvas.clientHeight * scale];
      if (!width) return;
      canvas.width = width;
      canvas.height = height;
      const pen = canvas.getContext("2d");
      const [cos, sin, up, out] = [Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)];
      const size = 0.46 * Math.min(width, height) * near;
      const plain = getComputedStyle(canvas).color;
      const order = [];
      for (let at = 0; at < count; at++) {
        const [x, y, z] = [xyz[3 * at], xyz[3 * at + 1], xyz[3 * at + 2]];
        const depth = x * sin + y * cos;
        order.push([depth * up - z * out, width / 2 + size * (x * cos - y * sin), height / 2 - size * (z * up + depth * out), at]);
      }
      order.sort((one, two) => two[0] - one[0]);
      const dot = Math.max(1.5, 2 * scale);
      for (const [depth, left, top, at] of order) {
        pen.globalAlpha = Math.max(0.25, Math.min(1, 0.75 - 0.35 * depth));
        pen.fillStyle = rgb.length ? `rgb(${rgb[3 * at]} ${rgb[3 * at + 1]} ${rgb[3 * at + 2]})` : plain;
        pen.fillRect(left, top, dot, dot);
      }
    };
    let held = null;
    canvas.addEventListener("pointerdown", (event) => { held = [event.clientX, event.clientY]; canvas.setPointerCapture(event.pointerId); });
    canvas.addEventListener("pointermove", (event) => {
      if (!held) return;
      turn += (event.clientX - held[0]) / 120;
      tilt = Math.max(-1.5, Math.min(1.5, tilt + (event.clientY - held[1]) / 120));
      held = [event.clientX, event.clientY];
      draw();
    });
    canvas.addEventListener("pointerup", () => { held = null; });
    canvas.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: [-0.15, 0, 1], ArrowRight: [0.15, 0, 1], ArrowUp: [0, -0.15, 1], ArrowDown: [0, 0.15, 1], "+": [0, 0, 1.2], "-": [0, 0, 1 / 1.2] };
      const step = steps[event.key];
      if (!step) return;
      event.preventDefault();
      [turn, tilt, near] = [turn + step[0], Math.max(-1.5, Math.min(1.5, tilt + step[1])), near * step[2]];
      draw();
    });
    new ResizeObserver(draw).observe(canvas);
    document.addEventListener("gnomon:theme", draw);
    draw();
  };

  const prepare = () => {
    $$("[data-steps]").forEach(slide);
    $$("canvas.space").forEach(space);
  };
  document.addEventListener("gnomon:swapped", prepare);
  prepare();
})();
