// A character that cannot be seen is shown by its code point; what is copied has the character itself. Buttons copy a link or a text whole.

export function copyOriginals() {
  document.addEventListener("copy", (event) => {
    const selection = getSelection();
    if (selection.isCollapsed || event.target.closest?.("input, textarea")) return;
    const chips = [...document.querySelectorAll(".chip")].filter((chip) => selection.containsNode(chip, true)).map((chip) => chip.firstChild);
    if (chips.length === 0) return;
    const shown = chips.map((text) => text.data);
    chips.forEach((text) => { text.data = String.fromCodePoint(Number.parseInt(text.data.slice(2), 16)); });
    event.clipboardData.setData("text/plain", selection.toString());
    chips.forEach((text, at) => { text.data = shown[at]; });
    event.preventDefault();
  });
}

export function listenToCopies() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll(".copy-link, .copy-text")) button.hidden = false;
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".copy-link, .copy-text");
    if (button?.classList.contains("copy-link")) copyLink(button);
    else if (button) copy(originalOf(document.getElementById(button.dataset.of)), button);
  });
}

export function copyLink(button = document.querySelector(".copy-link")) {
  copy(linkOfView(), button);
}

// The turn that the keys stand on, or the view as it is addressed.
function linkOfView() {
  const turn = document.activeElement?.closest?.("article.turn")?.id ?? "";
  const number = turn.match(/^turn-([0-9]+)$/)?.[1];
  return number ? `${location.origin}${location.pathname}?turn=${number}#${turn}` : location.href;
}

function originalOf(element) {
  const copied = element.cloneNode(true);
  for (const chip of copied.querySelectorAll(".chip")) chip.textContent = String.fromCodePoint(Number.parseInt(chip.textContent.slice(2), 16));
  return copied.textContent;
}

async function copy(text, button) {
  await navigator.clipboard.writeText(text);
  if (!button) return;
  button.dataset.name ??= button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = button.dataset.name; }, 1500);
}
