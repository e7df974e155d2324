// Draws one Mermaid text, inside the frame of `web/drawing.py`, which can reach nothing. A page of ours says what; the frame
// answers with how large the drawing is, or with what is wrong with the text, and with nothing else.
"use strict";
(() => {
  const page = document.documentElement.dataset.page;
  const place = document.querySelector("main");
  const LONGEST = 20000;
  const MOST_EDGES = 300;
  // What a text may not set of itself, beside the library's own: what loosens it, and styles of any kind.
  const FIXED = ["secure", "securityLevel", "startOnLoad", "maxTextSize", "maxEdges", "suppressErrorRendering", "htmlLabels", "dompurifyConfig",
    "themeCSS", "fontFamily", "altFontFamily", "handDrawnSeed", "logLevel", "deterministicIds", "arrowMarkerAbsolute"];
  let count = 0;

  const settings = (isDark) => ({
    startOnLoad: false, securityLevel: "strict", secure: FIXED, maxTextSize: LONGEST, maxEdges: MOST_EDGES, suppressErrorRendering: true,
    htmlLabels: false, flowchart: { htmlLabels: false }, theme: isDark ? "dark" : "default", fontFamily: "system-ui, sans-serif", logLevel: "fatal",
    themeVariables: { xyChart: { backgroundColor: "transparent" } },
  });

  // The markup comes from the library, which cleans it; what is left cannot run here, and a link leads nowhere.
  const put = (markup) => {
    const svg = new DOMParser().parseFromString(markup, "text/html").querySelector("svg");
    for (const link of svg.querySelectorAll("a")) for (const name of ["href", "xlink:href", "target"]) link.removeAttribute(name);
    place.replaceChildren(document.importNode(svg, true));
    return place.firstElementChild;
  };

  // Its own size, as it says: its box, else its attributes.
  const size = (svg) => {
    const box = svg.viewBox.baseVal;
    const [width, height] = box && box.width ? [box.width, box.height] : [parseFloat(svg.getAttribute("width")), parseFloat(svg.getAttribute("height"))];
    svg.style.maxWidth = "none";
    return { width, height };
  };

  const draw = async ({ text, isDark }) => {
    if (typeof text !== "string" || text.length > LONGEST) return { error: "the text is too long" };
    document.documentElement.style.colorScheme = isDark ? "dark" : "light";
    try {
      window.mermaid.initialize(settings(isDark === true));
      const { svg } = await window.mermaid.render(`drawn-${++count}`, text, place);
      return size(put(svg));
    } catch (error) {
      return { error: String(error?.message ?? error).split("\n")[0].slice(0, 200) };
    }
  };

  addEventListener("message", async (event) => {
    if (event.source !== parent || event.origin !== page) return;
    const answer = await draw(event.data);
    parent.postMessage(answer, page);
  });
})();
