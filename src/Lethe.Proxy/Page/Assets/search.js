// Hits at the left, the turn of the one that has focus at the right: walked with j and k, without going there and back.
import { showTimes } from "./times.js";
import { highlight, mark } from "./highlight.js";
import { ask } from "./part.js";

const waitMilliseconds = 120;
let asked = 0;

export function start() {
  markFound();
  const list = document.querySelector(".panes");
  list.addEventListener("focusin", (event) => show(event.target.closest(".hit")));
  list.addEventListener("click", (event) => {
    const link = event.target.closest(".beside");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    show(link.closest(".hit"));
  });
}

function show(hit) {
  const there = document.getElementById("pane");
  if (!hit || !there || there.dataset.exchange === hit.dataset.exchange) return;
  clearTimeout(asked);
  asked = setTimeout(async () => {
    const pane = (await ask(`/search?part=turn&hit=${encodeURIComponent(hit.dataset.exchange)}`))?.getElementById("pane");
    if (!pane) return;
    document.getElementById("pane").replaceWith(document.adoptNode(pane));
    showTimes(pane);
    highlight(pane);
    markFound();
  }, waitMilliseconds);
}

function markFound() {
  mark(document.getElementById("pane"), [...document.querySelectorAll(".hit mark")].map((one) => one.textContent));
}
