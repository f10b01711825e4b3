// Parts marked data-live fetch themselves again (hx-trigger="refresh") when the server tells of a change to an order.
// data-live="<order id>" listens for that order only.

const PAUSE_MS = 250;
let waiting = null;
let hasMissed = false;
let changed = new Set();

function refresh() {
  for (const part of document.querySelectorAll("[data-live]")) {
    if (hasMissed || part.dataset.live === "" || changed.has(part.dataset.live)) window.htmx?.trigger(part, "refresh");
  }
  changed = new Set();
  hasMissed = false;
  waiting = null;
}

document.addEventListener("news:order", (event) => {
  if (!document.querySelector("[data-live]")) return;
  changed.add(JSON.parse(event.detail).orderId);
  waiting ??= setTimeout(refresh, PAUSE_MS);
});

document.addEventListener("news:missed", () => {
  hasMissed = true;
  waiting ??= setTimeout(refresh, PAUSE_MS);
});
