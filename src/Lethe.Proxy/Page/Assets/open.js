// The calls on their way: drawn anew when something of them is heard, counted up in between, each with how fast its words have come.
import { showTimes } from "./times.js";
import { ask } from "./part.js";

const tickMilliseconds = 1000;
const ticksShown = 12;
const barPixels = 4;
const heightPixels = 14;
const heard = new Map();
let drawnAt = performance.now();
let frozen = false;
let waits = false;

export function start() {
  drawnAt = performance.now();
  note();
  setInterval(tick, tickMilliseconds);
}

// While nobody is connected nothing is known: figures stand still.
export function freeze(isFrozen) {
  frozen = isFrozen;
}

// Where something in the list has focus it waits until that is elsewhere.
export async function draw() {
  const piece = (await ask(document.getElementById("open-list").dataset.address))?.getElementById("open-list");
  if (!piece) return;
  const there = document.getElementById("open-list");
  if (there.contains(document.activeElement)) {
    if (!waits) there.addEventListener("focusout", () => { waits = false; draw(); }, { once: true });
    waits = true;
    return;
  }

  there.replaceWith(document.adoptNode(piece));
  drawnAt = performance.now();
  showTimes(piece);
  note();
  for (const row of piece.children) drawSpark(row);
  const told = document.getElementById("open-calls");
  if (!told) return;
  const count = Number(piece.dataset.count);
  told.textContent = count === 1 ? "1 call open" : `${count} calls open`;
  document.title = count > 0 ? `● ${count} open · lethe` : "Live · lethe";
}

function tick() {
  if (frozen || document.hidden) return;
  for (const elapsed of document.querySelectorAll("#open-list .elapsed")) {
    const seconds = (Number(elapsed.dataset.ms) + performance.now() - drawnAt) / 1000;
    elapsed.textContent = seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  }

  note();
  for (const row of document.querySelectorAll("#open-list > li")) drawSpark(row);
}

// How far each had come, once a tick; what has ended is forgotten.
function note() {
  const rows = [...document.querySelectorAll("#open-list > li")];
  for (const id of heard.keys()) if (!rows.some((row) => row.id === id)) heard.delete(id);
  for (const row of rows) {
    const began = performance.now() - Number(row.querySelector(".elapsed").dataset.ms);
    const known = heard.get(row.id) ?? [{ at: began, tokens: 0 }];
    known.push({ at: performance.now(), tokens: Number(row.dataset.tokens ?? 0) });
    heard.set(row.id, known.slice(-ticksShown - 1));
  }
}

function drawSpark(row) {
  const known = heard.get(row.id) ?? [];
  const rates = known.slice(1).map((one, at) => Math.max(0, (one.tokens - known[at].tokens) / Math.max(1, one.at - known[at].at)));
  const most = Math.max(...rates, 0);
  const place = row.querySelector(".spark");
  if (most === 0) return;
  const svg = draftOf("svg", { width: ticksShown * barPixels, height: heightPixels, class: "bar" });
  rates.forEach((rate, at) => {
    const height = Math.max(1, (heightPixels * rate) / most);
    svg.append(draftOf("rect", { class: "c-output", x: at * barPixels, y: heightPixels - height, width: barPixels - 1, height }));
  });
  place.replaceChildren(svg);
}

function draftOf(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
