// Looks at a page in its window and leaves what is wrong in `data-probe` of the body.
"use strict";
(() => {
  // A headless window is never narrower than about 500 pixels; a frame is.
  const wanted = Number(new URLSearchParams(location.search).get("width"));
  if (wanted && wanted !== innerWidth && self === top) {
    const page = document.documentElement.outerHTML;
    document.body.innerHTML = "";
    const frame = document.createElement("iframe");
    frame.style.cssText = `border:0;width:${wanted}px;height:1200px`;
    frame.srcdoc = page;
    frame.addEventListener("load", () => {
      const inner = frame.contentDocument.body.dataset.probe;
      document.body.dataset.probe = inner === undefined ? "the frame has no result" : inner;
    });
    document.body.append(frame);
    return;
  }
  for (const one of document.querySelectorAll("details")) one.open = true;
  const faults = [];
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) {
    const wide = [...document.querySelectorAll("body *")]
      .filter((one) => one.getBoundingClientRect().right > width + 1 && !one.closest(".scroll, pre"))
      .map((one) => `${one.tagName}.${one.className}`);
    faults.push(`scrolls sideways: ${[...new Set(wide)].slice(0, 5).join(", ")}`);
  }
  for (const box of document.querySelectorAll("svg g.box")) {
    const outer = box.querySelector("rect").getBBox();
    for (const text of box.querySelectorAll("text")) {
      const inner = text.getBBox();
      if (inner.x < outer.x || inner.x + inner.width > outer.x + outer.width
        || inner.y < outer.y || inner.y + inner.height > outer.y + outer.height) {
        faults.push(`text leaves its box: ${text.textContent}`);
      }
    }
  }
  for (const svg of document.querySelectorAll("svg")) {
    const boxes = [...svg.querySelectorAll("g.box rect, text.port")].map((one) => [one, one.getBBox()]);
    boxes.forEach(([one, a], index) => {
      for (const [other, b] of boxes.slice(index + 1)) {
        if (a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height) {
          faults.push(`${one.textContent || one.tagName} lies on ${other.textContent || other.tagName}`);
        }
      }
    });
  }
  // Contrast of every text with the page below it, by the formula of WCAG 2.
  const parsed = (colour) => (colour.match(/[\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const part = (c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const below = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parsed(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const weak = new Set();
  for (const element of document.querySelectorAll("main *, header *, nav *, footer *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || element.closest("svg")) continue;
    const [one, other] = [light(parsed(getComputedStyle(element).color)), light(below(element))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) weak.add(`${element.tagName}.${element.className} ${ratio.toFixed(1)}`);
    const size = parseFloat(getComputedStyle(element).fontSize);
    if (size < 11.5) weak.add(`${element.tagName}.${element.className} has ${size} px`);
  }
  if (weak.size) faults.push(`hard to read: ${[...weak].slice(0, 5).join(", ")}`);
  document.body.dataset.probe = faults.slice(0, 10).join("; ").replaceAll('"', "'");
})();
