// Times are rendered in UTC; here they become the reader's own. `t` goes to UTC and back.
let inUtc = false;

export function showTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const zone = inUtc ? "UTC" : undefined;
    const clock = at.toLocaleTimeString("en-GB", { timeZone: zone });
    time.textContent = time.dataset.show === "day" ? `${at.toLocaleDateString("en-CA", { timeZone: zone })} ${clock.slice(0, 5)}` : clock;
  }

  // The ticks of a timeline are no elements of HTML.
  for (const tick of root.querySelectorAll("text[data-time]")) {
    const clock = new Date(tick.dataset.time).toLocaleTimeString("en-GB", { timeZone: inUtc ? "UTC" : undefined });
    tick.textContent = tick.dataset.show === "minute" ? clock.slice(0, 5) : clock;
  }
}

export function switchTimes() {
  inUtc = !inUtc;
  showTimes(document);
}
