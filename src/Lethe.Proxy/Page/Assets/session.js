// A session that goes on: what is new comes into it, where nobody is reading just there; what came while the tab was not looked at stands behind a rule.
import { showTimes } from "./times.js";
import { load } from "./pieces.js";
import { unfold } from "./folds.js";
import { read } from "./timeline.js";

const mergeMilliseconds = 1000;
const turnsAgain = 2;
let following = false;
let merging = false;
let missed = 0;
let hiddenSince = null;
const title = document.title;

export function start() {
  document.getElementById("follow").hidden = false;
  document.addEventListener("click", (event) => { if (event.target.id === "follow") switchFollow(); });

  const session = location.pathname.split("/").at(-1);
  document.addEventListener("lethe-call", (event) => {
    if (event.detail !== session) return;
    if (document.hidden) {
      missed += 1;
      hiddenSince ??= new Date();
      document.title = `(${missed}) ${title}`;
    } else later();
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && missed > 0) later(); });
  addEventListener("wheel", (event) => { if (event.deltaY < 0) stop(); }, { passive: true });
}

export function switchFollow() {
  following = !following;
  tell();
  if (following) document.querySelector("#conversation > :last-child")?.scrollIntoView({ block: "end" });
}

function stop() {
  following = false;
  tell();
}

function tell() {
  document.getElementById("follow")?.setAttribute("aria-pressed", String(following));
}

function later() {
  if (merging) return;
  merging = true;
  setTimeout(async () => { await merge(); merging = false; }, mergeMilliseconds);
}

async function merge() {
  const conversation = document.getElementById("conversation");
  const piece = await load(`part=live&from=${Math.max(0, Number(conversation.dataset.turns) - turnsAgain)}`);
  if (!piece) return;
  const fresh = piece.getElementById("conversation");
  conversation.querySelector(":scope > .empty")?.remove();
  const known = new Set([...conversation.querySelectorAll("article.turn")].map((article) => article.id));
  for (const section of [...fresh.querySelectorAll(":scope > section")]) take(section, conversation);
  unfold(document);
  conversation.dataset.turns = fresh.dataset.turns;
  for (const part of ["#head .state", "#head .facts", "#head .figures", "#timeline .tl-scroll", "#outline"]) renew(document.querySelector(part), piece.querySelector(part));
  read();
  const first = [...conversation.querySelectorAll("article.turn")].find((article) => !known.has(article.id));
  if (hiddenSince && first) rule(first);
  missed = 0;
  hiddenSince = null;
  document.title = title;
  if (following && getSelection().isCollapsed && !document.activeElement.closest("article.turn")) conversation.lastElementChild?.scrollIntoView({ block: "end" });
}

// What is there already is renewed, for a tool's result comes with the next call; what is being read stays as it is.
function take(section, conversation) {
  const known = [...conversation.querySelectorAll(":scope > section")].findLast((one) => one.dataset.prompt === section.dataset.prompt);
  if (!known) {
    conversation.append(document.adoptNode(section));
    showTimes(conversation.lastElementChild);
    return;
  }

  const list = known.querySelector(":scope > ol.turns");
  for (const row of [...section.querySelectorAll(":scope > ol.turns > li")]) {
    const article = row.querySelector(":scope > article.turn, article.turn");
    const there = article && document.getElementById(article.id);
    if (there) renew(there, row.querySelector(`#${CSS.escape(there.id)}`));
    else list.append(document.adoptNode(row));
  }

  showTimes(list);
}

function renew(there, fresh) {
  if (!there || !fresh || there.contains(document.activeElement) || (!getSelection().isCollapsed && getSelection().containsNode(there, true))) return;
  const open = [...there.querySelectorAll("details")].map((fold) => fold.open);
  const isSelected = there.classList.contains("is-selected");
  there.replaceChildren(...[...fresh.childNodes].map((node) => document.adoptNode(node)));
  there.classList.toggle("is-selected", isSelected);
  there.querySelectorAll("details").forEach((fold, at) => { if (at < open.length) fold.open = open[at]; });
  showTimes(there);
}

function rule(article) {
  document.querySelector(".unread")?.remove();
  const line = document.createElement("p");
  line.className = "unread";
  line.textContent = `new since ${hiddenSince.toLocaleTimeString("en-GB").slice(0, 5)}`;
  article.before(line);
}
