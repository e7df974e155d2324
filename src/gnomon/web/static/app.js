// What makes the pages live, quick and keyboard-driven. They work without it, as links and forms.
"use strict";
(() => {
  const token = document.querySelector("meta[name=gnomon-token]")?.content ?? "";
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

  // --- requests of ours hold the token; what goes wrong is said
  document.addEventListener("htmx:config:request", (event) => {
    event.detail.ctx.request.headers["X-Gnomon-Token"] = token;
  });
  document.documentElement.dataset.script = "1"; // what only script can do is shown
  const toast = (text, kind = "") => {
    const box = document.createElement("div");
    box.className = kind;
    box.textContent = text;
    $("#toast").append(box);
    setTimeout(() => box.remove(), kind === "bad" ? 12000 : 5000);
  };
  const said = async (response) => {
    try {
      const { error } = await response.json();
      return error.hint ? `${error.message}. ${error.hint}` : error.message;
    } catch {
      return `the pages answered ${response.status}`;
    }
  };
  const send = async (path, values) => {
    const body = new URLSearchParams(values);
    const response = await fetch(path, { method: "POST", body, headers: { "X-Gnomon-Token": token, Accept: "application/json" } });
    if (!response.ok) throw new Error(await said(response));
    return response;
  };
  document.addEventListener("htmx:before:swap", (event) => {
    const status = event.detail.ctx?.response?.status ?? event.detail.ctx?.response?.raw?.status ?? 200;
    if (status >= 400) event.preventDefault();
  });
  document.addEventListener("htmx:response:error", (event) => {
    const response = event.detail.ctx?.response?.raw;
    if (response && !response.bodyUsed) said(response).then((text) => toast(text, "bad"));
    else {
      let text = "that did not work";
      try {
        const { error } = JSON.parse(event.detail.ctx.text);
        text = error.hint ? `${error.message}. ${error.hint}` : error.message;
      } catch { /* not in our shape */ }
      toast(text, "bad");
    }
  });

  // --- times in the reader's own zone, with that zone
  let zone = null; // made for the first time that is shown: it costs as much as all else here
  const two = (number) => String(number).padStart(2, "0");
  const localTime = (element) => {
    const moment = new Date(element.dateTime);
    if (Number.isNaN(moment.getTime()) || element.dataset.local) return;
    zone ??= new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" });
    const name = zone.formatToParts(moment).find((part) => part.type === "timeZoneName")?.value ?? "";
    const day = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
    const seconds = element.dataset.kind === "second" ? `:${two(moment.getSeconds())}` : "";
    element.title = `${element.textContent.trim()}`;
    const clock = `${two(moment.getHours())}:${two(moment.getMinutes())}`;
    element.textContent = element.dataset.kind === "clock" ? clock : `${day} ${two(moment.getHours())}:${two(moment.getMinutes())}${seconds} ${name}`;
    element.dataset.local = "1";
  };
  const prepare = (root) => $$("time[datetime]", root).forEach(localTime);
  prepare(document);
  document.addEventListener("htmx:after:swap", () => { prepare(document); document.dispatchEvent(new Event("gnomon:swapped")); });

  // --- the news: one stream while the page is seen
  let stream = null;
  const marks = JSON.parse($("meta[name=gnomon-marks]")?.content || "{}");
  const tell = (word) => document.body.dispatchEvent(new CustomEvent(`gnomon:${word}`));
  const listen = () => {
    if (document.hidden) {
      stream?.close();
      stream = null;
      return;
    }
    if (stream) return;
    stream = new EventSource("/events");
    stream.addEventListener("marks", (event) => {
      for (const [word, mark] of Object.entries(JSON.parse(event.data))) {
        if (marks[word] !== mark) { marks[word] = mark; tell(word); }
      }
    });
  };
  document.addEventListener("visibilitychange", listen);
  addEventListener("pagehide", () => { stream?.close(); stream = null; });
  addEventListener("pageshow", listen);
  listen();

  // --- light and dark
  const theme = (choice) => {
    if (choice) document.documentElement.dataset.theme = choice;
    else delete document.documentElement.dataset.theme;
    document.dispatchEvent(new Event("gnomon:theme"));
  };
  theme(localStorage.getItem("gnomon-theme"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new Event("gnomon:theme")));
  const nextTheme = () => {
    const order = [null, "light", "dark"];
    const next = order[(order.indexOf(localStorage.getItem("gnomon-theme")) + 1) % 3];
    if (next) localStorage.setItem("gnomon-theme", next);
    else localStorage.removeItem("gnomon-theme");
    theme(next);
    toast(next ?? "light or dark as the system has it");
  };

  // --- the palette
  const palette = $("#palette");
  const field = palette && $("input", palette);
  const list = palette && $("ul", palette);
  let found = [];
  let at = 0;
  let asked = 0;
  const pages = () => $$(".nav a.to").map((link) => ({ title: link.firstChild.textContent.trim(), note: "page", to: link.getAttribute("href") }));
  const actions = () => [
    ...$$("[data-action]").map((element) => ({ title: element.dataset.action, note: "action", run: () => element.click() })),
    { title: "Light or dark", note: "action", run: nextTheme },
  ];
  const draw = () => {
    list.replaceChildren(...found.map((one, place) => {
      const item = document.createElement("li");
      item.role = "option";
      item.id = `palette-${place}`;
      item.setAttribute("aria-selected", String(place === at));
      const title = document.createElement("span");
      title.textContent = one.title;
      const note = document.createElement("span");
      note.className = "dim small";
      note.textContent = one.note;
      item.append(title, note);
      item.addEventListener("click", () => choose(place));
      return item;
    }));
    if (found.length) field.setAttribute("aria-activedescendant", `palette-${at}`);
    else field.removeAttribute("aria-activedescendant");
    list.children[at]?.scrollIntoView({ block: "nearest" });
  };
  const own = () => {
    const words = field.value.trim().toLowerCase();
    return [...pages(), ...actions()].filter((one) => one.title.toLowerCase().includes(words));
  };
  let wait = 0;
  const look = () => {
    found = own();
    at = 0;
    draw();
    clearTimeout(wait);
    const mine = ++asked;
    if (field.value.trim()) wait = setTimeout(() => lookFurther(mine), 80);
  };
  const lookFurther = async (mine) => {
    const response = await fetch(`/palette?q=${encodeURIComponent(field.value)}`, { headers: { Accept: "application/json" } });
    if (mine !== asked || !response.ok) return;
    found = [...own(), ...await response.json()];
    draw();
  };
  const choose = (place) => {
    const one = found[place];
    if (!one) return;
    palette.close();
    if (one.run) one.run();
    else location.assign(one.to);
  };
  const openPalette = () => {
    if (palette.open) return;
    field.value = "";
    palette.showModal();
    look();
  };
  if (palette) {
    field.addEventListener("input", look);
    palette.addEventListener("click", (event) => { if (event.target === palette) palette.close(); });
    palette.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && found.length) { at = (at + step + found.length) % found.length; draw(); event.preventDefault(); }
      if (event.key === "Enter") { event.preventDefault(); choose(at); }
    });
  }

  // --- keys. A page adds its own: gnomon.key("c", () => …)
  const keys = new Map();
  const goto = (key) => $$(".nav a.to").find((link) => link.dataset.key === key)?.click();
  let isGoing = false;
  const writes = (element) => element.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); openPalette(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (writes(event.target) || $("dialog[open]")) {
      if (event.key === "Escape" && writes(event.target)) event.target.blur();
      return;
    }
    if (isGoing) { isGoing = false; event.preventDefault(); goto(event.key); return; }
    if (event.key === "g") { isGoing = true; setTimeout(() => { isGoing = false; }, 1500); return; }
    if (event.key === ":") { event.preventDefault(); openPalette(); return; }
    if (event.key === "?") { location.assign("/help"); return; }
    if (event.key === "T") { nextTheme(); return; }
    if (event.key === "/") { const own = $("[data-key='/']"); if (own) { event.preventDefault(); own.focus(); own.select?.(); } return; }
    const own = keys.get(event.key);
    if (own && own(event) !== false) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-does=palette]")) openPalette();
    for (const menu of $$("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") for (const menu of $$("details.menu[open]")) { menu.open = false; $("summary", menu).focus(); }
  });

  // --- a form that asks again with each change; empty fields stay out of the address
  const submits = (event) => { const form = event.target.closest("form[data-submits]"); if (form && !event.target.matches("[type=hidden]")) form.requestSubmit(); };
  document.addEventListener("change", submits);
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-submits]")) return;
    for (const field of event.target.elements) if (field.name && !field.value) field.disabled = true;
    setTimeout(() => { for (const field of event.target.elements) field.disabled = false; });
  });

  window.gnomon = { token, toast, send, said, prepare, key: (name, does) => keys.set(name, does), $, $$ };
})();
