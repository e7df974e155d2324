// The drawing of a lineage: zoom, pan, what belongs to what; and suggestions for the field.
"use strict";
(() => {
  const { $, $$, key } = window.gnomon;

  // --- the field: what may be asked about
  const field = $("input[data-names]");
  const list = field && document.getElementById(field.getAttribute("list"));
  let wait = 0;
  let asked = 0;
  const suggest = async (mine) => {
    const response = await fetch(`${field.dataset.names}?q=${encodeURIComponent(field.value.trim())}`, { headers: { Accept: "application/json" } });
    if (!response.ok || mine !== asked) return;
    const found = await response.json();
    list.replaceChildren(...found.map((one) => {
      const option = document.createElement("option");
      option.value = one.value;
      option.label = `${one.value}  ${one.note}`;
      return option;
    }));
  };
  if (field) {
    const look = () => { const mine = ++asked; clearTimeout(wait); wait = setTimeout(() => suggest(mine), 120); };
    field.addEventListener("input", look);
    field.addEventListener("focus", () => { if (!list.children.length) look(); });
    if (!field.value && !$(".canvas") && matchMedia("(hover: hover)").matches) field.focus();
  }

  // --- the drawing
  const canvas = $(".canvas");
  if (!canvas) return;
  const svg = $("svg", canvas);
  const [width, height] = [Number(svg.dataset.width), Number(svg.dataset.height)];
  let scale = 1;
  const zoom = (next, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) => {
    const to = Math.min(Math.max(next, 0.15), 3);
    const [left, top] = [(canvas.scrollLeft + x) / scale, (canvas.scrollTop + y) / scale];
    scale = to;
    svg.setAttribute("width", Math.round(width * scale));
    svg.setAttribute("height", Math.round(height * scale));
    canvas.scrollTo(left * scale - x, top * scale - y);
  };
  const fit = () => zoom(Math.min((canvas.clientWidth - 4) / width, 1, Math.max(innerHeight * 0.7 / height, 0.3)));
  const does = { in: () => zoom(scale * 1.25), out: () => zoom(scale / 1.25), fit, one: () => zoom(1) };
  $(".zoom").hidden = false;
  for (const button of $$("[data-zoom]")) button.addEventListener("click", () => does[button.dataset.zoom]());
  key("+", does.in);
  key("=", does.in);
  key("-", does.out);
  key("0", does.fit);
  key("1", does.one);
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const box = canvas.getBoundingClientRect();
    zoom(scale * (event.deltaY < 0 ? 1.1 : 1 / 1.1), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });

  // A drawing that nearly fits is fitted; of a larger one, what was asked about comes into sight.
  if ((canvas.clientWidth - 4) / width > 0.7 && innerHeight * 0.7 / height > 0.5) fit();
  const root = $(".box.asked rect", svg);
  if (root) {
    const [x, y, w, h] = ["x", "y", "width", "height"].map((name) => Number(root.getAttribute(name)));
    canvas.scrollTo((x + w / 2) * scale - canvas.clientWidth / 2, (y + h / 2) * scale - canvas.clientHeight / 2);
  }

  // --- pan by dragging
  let held = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button || event.pointerType !== "mouse" || event.target.closest("a")) return;
    held = [event.clientX + canvas.scrollLeft, event.clientY + canvas.scrollTop];
    canvas.setPointerCapture(event.pointerId);
    canvas.classList.add("held");
  });
  canvas.addEventListener("pointermove", (event) => { if (held) canvas.scrollTo(held[0] - event.clientX, held[1] - event.clientY); });
  for (const word of ["pointerup", "pointercancel"]) canvas.addEventListener(word, () => { held = null; canvas.classList.remove("held"); });

  // --- the links of the box that is looked at
  const light = (box) => {
    const number = box?.dataset.box;
    for (const path of $$(".curves path", svg)) path.classList.toggle("lit", number !== undefined && (path.dataset.from === number || path.dataset.to === number));
  };
  svg.addEventListener("pointerover", (event) => light(event.target.closest(".box")));
  svg.addEventListener("pointerleave", () => light(null));
  svg.addEventListener("focusin", (event) => light(event.target.closest(".box")));
  svg.addEventListener("focusout", () => light(null));
})();
