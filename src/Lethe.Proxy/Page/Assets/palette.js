// What the keys do, and where one can go: two dialogs, drawn when they are asked for.
const told = [
  ["/", "search"], ["Ctrl K", "go to a view, a session or a turn"], ["g, then l s f c p h", "Live, Sessions, Search, Costs, Prompts, Health"], ["j k", "next and previous turn or row"],
  ["J K", "next and previous prompt"], ["n N", "next and previous trouble"], ["m", "next cache miss"], ["u", "up"], ["Enter", "open"], ["→ ←", "what hangs below a row"], ["o O", "fold and unfold, this or all"],
  ["d", "compare with the call before"], ["r", "request; decoded or raw"], ["y", "copy the link"], ["c", "cURL"], ["f", "follow"], [".", "let new rows in"], ["[ ]", "earlier and later attempt"],
  ["+ - 0", "zoom the timeline"], ["t", "local times, UTC, or how long ago"], ["Esc", "close, clear the selection"],
];
const viewsToGo = [["Live", "/"], ["Sessions", "/sessions"], ["Search", "/search"], ["Costs", "/costs"], ["Prompts", "/prompts"], ["Health", "/health"]];
const sessionsMax = 50;

export function help() {
  const dialog = draw("Keys");
  const list = element("dl", "ids wide");
  for (const [key, what] of told) list.append(element("dt", "", key), element("dd", "", what));
  const label = element("label", "", " Single letters do something");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = localStorage.getItem("lethe-keys") !== "off";
  box.addEventListener("change", () => localStorage.setItem("lethe-keys", box.checked ? "on" : "off"));
  label.prepend(box);
  dialog.append(list, label, closing(dialog));
}

export async function goTo() {
  const dialog = draw("Go to");
  const input = document.createElement("input");
  input.type = "search";
  input.setAttribute("aria-label", "A view, a session, or turn and its number");
  input.placeholder = "A view, a session, or turn and its number";
  const list = element("ul", "places");
  dialog.append(input, list, closing(dialog));
  input.focus();
  let places = viewsToGo;
  const show = () => {
    const words = input.value.trim().toLowerCase();
    const turn = words.match(/^(?:turn )?([0-9]+)$/)?.[1];
    const found = [...turn && document.getElementById("conversation") ? [[`Turn ${turn}`, `?turn=${turn}#turn-${turn}`]] : [], ...places.filter(([name]) => name.toLowerCase().includes(words))];
    list.replaceChildren(...found.slice(0, 12).map(([name, address]) => {
      const link = element("a", "", name);
      link.href = address;
      const row = document.createElement("li");
      row.append(link);
      return row;
    }));
  };
  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") list.querySelector("a")?.click();
    else if (event.key === "ArrowDown") list.querySelector("a")?.focus();
  });
  show();
  const answer = await fetch(`/v1/sessions?limit=${sessionsMax}`);
  if (!answer.ok) return;
  const sessions = (await answer.json()).items;
  places = [...viewsToGo, ...sessions.map((session) => [session.title ?? session.name ?? session.harness_session_id, `/sessions/${session.session_id}`])];
  show();
}

function draw(name) {
  document.querySelector("dialog")?.remove();
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-label", name);
  dialog.append(element("h2", "", name));
  document.body.append(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.showModal();
  return dialog;
}

function closing(dialog) {
  const button = element("button", "btn", "Close");
  button.type = "button";
  button.addEventListener("click", () => dialog.close());
  return button;
}

function element(name, kind, words = "") {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  made.textContent = words;
  return made;
}
