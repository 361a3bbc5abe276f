// A long session comes in pieces: those between the ones that are shown are loaded as they come near, or all at once by a button.
import { showTimes } from "./times.js";
import { unfold } from "./folds.js";
import { ask } from "./part.js";

const pieceTurns = 400;
const nearPixels = 1200;
const rowsAFrame = 50;
const framesToSettle = 20;
let loading = false;
let all = false;
let left = false;

export function start() {
  for (const kind of ["wheel", "keydown", "pointerdown", "touchstart"]) addEventListener(kind, () => { left = true; }, { once: true, passive: true });
  if (document.readyState === "complete") settle();
  else addEventListener("load", settle, { once: true });
  const near = new IntersectionObserver((gaps) => { if (gaps.some((gap) => gap.isIntersecting)) loadNext(); }, { rootMargin: `${nearPixels}px 0px` });
  for (const gap of gaps()) {
    near.observe(gap);
    const button = gap.querySelector(".load-all");
    button.hidden = false;
    button.addEventListener("click", () => { all = true; loadNext(); });
  }
}

// The turn that the address names comes into sight, and stays there while the page around it gets its sizes, until the reader goes elsewhere.
async function settle() {
  const asked = document.getElementById(location.hash.slice(1));
  for (let frame = 0; asked && frame < framesToSettle && !left; frame++) {
    asked.scrollIntoView();
    await new Promise(requestAnimationFrame);
  }
}

function gaps() {
  return [...document.querySelectorAll("#conversation > .gap")];
}

async function loadNext() {
  if (loading) return;
  const middle = innerHeight / 2;
  const gap = gaps().filter((one) => all || isNear(one)).sort((a, b) => distance(a, middle) - distance(b, middle))[0];
  if (!gap) return;
  loading = true;
  const [from, to] = [Number(gap.dataset.from), Number(gap.dataset.to)];
  // From the side that the reader comes from.
  const isBelow = gap.getBoundingClientRect().top > middle;
  const first = isBelow ? from : Math.max(from, to - pieceTurns);
  const last = isBelow ? Math.min(to, from + pieceTurns) : to;
  gap.setAttribute("aria-busy", "true");
  const piece = await load(`part=turns&from=${first}&to=${last}`);
  gap.removeAttribute("aria-busy");
  if (piece) {
    await insert(piece, gap, isBelow);
    if (isBelow) gap.dataset.from = last;
    else gap.dataset.to = first;
    if (Number(gap.dataset.from) >= Number(gap.dataset.to)) gap.remove();
    else describe(gap);
  }

  await settle();
  loading = false;
  if (piece) loadNext();
}

export function load(query) {
  return ask(`${location.pathname}?${query}`);
}

function isNear(gap) {
  const box = gap.getBoundingClientRect();
  return box.bottom > -nearPixels && box.top < innerHeight + nearPixels;
}

function distance(gap, middle) {
  return Math.abs(gap.getBoundingClientRect().top - middle);
}

function describe(gap) {
  const link = gap.querySelector("a");
  link.href = `?from=${gap.dataset.from}`;
  link.textContent = `Turns ${Number(gap.dataset.from) + 1} to ${gap.dataset.to}`;
  gap.querySelector("span").textContent = "";
}

// A few rows a frame, so that none takes long; what goes on from the prompt beside it stays with it.
async function insert(piece, gap, isBelow) {
  const place = isBelow ? gap : gap.nextElementSibling;
  let inFrame = 0;
  for (const section of [...piece.querySelectorAll("#conversation > section")]) {
    const beside = isBelow ? gap.previousElementSibling : place;
    const joins = beside?.dataset.prompt === section.dataset.prompt;
    const rows = [...section.querySelectorAll(":scope > ol.turns > li")];
    const list = (joins ? beside : section).querySelector(":scope > ol.turns");
    const before = joins && !isBelow ? list.firstElementChild : null;
    if (!joins) {
      list.replaceChildren();
      gap.parentNode.insertBefore(document.adoptNode(section), place);
      showTimes(section);
    }

    for (const row of rows) {
      list.insertBefore(document.adoptNode(row), before);
      showTimes(row);
      unfold(row);
      if (++inFrame % rowsAFrame === 0) await new Promise(requestAnimationFrame);
    }
  }
}
