// Entry of every view: local times, keys, what is copied, and what is live. What a view alone needs is loaded where it stands.
import { showTimes } from "./times.js";
import { listenToKeys } from "./keys.js";
import { follow } from "./live.js";
import { copyOriginals, listenToCopies } from "./copy.js";

showTimes(document);
listenToKeys();
copyOriginals();
listenToCopies();
follow();
import("./highlight.js").then((colours) => {
  colours.start();
  if (document.querySelector(".panes")) import("./search.js").then((search) => search.start());
});
if (document.querySelector("[data-pieces], .copy-body")) import("./body.js").then((body) => body.start());
if (document.getElementById("timeline")) import("./timeline.js").then((timeline) => timeline.start());
if (document.getElementById("conversation")) {
  import("./pieces.js").then((pieces) => pieces.start());
  import("./session.js").then((session) => session.start());
  import("./folds.js").then((folds) => folds.start());
}
