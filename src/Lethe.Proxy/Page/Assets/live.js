// One event stream a browser: the tab that holds the lock listens and tells the others. Without locks a tab listens while it is visible.
import { showTimes } from "./times.js";
import { draw, freeze, start } from "./open.js";
import { ask } from "./part.js";

const rowsMax = 500;
const mergeMilliseconds = 250;
const sayMilliseconds = 10000;
const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("lethe-events") : null;
let paused = false;
let merging = false;
let isBehind = false;
let wasLost = false;
// Of the stream, in the tab that holds it; another that opens asks for it.
let state = null;

export function follow() {
  channel?.addEventListener("message", (message) => {
    if (message.data !== "hello") take(message.data);
    else if (state) channel.postMessage(state);
  });
  channel?.postMessage("hello");
  if (navigator.locks && channel) {
    navigator.locks.request("lethe-events", () => new Promise(() => listen()));
  } else {
    listenWhileVisible();
  }

  document.addEventListener("visibilitychange", () => {
    if (isBehind && !document.hidden) merge();
  });
  if (document.getElementById("open-list")) start();
  if (!document.getElementById("calls")) return;
  setInterval(say, sayMilliseconds);
  const pause = document.getElementById("pause");
  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    tell(paused ? "Paused" : "Live");
    if (!paused) {
      letIn();
      draw();
    }
  });
  document.getElementById("let-in").addEventListener("click", letIn);
}

function listenWhileVisible() {
  let stream = document.hidden ? null : listen();
  document.addEventListener("visibilitychange", () => {
    stream?.close();
    stream = document.hidden ? null : listen();
  });
}

function listen() {
  const stream = new EventSource("/v1/events?view=brief");
  const pass = (what) => { channel?.postMessage(what); take(what); };
  stream.addEventListener("open", () => pass(state = "open"));
  stream.addEventListener("error", () => pass(state = "lost"));
  for (const name of ["started", "progress"]) stream.addEventListener(name, () => pass(name));
  stream.addEventListener("finished", (event) => pass({ session: JSON.parse(event.data).session?.id ?? "" }));
  return stream;
}

function take(what) {
  if (what === "open") {
    freeze(false);
    tell(paused ? "Paused" : "Live");
    if (wasLost) lookForUpdate();
    wasLost = false;
  } else if (what === "lost") {
    freeze(true);
    if (!wasLost) tell(`Not connected since ${new Date().toLocaleTimeString("en-GB")}, trying again`);
    wasLost = true;
    return;
  }

  if (what.session !== undefined) document.dispatchEvent(new CustomEvent("lethe-call", { detail: what.session }));
  if (!document.getElementById("open-list")) return;
  // Nobody looks at a tab behind others: it asks for nothing until somebody does.
  if (document.hidden) isBehind = true;
  else merge();
}

function merge() {
  if (merging) return;
  isBehind = false;
  merging = true;
  setTimeout(() => {
    merging = false;
    if (document.getElementById("calls")) fetchRows();
    if (!paused) draw();
  }, mergeMilliseconds);
}

function tell(state) {
  const pulse = document.getElementById("pulse");
  if (pulse && pulse.textContent !== state) pulse.textContent = state;
  pulse?.classList.toggle("is-lost", state.startsWith("Not"));
}

// Whoever was away may have come back as another build, whose pieces this page's script does not know.
async function lookForUpdate() {
  const build = (await ask("/?part=open"))?.getElementById("open-list")?.dataset.build;
  if (!build || build === document.querySelector("script[type=module]").getAttribute("src") || document.getElementById("updated")) return;
  const link = document.createElement("a");
  link.id = "updated";
  link.href = location.href;
  link.textContent = "lethe was updated: reload";
  document.getElementById("pulse").after(link);
}

let held = [];
let news = { calls: 0, failed: 0 };

async function fetchRows() {
  const list = document.getElementById("calls");
  const piece = (await ask(`/?part=calls&after=${list.dataset.after}`))?.querySelector("ol");
  if (!piece) return;
  list.dataset.after = piece.dataset.after;
  const rows = [...piece.children];
  news = { calls: news.calls + rows.length, failed: news.failed + rows.filter((row) => row.querySelector(".what.bad")).length };
  held = [...rows, ...held.filter((row) => !rows.some((fresh) => fresh.id === row.id))];
  if (held.length === 0) return;
  if (paused || scrollY > 40 || list.contains(document.activeElement)) offer();
  else letIn();
}

// One line now and then, for who hears the page.
function say() {
  if (paused || news.calls === 0) return;
  document.getElementById("told").textContent = `${news.calls} new ${news.calls === 1 ? "call" : "calls"}${news.failed > 0 ? `, ${news.failed} failed` : ""}`;
  news = { calls: 0, failed: 0 };
}

function offer() {
  const fresh = document.querySelector(".fresh");
  fresh.hidden = false;
  document.getElementById("let-in").textContent = held.length === 1 ? "1 new call" : `${held.length} new calls`;
}

function letIn() {
  const list = document.getElementById("calls");
  const rows = held.map((row) => document.adoptNode(row));
  held = [];
  document.querySelector(".fresh").hidden = true;
  document.getElementById("no-calls")?.remove();
  for (const row of rows) {
    document.getElementById(row.id)?.remove();
    row.classList.add("is-new");
  }

  list.prepend(...rows);
  showTimes(list);
  while (list.children.length > rowsMax) list.lastElementChild.remove();
}
