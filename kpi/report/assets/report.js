// Draws every chart of the page, and again when language, theme, width or medium change.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const data = JSON.parse(unpack(document.getElementById("data")));
  const PAPER = 690; // pixels between the margins of an A4 page

  const drawAll = () => {
    const printing = page.isPrinting();
    for (const [id, { kind, height, data: content }] of Object.entries(data)) {
      const element = document.getElementById(id);
      const width = printing ? PAPER : element.clientWidth;
      if (!width) continue;
      const tall = kind === "hours" && width < 560 ? 560 : height;
      element.style.height = `${tall}px`;
      element.style.width = printing ? `${PAPER}px` : "";
      charts.draw(element, draw[kind](content, width, tall), printing);
    }
  };
  let waiting;
  let seen = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === seen || page.isPrinting()) return;
    seen = innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(drawAll, 120);
  });
  document.addEventListener("redraw", drawAll);
  drawAll();
  window.reportCharts = (id) => charts.of(document.getElementById(id)).getOption();
});
