// Colours for JSON, code and shell: ranges over the text as it stands (CSS Custom Highlight API). It stays one node, copies exactly, and grows no elements.
const charactersMax = 65536;
const rangesMax = 20000;
const can = "highlights" in CSS && typeof Highlight === "function";
const tokens = /(?<note>(?<![:\w"'])\/\/[^\n]*|(?<=^|\s)#(?=\s)[^\n]*)|(?<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?<number>\b-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)|(?<word>\b(?:true|false|null|const|let|function|return|export|import|if|else|for|while|class|public|private|static|void|new|async|await|def|from|var)\b)|(?<added>^\+[^\n]*)|(?<gone>^-[^\n]*)/gm;
const kinds = {};

export function start() {
  if (!can) return;
  for (const kind of ["note", "text", "key", "number", "word", "added", "gone", "found"]) {
    kinds[kind] = new Highlight();
    CSS.highlights.set(kind, kinds[kind]);
  }

  highlight(document);
  document.addEventListener("toggle", (event) => { if (event.target.open) highlight(event.target); }, true);
}

/** Colours what of it can be seen and was not coloured before. */
export function highlight(root) {
  if (!can || !kinds.text) return;
  for (const pre of root.querySelectorAll("pre:not(.diff, [data-coloured])")) {
    if (!pre.checkVisibility()) continue;
    pre.dataset.coloured = "";
    const walker = document.createTreeWalker(pre, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) if (!node.parentElement.matches(".chip, s")) colour(node);
  }
}

/** Shows these words wherever they stand in the element. */
export function mark(root, words) {
  if (!can || !root || !kinds.found) return;
  kinds.found.clear();
  const wanted = [...new Set(words.map((word) => word.toLowerCase()).filter((word) => word))];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.data.toLowerCase();
    if (text.length !== node.data.length) continue;
    for (const word of wanted) for (let at = text.indexOf(word); at >= 0 && kinds.found.size < rangesMax; at = text.indexOf(word, at + word.length)) add("found", node, at, at + word.length);
  }
}

function colour(node) {
  const isDiff = /^(?:diff --git|@@ |--- )/m.test(node.data.slice(0, 2000));
  for (const token of node.data.slice(0, charactersMax).matchAll(tokens)) {
    const [kind] = Object.entries(token.groups).find(([, text]) => text !== undefined);
    if ((kind === "added" || kind === "gone") && !isDiff) continue;
    const end = token.index + token[0].length;
    const isKey = kind === "text" && /^\s*:/.test(node.data.slice(end, end + 4));
    if (Object.values(kinds).reduce((all, one) => all + one.size, 0) > rangesMax) return;
    add(isKey ? "key" : kind, node, token.index, end);
  }
}

function add(kind, node, from, to) {
  const range = new StaticRange({ startContainer: node, startOffset: from, endContainer: node, endOffset: to });
  kinds[kind].add(range);
}
