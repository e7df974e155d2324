// The pages of a team: the reader's own time zone is filled in, and a key begins a comment. They work without it.
"use strict";
(() => {
  const { $ } = gnomon;
  const tab = $(".tabs a[aria-current]");
  if (tab) tab.parentElement.scrollLeft = tab.offsetLeft - tab.parentElement.offsetLeft - 40;

  const zone = $("input[data-zone]");
  if (zone && !zone.value) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";

  const wrong = $("#wrong");
  if (wrong) wrong.scrollIntoView({ block: "nearest" });

  gnomon.key("n", () => $("#say textarea")?.focus());
  gnomon.key("e", () => { const edit = $("details.edit"); if (edit) gnomon.edit(edit); });
})();
