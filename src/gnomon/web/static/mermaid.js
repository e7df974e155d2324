// Drawings of what people wrote in Mermaid. Each is drawn in a frame of another origin, which can reach nothing, when it comes
// into sight; one after the other. The text stays below it.
"use strict";
(() => {
  const { $, $$ } = window.gnomon;
  const FRAME = `${location.origin.replace("//127.0.0.1:", "//localhost:")}/drawing/`;
  const MOST = 20;
  const LONGEST_MS = 10000;
  const LARGEST_PX = 8000;
  const seen = new WeakSet();
  let turn = Promise.resolve();
  let drawn = 0;

  const isDark = () => getComputedStyle(document.documentElement).colorScheme === "dark"
    || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  const text = (figure) => $("code", figure).textContent;
  const isLength = (number) => Number.isFinite(number) && number > 0;

  const say = (figure, words) => {
    $(".canvas", figure)?.remove();
    $(".why", figure)?.remove();
    const line = document.createElement("p");
    line.className = "why dim small";
    line.textContent = `Not drawn: ${words}`;
    figure.prepend(line);
    $("details", figure).open = true;
  };

  const frameOf = (figure) => {
    const canvas = document.createElement("div");
    const frame = document.createElement("iframe");
    canvas.className = "canvas";
    frame.setAttribute("sandbox", "allow-scripts");
    frame.title = "Drawing of the text below";
    frame.referrerPolicy = "no-referrer";
    frame.tabIndex = -1;
    canvas.append(frame);
    figure.prepend(canvas);
    return frame;
  };

  // As wide as it says, or as there is place for; below six tenths of it, one scrolls instead.
  const fit = (figure, frame, { width, height }) => {
    if (!isLength(width) || !isLength(height)) { say(figure, "the drawing is empty"); return; }
    if (Math.max(width, height) > LARGEST_PX) { say(figure, `it is more than ${LARGEST_PX} pixels large`); return; }
    Object.assign(frame.style, { maxWidth: `${Math.ceil(width)}px`, minWidth: `${Math.floor(width * 0.6)}px`, aspectRatio: `${width} / ${height}` });
    frame.dataset.drawn = "";
    $("details", figure).open = false;
  };

  // All frames share a process. One that never ends ends with it, as soon as no frame is left there; the others are drawn again.
  const giveUp = (figure) => {
    say(figure, `it took more than ${LONGEST_MS / 1000} s`);
    for (const canvas of $$("figure[data-drawing] > .canvas")) {
      const other = canvas.parentElement;
      canvas.remove();
      draw(other);
    }
  };

  // Resolves when the frame has answered, or was given up. What it answers is a size or words; anything else is no answer.
  const ask = (figure, frame) => new Promise((done) => {
    const end = (does) => { clearTimeout(timer); removeEventListener("message", hear); does(); done(); };
    const hear = (event) => {
      if (event.source !== frame.contentWindow || event.origin !== "null") return;
      const { error } = event.data ?? {};
      end(() => (typeof error === "string" ? say(figure, error.slice(0, 200)) : fit(figure, frame, event.data ?? {})));
    };
    const timer = setTimeout(() => end(() => giveUp(figure)), LONGEST_MS);
    addEventListener("message", hear);
    const give = () => frame.contentWindow?.postMessage({ text: text(figure), isDark: isDark() }, "*");  // its origin is opaque, and `frame-src` lets no other be there
    if (frame.dataset.loaded !== undefined) give();
    else {
      frame.addEventListener("load", () => { frame.dataset.loaded = ""; give(); }, { once: true });
      frame.src = FRAME;
    }
  });

  const draw = (figure) => {
    turn = turn.then(() => figure.isConnected && ask(figure, $("iframe", figure) ?? frameOf(figure)));
  };

  const sight = new IntersectionObserver((entries) => {
    for (const { target } of entries.filter((entry) => entry.isIntersecting)) {
      sight.unobserve(target);
      if (++drawn > MOST) say(target, `a page draws ${MOST} at most`);
      else draw(target);
    }
  }, { rootMargin: "200px" });

  const prepare = () => {
    for (const figure of $$("figure[data-drawing]")) {
      if (seen.has(figure)) continue;
      seen.add(figure);
      sight.observe(figure);
    }
  };
  prepare();
  document.addEventListener("gnomon:swapped", prepare);
  document.addEventListener("gnomon:theme", () => $$("figure[data-drawing] iframe[data-drawn]").forEach((frame) => draw(frame.closest("figure"))));
})();
