// Which kinds of sections stand open is the reader's own taste, and the browser remembers it; the pieces that come later follow it.
const kept = "lethe-open";

export function start() {
  const bar = document.getElementById("folds");
  if (!bar) return;
  bar.hidden = false;
  for (const button of bar.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(open().includes(button.dataset.kind)));
    button.addEventListener("click", () => choose(button));
  }

  unfold(document);
  openAround();
}

/** Opens what of a new piece is of a kind that stands open. */
export function unfold(root) {
  for (const kind of open()) for (const fold of root.querySelectorAll(`#conversation details.${kind}, article details.${kind}`)) fold.open = true;
}

function open() {
  return (localStorage.getItem(kept) ?? "").split(" ").filter((kind) => kind);
}

function choose(button) {
  const kind = button.dataset.kind;
  const isOpen = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(isOpen));
  localStorage.setItem(kept, [...open().filter((one) => one !== kind), ...(isOpen ? [kind] : [])].join(" "));
  for (const fold of document.querySelectorAll(`#conversation details.${kind}`)) fold.open = isOpen;
}

// Who comes from a search finds what was found, also where it lay folded.
function openAround() {
  const words = new URLSearchParams(location.search).get("found");
  if (!words) return;
  for (const fold of document.querySelectorAll(".turn.is-selected details, .turn.is-selected")) {
    if (fold.tagName === "DETAILS" && fold.textContent.toLowerCase().includes(words.toLowerCase())) fold.open = true;
  }
}
