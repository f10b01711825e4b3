// Moments: the tooltip shows the reader's own time zone, and "5 min ago" does not grow stale while the page is open.
// Parts marked data-refresh-s are asked to fetch themselves again (hx-trigger="refresh") while the page is looked at.

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86400;
const full = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });

function ago(seconds) {
  if (seconds < MINUTE_S) return "just now";
  if (seconds < HOUR_S) return `${Math.floor(seconds / MINUTE_S)} min ago`;
  if (seconds < DAY_S) return `${Math.floor(seconds / HOUR_S)} h ago`;
  return `${Math.floor(seconds / DAY_S)} d ago`;
}

function freshen(root) {
  for (const time of root.querySelectorAll("time[data-time]")) {
    const at = new Date(time.dateTime);
    const seconds = (Date.now() - at) / 1000;
    time.title = full.format(at);
    if (time.dataset.time === "relative" && seconds >= 0 && seconds < 7 * DAY_S) time.textContent = ago(seconds);
  }
}

function refreshLater(part) {
  setInterval(() => {
    if (document.visibilityState === "visible" && part.isConnected) window.htmx?.trigger(part, "refresh");
  }, Number(part.dataset.refreshS) * 1000);
}

freshen(document);
setInterval(() => freshen(document), MINUTE_S * 1000);
document.addEventListener("htmx:load", (event) => freshen(event.target));
document.querySelectorAll("[data-refresh-s]").forEach(refreshLater);
