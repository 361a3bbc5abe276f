// Times are rendered in UTC; here they become the reader's own. `t` goes on to UTC, to how long ago it was, and back.
const kinds = ["local", "utc", "ago"];
let kind = "local";

export function showTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    if (kind === "ago") {
      time.textContent = ago((Date.now() - at) / 1000);
      continue;
    }

    const zone = kind === "utc" ? "UTC" : undefined;
    const clock = at.toLocaleTimeString("en-GB", { timeZone: zone });
    time.textContent = time.dataset.show === "day" ? `${at.toLocaleDateString("en-CA", { timeZone: zone })} ${clock.slice(0, 5)}` : clock;
  }

  // The ticks of a timeline are no elements of HTML.
  for (const tick of root.querySelectorAll("text[data-time]")) {
    const clock = new Date(tick.dataset.time).toLocaleTimeString("en-GB", { timeZone: kind === "local" ? undefined : "UTC" });
    tick.textContent = tick.dataset.show === "minute" ? clock.slice(0, 5) : clock;
  }
}

export function switchTimes() {
  kind = kinds[(kinds.indexOf(kind) + 1) % kinds.length];
  showTimes(document);
}

function ago(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s ago`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86400)} d ago`;
}
