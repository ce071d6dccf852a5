// Language and theme of a page. Whoever draws listens to the event "redraw" on document.
"use strict";
const page = (() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const listen = (query, f) => query.addEventListener("change", f);
  const redraw = () => document.dispatchEvent(new Event("redraw"));

  let printing = false;

  const lang = () => root.dataset.lang;
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  /** The text of the current language of {zh, en}; anything else as it is. */
  const say = (text) => (text && typeof text === "object" ? text[lang()] : text);
  /** A colour or font of tokens.css. */
  const token = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();

  const label = () => {
    root.lang = lang() === "zh" ? "zh-CN" : "en";
    document.title = root.dataset[lang() === "zh" ? "titleZh" : "titleEn"] || document.title;
    for (const element of document.querySelectorAll("[data-label-zh]")) {
      element.setAttribute("aria-label", lang() === "zh" ? element.dataset.labelZh : element.dataset.labelEn);
    }
    for (const button of document.querySelectorAll("[data-set-lang]")) {
      button.setAttribute("aria-pressed", String(button.dataset.setLang === lang()));
    }
    for (const button of document.querySelectorAll("[data-set-theme]")) {
      button.setAttribute("aria-pressed", String(isDark()));
    }
  };
  const start = () => {
    for (const button of document.querySelectorAll("[data-set-lang]")) {
      button.addEventListener("click", () => { root.dataset.lang = button.dataset.setLang; label(); redraw(); });
    }
    for (const button of document.querySelectorAll("[data-set-theme]")) {
      button.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; label(); redraw(); });
    }
    listen(dark, () => { label(); redraw(); });
    // paper is light, whatever the screen is
    let before;
    addEventListener("beforeprint", () => {
      if (!printing) before = root.dataset.theme;
      printing = true;
      root.dataset.theme = "light";
      redraw();
    });
    addEventListener("afterprint", () => {
      printing = false;
      if (before) root.dataset.theme = before; else delete root.dataset.theme;
      redraw();
    });
    label();
  };
  return { lang, isDark, isPrinting: () => printing, say, token, start };
})();
document.addEventListener("DOMContentLoaded", page.start);
