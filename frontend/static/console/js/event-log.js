// The event log as it happens: while "Live" is pressed and the page is looked at, new events stand above the list. It
// begins where the page was made, and goes on where it was when the page is looked at again.

const FILTERS = ["topic", "event_type", "aggregate_id"];
const MOST_ROWS = 100;
const AGAIN_MS = 5000;
const section = document.getElementById("live-events");
const toggle = document.getElementById("live-events-toggle");
const state = document.getElementById("live-events-state");
const [table, rows, template] = [".table-wrap", "tbody", "template"].map((part) => section.querySelector(part));
const kinds = section.dataset.kinds.split(" ");
let after = section.dataset.after;
let stream = null;
let later = null;

function address() {
  const wish = new URLSearchParams(location.search);
  const asked = new URLSearchParams(FILTERS.filter((name) => wish.get(name)).map((name) => [name, wish.get(name)]));
  if (after) asked.set("after", after);
  return `${section.dataset.stream}?${asked}`;
}

function row(event) {
  const made = template.content.cloneNode(true);
  const part = (name) => made.querySelector(`[data-part="${name}"]`);
  const at = new Date(event.recorded_at);
  const own = new URLSearchParams({ aggregate_id: event.aggregate_id });
  part("kind").textContent = event.event_type;
  part("kind").href = `/events/${event.event_type}/`;
  part("topic").textContent = event.topic;
  part("recorded").dateTime = event.recorded_at;
  part("recorded").textContent = at.toLocaleTimeString("en-GB");
  part("recorded").title = at.toLocaleString("en-GB");
  part("aggregate").textContent = `${event.aggregate_type}, no. ${event.sequence}`;
  part("id").textContent = event.aggregate_id;
  part("id").href = `?${own}`;
  part("payload").textContent = JSON.stringify(event.payload, null, 2);
  return made;
}

function show(news) {
  after = news.lastEventId;
  rows.prepend(row(JSON.parse(news.data)));
  while (rows.rows.length > MOST_ROWS) rows.lastElementChild.remove();
  table.hidden = false;
}

// A stream that is refused does not say why; one that was refused with a place may be granted without.
function again(hasBegun) {
  if (!hasBegun) after = "";
  state.textContent = "The connection is lost; it is tried again.";
  close();
  later = setTimeout(open, AGAIN_MS);
}

function open() {
  close();
  let hasBegun = false;
  stream = new EventSource(address());
  for (const kind of kinds) stream.addEventListener(kind, show);
  stream.addEventListener("open", () => {
    hasBegun = true;
    state.textContent = "What happens now, as the filters say, newest first.";
  });
  stream.addEventListener("error", () => stream?.readyState === EventSource.CLOSED && again(hasBegun));
}

function close() {
  clearTimeout(later);
  stream?.close();
  stream = null;
}

function follow() {
  const isOn = toggle.getAttribute("aria-pressed") === "true";
  if (isOn && document.visibilityState === "visible") open();
  else close();
}

toggle.addEventListener("click", () => {
  const isOn = toggle.getAttribute("aria-pressed") !== "true";
  toggle.setAttribute("aria-pressed", isOn);
  toggle.classList.toggle("button-primary", isOn);
  if (!isOn) state.textContent = "Stopped. Pressed again, it goes on where it was.";
  follow();
});
document.addEventListener("visibilitychange", follow);
document.addEventListener("htmx:pushedIntoHistory", follow);
addEventListener("pagehide", close);
addEventListener("pageshow", (event) => event.persisted && follow());
section.hidden = false;
