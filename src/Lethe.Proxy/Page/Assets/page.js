// Entry of every view: local times, keys, and what is live.
import { showTimes } from "./times.js";
import { listenToKeys } from "./keys.js";
import { follow } from "./live.js";

showTimes(document);
listenToKeys();
follow();
