// One event stream a browser: the tab that holds the lock listens and tells the others. Without locks a tab listens while it is visible.
import { showTimes } from "./times.js";

const rowsMax = 500;
const mergeMilliseconds = 250;
const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("lethe-events") : null;
let paused = false;
let merging = false;

export function follow() {
  channel?.addEventListener("message", (message) => take(message.data));
  if (navigator.locks && channel) {
    navigator.locks.request("lethe-events", () => new Promise(() => listen()));
  } else {
    listen();
  }

  if (!document.getElementById("calls")) return;
  const pause = document.getElementById("pause");
  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    tell(paused ? "Paused" : "Live");
    if (!paused) {
      letIn();
      fetchOpen();
    }
  });
  document.getElementById("let-in").addEventListener("click", letIn);
}

function listen() {
  const stream = new EventSource("/v1/events?view=brief");
  const pass = (what) => { channel?.postMessage(what); take(what); };
  stream.addEventListener("open", () => pass("open"));
  stream.addEventListener("error", () => pass("lost"));
  for (const name of ["started", "progress"]) stream.addEventListener(name, () => pass(name));
  stream.addEventListener("finished", (event) => pass({ session: JSON.parse(event.data).session?.id ?? "" }));
}

function take(what) {
  if (what === "open") tell(paused ? "Paused" : "Live");
  else if (what === "lost") tell(`Not connected since ${new Date().toLocaleTimeString("en-GB")}, trying again`);
  if (what.session !== undefined) document.dispatchEvent(new CustomEvent("lethe-call", { detail: what.session }));
  if (what === "lost" || merging || !document.getElementById("calls")) return;
  merging = true;
  setTimeout(() => { merging = false; fetchRows(); fetchOpen(); }, mergeMilliseconds);
}

function tell(state) {
  const pulse = document.getElementById("pulse");
  if (pulse && pulse.textContent !== state) pulse.textContent = state;
}

let held = [];

function fetchRows() {
  const list = document.getElementById("calls");
  const request = new XMLHttpRequest();
  request.responseType = "document";
  request.open("GET", `/?part=calls&after=${list.dataset.after}`);
  request.addEventListener("load", () => {
    const piece = request.response?.querySelector("ol");
    if (!piece || request.status !== 200) return;
    list.dataset.after = piece.dataset.after;
    held = [...piece.children, ...held];
    if (held.length === 0) return;
    if (paused || scrollY > 40 || list.contains(document.activeElement)) offer();
    else letIn();
  });
  request.send();
}

// What is on its way is drawn anew; where something in it has focus it waits until that is elsewhere.
function fetchOpen() {
  if (paused) return;
  const request = new XMLHttpRequest();
  request.responseType = "document";
  request.open("GET", "/?part=open");
  request.addEventListener("load", () => {
    const list = document.getElementById("open-list");
    const piece = request.response?.getElementById("open-list");
    if (!piece || request.status !== 200) return;
    if (list.contains(document.activeElement)) {
      list.addEventListener("focusout", fetchOpen, { once: true });
      return;
    }

    list.replaceWith(document.adoptNode(piece));
    showTimes(piece);
    const count = Number(piece.dataset.count);
    document.getElementById("open-calls").textContent = count === 1 ? "1 call open" : `${count} calls open`;
    document.title = count > 0 ? `● ${count} open · lethe` : "Live · lethe";
  });
  request.send();
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
