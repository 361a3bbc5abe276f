// The timeline: what is under the pointer in words, a click opens a call, dragging zooms, a double click or 0 shows all of it again, + and - zoom at the middle.
const zoomMax = 400;
let shown = { from: 0, to: 0 };
let width = 0;
let places = [];

export function start() {
  document.addEventListener("pointerover", (event) => {
    const call = event.target.closest?.(".tlc");
    const tip = document.querySelector(".tl-tip");
    if (!tip) return;
    tip.hidden = !call;
    if (call) tip.textContent = call.querySelector("title").textContent;
  });
  document.addEventListener("pointerdown", begin);
  document.addEventListener("dblclick", (event) => { if (event.target.closest?.(".tl")) show(0, width); });
  read();
}

// Where everything stands when all of it is shown; again after the timeline was drawn anew.
export function read() {
  const time = document.querySelector(".tl-time");
  if (!time) return;
  const zoomed = width > 0 && shown.to - shown.from < width;
  width = Number(time.dataset.width);
  places = [
    ...[...time.querySelectorAll("rect")].map((element) => ({ element, x: Number(element.getAttribute("x")), wide: Number(element.getAttribute("width")) })),
    ...[...time.querySelectorAll("g[transform]")].map((element) => ({ element, x: Number(element.getAttribute("transform").match(/[-0-9.]+/)[0]) })),
  ];
  if (zoomed) show(shown.from, shown.to);
  else shown = { from: 0, to: width };
}

export function zoomBy(factor) {
  const middle = (shown.from + shown.to) / 2;
  const half = (shown.to - shown.from) / 2 / factor;
  show(factor === 0 ? 0 : middle - half, factor === 0 ? width : middle + half);
}

function show(from, to) {
  const span = Math.min(width, Math.max(width / zoomMax, to - from));
  const begin = Math.min(Math.max(0, from), width - span);
  shown = { from: begin, to: begin + span };
  const scale = width / span;
  for (const { element, x, wide } of places) {
    if (wide === undefined) element.setAttribute("transform", `translate(${(x - begin) * scale} 0)`);
    else {
      element.setAttribute("x", (x - begin) * scale);
      element.setAttribute("width", wide * scale);
    }
  }
}

function begin(event) {
  const svg = event.target.closest?.(".tl");
  const time = svg?.querySelector(".tl-time");
  if (!time || event.button !== 0) return;
  const at = (pointer) => {
    const place = new DOMPoint(pointer.clientX, pointer.clientY).matrixTransform(time.getScreenCTM().inverse());
    return Math.min(width, Math.max(0, place.x));
  };
  const from = at(event);
  const moved = (pointer) => Math.abs(pointer.clientX - event.clientX) > 6;
  const mark = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  mark.setAttribute("class", "tl-mark");
  mark.setAttribute("height", time.getAttribute("height"));
  const move = (pointer) => {
    if (!moved(pointer)) return;
    if (!mark.parentNode) time.append(mark);
    mark.setAttribute("x", Math.min(from, at(pointer)));
    mark.setAttribute("width", Math.abs(at(pointer) - from));
  };
  const end = (pointer) => {
    document.removeEventListener("pointermove", move);
    mark.remove();
    const scale = width / (shown.to - shown.from);
    const place = (x) => shown.from + x / scale;
    if (pointer.type === "pointerup" && moved(pointer)) show(place(Math.min(from, at(pointer))), place(Math.max(from, at(pointer))));
    else if (pointer.type === "pointerup") open(event.target.closest(".tlc")?.dataset.href);
  };
  document.addEventListener("pointermove", move);
  document.addEventListener("pointerup", end, { once: true });
  document.addEventListener("pointercancel", end, { once: true });
}

// A double click shows all again, and opens nothing.
let opening = 0;

function open(address) {
  clearTimeout(opening);
  if (address && opening === 0) opening = setTimeout(() => location.assign(address), 220);
  else opening = 0;
}
