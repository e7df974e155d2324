// What the browser measures, in every page before its own scripts. `benchCharts` and `benchReady(N, all, isSeen)` were set before.
"use strict";
(() => {
  const LATE_MS = 33.4; // more than one frame of 60 a second was left out
  const WAIT_MS = 15000;
  const all = (selector, root = document) => {
    const found = [...root.querySelectorAll(selector)];
    for (const one of root.querySelectorAll("*")) if (one.shadowRoot) found.push(...all(selector, one.shadowRoot));
    return found;
  };
  const isSeen = (one) => one.getClientRects().length > 0;
  const now = () => performance.timeOrigin + performance.now();
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const shown = (then) => setTimeout(then); // from a frame's callback: once that frame was shown
  const until = (isThere, what) => new Promise((done, fail) => {
    const begin = performance.now();
    const look = () => {
      if (isThere()) shown(() => done(performance.now()));
      else if (performance.now() - begin > WAIT_MS) fail(new Error(what));
      else requestAnimationFrame(look);
    };
    look();
  });

  let ready = null;
  const look = () => {
    let is = false;
    try { is = window.benchReady(window.benchCharts, all, isSeen); } catch { /* not there yet */ }
    if (is) shown(() => { ready = now(); });
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  addEventListener("click", () => sessionStorage.setItem("bench-clicked", now()), true);

  const figures = () => {
    if (ready === null) return null;
    const [page] = performance.getEntriesByType("navigation");
    const asked = performance.getEntriesByType("resource").filter((one) => ["fetch", "xmlhttprequest"].includes(one.initiatorType));
    return {
      ms: ready - performance.timeOrigin,
      since_click_ms: ready - Number(sessionStorage.getItem("bench-clicked")),
      page_ms: page.responseEnd,
      asked: asked.length,
      asked_from_ms: asked.length ? Math.min(...asked.map((one) => one.startTime)) : 0,
      asked_ms: Math.max(0, ...asked.map((one) => one.responseEnd)),
      bytes: page.transferSize + asked.reduce((sum, one) => sum + one.transferSize, 0),
    };
  };

  // Scrolls the largest part that can be scrolled from its top to its end, so many pixels a frame.
  const scroll = async (step) => {
    const room = (one) => one.scrollHeight - one.clientHeight;
    const canScroll = (one) => one === document.scrollingElement || ["auto", "scroll"].includes(getComputedStyle(one).overflowY);
    const boxes = [document.scrollingElement, ...all("*")].filter((one) => room(one) > 50 && one.clientHeight > 200 && canScroll(one));
    const box = boxes.sort((one, other) => room(other) - room(one))[0];
    if (!box) return { frames: 0, late: 0, pixels: 0 };
    box.scrollTop = 0;
    for (let n = 0; n < 10; n += 1) await frame();
    const gaps = [];
    const begin = performance.now();
    let last = await frame();
    while (box.scrollTop + 1 < room(box) && performance.now() - begin < WAIT_MS) {
      box.scrollTop += step;
      const at = await frame();
      gaps.push(at - last);
      last = at;
    }
    return {
      frames: gaps.length, late: gaps.filter((gap) => gap > LATE_MS).length, longest_ms: Math.max(...gaps),
      lost: gaps.reduce((sum, gap) => sum + Math.max(0, Math.round(gap / (1000 / 60)) - 1), 0),
      pixels: box.scrollTop, scroll_ms: performance.now() - begin,
    };
  };

  // From letting the mouse go until the chart of Gnomon has its finer lines.
  let up = null;
  addEventListener("mouseup", () => { up = performance.now(); }, true);
  const zoomed = async () => {
    const chart = window.gnomon.charts.get(document.querySelector("figure[data-drawn]"));
    const at = await until(() => up !== null && chart.lines !== chart.all, "no finer lines came");
    return at - up;
  };

  // From the key that goes to the field until the next one stands in it.
  let down = null;
  addEventListener("keydown", () => { down ??= performance.now(); }, true);
  const typed = async (selector) => {
    const before = document.querySelector(selector).value;
    const at = await until(() => {
      const field = document.querySelector(selector);
      return field === document.activeElement && field.value !== before;
    }, "the field took no key");
    return at - down;
  };
  window.bench = { figures, scroll, zoomed, typed };
})();
