// A long body: pieces come as they come near, each into a place of about its height; it can be copied whole.
import { ask } from "./part.js";

const nearPixels = 1500;

export function start() {
  const body = document.querySelector("[data-pieces]");
  const copy = document.querySelector(".copy-body");
  const near = new IntersectionObserver((places) => {
    for (const place of places.filter((one) => one.isIntersecting)) {
      near.unobserve(place.target);
      fill(place.target);
    }
  }, { rootMargin: `${nearPixels}px 0px` });
  for (const place of body?.querySelectorAll("[data-from]") ?? []) near.observe(place);
  if (!navigator.clipboard || !copy) return;
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    const answer = await fetch(copy.dataset.address);
    await navigator.clipboard.writeText(await answer.text());
    copy.textContent = "Copied";
  });
}

async function fill(place) {
  place.setAttribute("aria-busy", "true");
  const piece = (await ask(`${location.pathname}${location.search}&part=body&from=${place.dataset.from}`))?.querySelector(".piece");
  place.removeAttribute("aria-busy");
  if (piece) place.replaceWith(document.adoptNode(piece));
}
