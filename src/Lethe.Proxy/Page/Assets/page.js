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
if (document.getElementById("timeline")) import("./timeline.js").then((timeline) => timeline.start());
if (document.getElementById("conversation")) {
  import("./pieces.js").then((pieces) => pieces.start());
  import("./session.js").then((session) => session.start());
}
