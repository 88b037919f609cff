"use strict";
(() => {
  // A place that a link leads to must be open to be seen.
  const open = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    const target = id && document.getElementById(id);
    for (let at = target; at; at = at.parentElement) {
      if (at.tagName === "DETAILS") at.open = true;
    }
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", open);
  open();

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open], .manifest)")];
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
  });

  const rows = [...document.querySelectorAll("table.trace tbody tr")];
  const place = document.getElementById("filter");
  if (!place || rows.length < 2) return;
  const element = (name, properties) => Object.assign(document.createElement(name), properties);
  const words = element("input", { type: "search", autocomplete: "off" });
  const verdict = element("select", {});
  for (const name of ["all", "violated", "proven", "runtime", "manual"]) {
    verdict.append(element("option", { value: name, textContent: name }));
  }
  const said = element("p", { className: "quiet" });
  said.setAttribute("role", "status");
  const filter = () => {
    const wanted = words.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const fits = (verdict.value === "all" || row.classList.contains(verdict.value))
        && row.textContent.toLowerCase().includes(wanted);
      row.hidden = !fits;
      if (fits) shown += 1;
    }
    said.textContent = shown === rows.length ? "" : `${shown} of ${rows.length} statements are shown`;
  };
  const labelled = (text, control) => {
    const label = element("label", { textContent: text });
    label.append(control);
    control.addEventListener("input", filter);
    return label;
  };
  const controls = element("div", { className: "controls" });
  controls.append(labelled("Statements with these words", words), labelled("Verdict", verdict));
  place.append(controls, said);
})();
