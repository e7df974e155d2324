// Editing in place, on every page that renews itself: what a person writes is left alone, saved by Ctrl Enter, dropped by Esc.
"use strict";
(() => {
  const { $, $$ } = gnomon;

  // --- regions that renew themselves leave alone what a person is writing
  const isBusy = (region) => {
    if ($("details.edit[open], details.menu[open]", region)) return true;
    if ($$("textarea", region).some((field) => field.value !== field.defaultValue)) return true;
    const at = document.activeElement;
    return region.contains(at) && at.matches("textarea, input:not([type=hidden], [type=checkbox], [type=range])") && at.value !== at.defaultValue;
  };
  const leaveAlone = (event) => {
    const { sourceElement: source, request } = event.detail.ctx;
    if (source?.matches("[data-region]") && (request?.method ?? "GET").toUpperCase() === "GET" && isBusy(source)) event.preventDefault();
  };
  document.addEventListener("htmx:before:request", leaveAlone);
  document.addEventListener("htmx:before:swap", leaveAlone); // asked for before the person began to write
  document.addEventListener("htmx:before:morph:attr", (event) => {
    if (event.detail.attrName === "open" && event.target.matches("details")) event.preventDefault();
  });
  const renew = (region) => region?.dispatchEvent(new CustomEvent("gnomon:refresh"));

  // --- editing in place
  const close = (details) => {
    details.open = false;
    $("form", details)?.reset();
    $("summary", details).focus();
    renew(details.closest("[data-region]"));
  };
  const open = (details) => {
    details.open = true;
    const field = $("textarea, input:not([type=hidden])", details);
    field.focus();
    if (field.matches("input")) field.select();
    else field.setSelectionRange(field.value.length, field.value.length);
  };
  document.addEventListener("click", (event) => {
    const edit = event.target.closest("details.edit:not([open]) > summary, details.menu.asks:not([open]) > summary");
    if (edit) { event.preventDefault(); open(edit.parentElement); }
    const cancel = event.target.closest("[data-does=cancel]");
    if (cancel) close(cancel.closest("details"));
    const copy = event.target.closest("[data-copy]");
    if (copy) navigator.clipboard.writeText(copy.dataset.copy).then(() => gnomon.toast("copied"), () => gnomon.toast("the browser did not let it be copied", "bad"));
    const write = event.target.closest("textarea[data-action]");
    if (write) write.focus();
  });
  document.addEventListener("keydown", (event) => {
    const form = event.target.closest?.("form");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea") && form) {
      event.preventDefault();
      form.requestSubmit($("button.main-action", form));
    }
    const details = event.target.closest?.("details.edit[open]");
    if (event.key === "Escape" && details) { event.stopPropagation(); close(details); }
  }, true);

  gnomon.edit = open;
})();
