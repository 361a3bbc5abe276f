// Single letters, off while typing: g and a view's letter, j and k through turns or rows, t for times, u up, o folds.
import { switchTimes } from "./times.js";

const views = { l: "/", s: "/sessions", f: "/search", c: "/costs", h: "/health" };
let waitsForView = false;

export function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const key = event.key;
    if (waitsForView) {
      waitsForView = false;
      if (views[key]) location.assign(views[key]);
      return;
    }

    if (key === "/") {
      event.preventDefault();
      document.querySelector("main input[name=q], #find").focus();
    } else if (key === "g") waitsForView = true;
    else if (key === "j") step(1);
    else if (key === "k") step(-1);
    else if (key === "t") switchTimes();
    else if (key === "u") document.querySelector(".crumbs a:last-of-type")?.click();
    else if (key === "o") document.activeElement.closest("article, li")?.querySelectorAll("details").forEach((fold) => { fold.open = !fold.open; });
  });
}

function step(by) {
  const links = [...document.querySelectorAll(".turn .no a, .calls .where, .rows th[scope=row] > a, .hit a")].filter((link) => link.checkVisibility());
  if (links.length === 0) return;
  const here = links.indexOf(document.activeElement);
  const next = links[Math.min(links.length - 1, Math.max(0, here < 0 ? (by > 0 ? 0 : links.length - 1) : here + by))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}
