// The keyboard. Single letters are off while typing, and altogether where the reader switched them off (WCAG 2.2, 2.1.4).
import { switchTimes } from "./times.js";

const views = { l: "/", s: "/sessions", f: "/search", c: "/costs", p: "/prompts", h: "/health" };
const rows = ".turn .no a, .calls .where, .rows th[scope=row] > a, .hit a:not(.beside)";
const troubles = ".turn .bad, .tries, .sub.is-bad, .rows .bad";
let waitsForView = false;

const keys = {
  "/": (event) => { event.preventDefault(); document.querySelector("main input[name=q], #find").focus(); },
  "?": () => import("./palette.js").then((palette) => palette.help()),
  g: () => { waitsForView = true; },
  j: () => step(rows, 1),
  k: () => step(rows, -1),
  J: () => step(".ask", 1),
  K: () => step(".ask", -1),
  n: () => step(troubles, 1),
  N: () => step(troubles, -1),
  m: () => step(".turn .note.is-warn", 1),
  t: () => switchTimes(),
  Enter: () => enter(),
  ArrowRight: () => unfold(true),
  ArrowLeft: () => unfold(false),
  u: () => document.querySelector(".crumbs a:last-of-type")?.click(),
  o: () => fold(document.activeElement.closest("article, li, section")),
  O: () => fold(document.querySelector("main")),
  d: () => click(here()?.querySelector("a[href^='/compare']"), ".insp a[href^='/compare'], main a[href^='/compare']"),
  r: () => click(document.querySelector("a.form:not([aria-current])"), ".insp a[href*='tab=request'], .tabs a[href*='tab=request']"),
  c: () => click(document.querySelector(".copy-text"), "a[href*='tab=curl']"),
  y: () => import("./copy.js").then((copy) => copy.copyLink()),
  f: () => document.getElementById("follow")?.click(),
  ".": () => document.getElementById("let-in")?.click(),
  "[": () => attempt(-1),
  "]": () => attempt(1),
  "+": () => zoom(2),
  "-": () => zoom(0.5),
  0: () => zoom(0),
  Escape: () => { getSelection().removeAllRanges(); document.activeElement.blur(); },
};

export function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "k") {
      event.preventDefault();
      import("./palette.js").then((palette) => palette.goTo());
      return;
    }

    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, select, textarea, dialog")) return;
    if (localStorage.getItem("lethe-keys") === "off" && event.key !== "Escape" && event.key !== "?") return;
    if (waitsForView) {
      waitsForView = false;
      if (views[event.key]) location.assign(views[event.key]);
      return;
    }

    keys[event.key]?.(event);
  });
}

// The next of them on the screen's order after where the focus is.
function step(which, by) {
  const all = [...document.querySelectorAll(`main :is(${which})`)].filter((one) => one.checkVisibility());
  if (all.length === 0) return;
  const at = all.indexOf(document.activeElement);
  const behind = all.findIndex((one) => document.activeElement.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING);
  const isNowhere = document.activeElement === document.body;
  const next = at >= 0 ? at + by : isNowhere ? (by > 0 ? 0 : all.length - 1) : behind < 0 ? (by > 0 ? all.length - 1 : all.length - 1) : by > 0 ? behind : behind - 1;
  const chosen = all[Math.min(all.length - 1, Math.max(0, next))];
  if (!chosen.matches("a, button, summary")) chosen.tabIndex = -1;
  chosen.focus();
  chosen.scrollIntoView({ block: "nearest" });
}

function fold(place) {
  const folds = [...place?.querySelectorAll("details") ?? []];
  const open = folds.some((one) => !one.open);
  folds.forEach((one) => { one.open = open; });
}

// In a tree of rows: what hangs below the one that has focus; from what hangs there, back to it.
function unfold(open) {
  const row = document.activeElement.closest("[role=treegrid] tbody tr");
  if (!row) return;
  if (row.hasAttribute("aria-expanded")) {
    if ((row.getAttribute("aria-expanded") === "true") !== open) row.querySelector(".below").click();
  } else if (!open && Number(row.ariaLevel) > 1) {
    let above = row.previousElementSibling;
    while (Number(above.ariaLevel) >= Number(row.ariaLevel)) above = above.previousElementSibling;
    above.querySelector("th > a").focus();
  }
}

// What is no link itself leads where its last link does: a sub-agent's card to its conversation.
function enter() {
  const card = document.activeElement;
  if (card.matches(".sub, .ask")) [...card.querySelectorAll("a[href]")].at(-1)?.click();
}

function here() {
  return document.activeElement.closest("article.turn") ?? document.querySelector("article.is-selected");
}

function click(first, otherwise) {
  (first ?? document.querySelector(otherwise))?.click();
}

function attempt(by) {
  const all = [...document.querySelectorAll("a[data-attempt]")];
  const next = all[all.findIndex((one) => one.hasAttribute("aria-current")) + by];
  if (next) location.assign(next.href);
}

function zoom(factor) {
  if (document.getElementById("timeline")) import("./timeline.js").then((timeline) => timeline.zoomBy(factor));
}
