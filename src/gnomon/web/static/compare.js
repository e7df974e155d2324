// Forms of the comparison leave out of the address what is empty. Media side by side: one slider moves all panels; the arrows
// and the form do the same without script.
"use strict";
(() => {
  document.addEventListener("formdata", (event) => {
    const kept = [...event.formData].filter(([, value]) => value !== "");
    for (const name of new Set([...event.formData.keys()])) event.formData.delete(name);
    for (const [name, value] of kept) event.formData.append(name, value);
  });
})();
(() => {
  const { $, key } = window.gnomon;
  const section = () => $("#media");
  const slider = () => $("#media .step-slider");
  const stepsOf = () => slider().dataset.steps.split(",").map(Number);
  let asked = null;
  let wait = 0;
  let isHeld = false;

  const address = (step, part) => {
    const to = new URL(section().dataset.address, location.origin);
    if (step !== null) to.searchParams.set("step", step);
    if (part) to.searchParams.set("part", part);
    return to.pathname + to.search;
  };
  const shownStep = () => {
    const text = $("#panels")?.dataset.step ?? "";
    return text === "" ? null : Number(text);
  };
  const number = (value) => value.toLocaleString("en-US");

  // What moves at once, before the panels have come.
  const say = (step) => {
    const steps = stepsOf();
    const place = steps.findLastIndex((one) => one <= step);
    slider().value = String(Math.max(0, place));
    slider().setAttribute("aria-valuetext", `step ${step}`);
    $("#media .step-now").textContent = `step ${number(step)}`;
    const way = (selector, to) => {
      const link = $(`#media ${selector}`);
      link.classList.toggle("off", to === undefined);
      if (to === undefined) { link.removeAttribute("href"); link.setAttribute("aria-disabled", "true"); } else { link.href = address(to); link.removeAttribute("aria-disabled"); }
    };
    way(".step-before", place >= 0 && steps[place] < step ? steps[place] : steps[place - 1]);
    way(".step-after", steps[place + 1]);
  };

  const show = async (step, part = "panels") => {
    asked?.abort();
    const mine = asked = new AbortController();
    try {
      const response = await fetch(address(step, part), { signal: mine.signal, headers: { Accept: "application/json, text/html;q=0.9" } });
      if (!response.ok) throw new Error(await window.gnomon.said(response));
      const html = await response.text();
      if (mine !== asked) return;
      put(html, part);
    } catch (error) {
      if (error.name !== "AbortError") window.gnomon.toast(error.message, "bad");
    }
  };

  // New pictures are put in their place once they are decoded, so that nothing flickers.
  const put = async (html, part) => {
    const mine = asked;
    const fresh = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
    if (part !== "panels") { section().replaceWith(fresh); ready(); return; }
    const old = $("#panels");
    const scroll = $(".scroll", old);
    const [left, top] = [scroll.scrollLeft, scroll.scrollTop];
    const pictures = [...fresh.querySelectorAll("img")].slice(0, 60);
    for (const picture of pictures) picture.loading = "eager";
    const soon = new Promise((done) => { setTimeout(done, 250); });
    await Promise.race([soon, Promise.allSettled(pictures.map((picture) => picture.decode()))]);
    if (mine !== asked) return;
    keepChoices(old, fresh);
    old.replaceWith(fresh);
    $(".scroll", fresh).scrollTo(left, top);
  };
  const keepChoices = (old, fresh) => {
    const was = [...old.querySelectorAll("tbody td")];
    [...fresh.querySelectorAll("tbody td")].forEach((cell, place) => {
      const before = was[place];
      const mask = before && $(".with-mask", before);
      if (mask && $(".with-mask", cell)) $(".with-mask", cell).checked = mask.checked;
      if (before && $("details[open]", before) && $("details", cell)) $("details", cell).open = true;
    });
  };

  const move = (step) => {
    say(step);
    history.replaceState(null, "", address(step));
    clearTimeout(wait);
    wait = setTimeout(() => show(step), 40);
  };
  const along = (way) => {
    if (!slider()) return false;
    const link = $(way > 0 ? "#media .step-after" : "#media .step-before");
    const to = link.getAttribute("href") && new URL(link.href).searchParams.get("step");
    if (to !== null && to !== "") move(Number(to));
    return true;
  };

  const ready = () => {
    if (slider()) slider().hidden = false;
  };
  document.addEventListener("input", (event) => {
    if (event.target === slider()) move(stepsOf()[Number(event.target.value)]);
  });
  document.addEventListener("pointerdown", (event) => { isHeld = event.target === slider(); });
  document.addEventListener("pointerup", () => { isHeld = false; });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("#media .step-before, #media .step-after");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    along(link.matches(".step-after") ? 1 : -1);
  });
  key("ArrowRight", () => along(1));
  key("ArrowLeft", () => along(-1));
  // New values: the part is asked for again, at the step that is shown, unless somebody drags.
  document.body.addEventListener("gnomon:entries", () => {
    if (section() && !isHeld && !section().contains(document.activeElement)) show(shownStep(), "media");
  });
  ready();
})();
