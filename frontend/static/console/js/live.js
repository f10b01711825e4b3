// Parts marked data-live fetch themselves again (hx-trigger="refresh") when the server tells of a change to an order.
// data-live="<order id>" listens for that order only.

const PAUSE_MS = 250;
let waiting = null;
let changed = new Set();

function refresh() {
  for (const part of document.querySelectorAll("[data-live]")) {
    if (part.dataset.live === "" || changed.has(part.dataset.live)) window.htmx?.trigger(part, "refresh");
  }
  changed = new Set();
  waiting = null;
}

document.addEventListener("news:order", (event) => {
  if (!document.querySelector("[data-live]")) return;
  changed.add(JSON.parse(event.detail).orderId);
  waiting ??= setTimeout(refresh, PAUSE_MS);
});
