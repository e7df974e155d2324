// The code stands in the fragment, which no request carries: it is taken out of the address at once and sent by POST.
"use strict";
(() => {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (!code) return;
  history.replaceState(null, "", location.pathname + location.search);
  const form = document.querySelector("form");
  form.elements.code.value = code;
  document.getElementById("said").textContent = "Entering…";
  form.submit();
})();
