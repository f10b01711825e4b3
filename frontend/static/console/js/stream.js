// News from the server, as events of the document: news:order, news:session-ended, and news:missed after a gap, in which
// anything may have happened: a page needs no history, it fetches what it shows again. One stream serves all tabs of a
// browser, which allows few connections to a host: the tab that holds the lock listens and tells the others.
// news:elsewhere: another tab shows another company or acts as somebody else; that one listens from then on.

const PATH = "/events/stream";
const ASK_AGAIN_MS = 5000;
const NAMES = ["order", "session-ended"];
const context = document.body.dataset.context;
const tabs = new BroadcastChannel("news");
let stream = null;
let release = null;
let wasOpen = false;

function happened(name, data) {
  document.dispatchEvent(new CustomEvent(`news:${name}`, { detail: data }));
}

function tell(name, data) {
  happened(name, data);
  tabs.postMessage({ name, data, context });
}

// A refused stream does not say why: only a 401 means that nobody is signed in any more.
async function ask() {
  const answer = await fetch("/api/v1/me", { headers: { Accept: "application/json", "X-Background": "1" } }).catch(() => null);
  if (answer?.status === 401) tell("session-ended", "{}");
  else if (release) setTimeout(() => release && listen(), ASK_AGAIN_MS);
}

function listen() {
  stream?.close();
  stream = new EventSource(PATH);
  for (const name of NAMES) stream.addEventListener(name, (event) => tell(name, event.data));
  stream.addEventListener("open", () => {
    if (wasOpen) tell("missed", "{}");
    wasOpen = true;
  });
  stream.addEventListener("session-ended", () => stream.close());
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED) ask();
  });
}

function begin() {
  const held = () =>
    new Promise((done) => {
      release = done;
      listen();
    });
  if (navigator.locks) navigator.locks.request("news", held);
  else held();
}

function end() {
  stream?.close();
  release?.();
  stream = release = null;
}

if (context) {
  tabs.addEventListener("message", ({ data: news }) => {
    if (news.context === context) {
      if (news.name !== "here") happened(news.name, news.data);
    } else if (news.name === "here") {
      end();
      happened("elsewhere", news.data);
    }
  });
  tabs.postMessage({ name: "here", data: document.body.dataset.contextName, context });
  begin();
  addEventListener("pagehide", end);
  addEventListener("pageshow", (event) => event.persisted && begin());
}
