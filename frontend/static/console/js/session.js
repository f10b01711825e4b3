// A page that is still open when its session has ended says so, and leads to the sign-in and back. One whose company
// or person was changed in another tab says that, so that nobody works in the wrong one.

// What a page asks by itself is marked, so that an open page alone keeps no session alive.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  const why = detail.triggeringEvent?.type;
  if (why === "hx:poll:trigger" || why === "refresh") detail.headers["X-Background"] = "1";
});

function show(id) {
  const dialog = document.getElementById(id);
  if (!dialog || dialog.open) return null;
  document.querySelectorAll("dialog[open]").forEach((other) => other.close());
  dialog.showModal();
  return dialog;
}

function signIn() {
  const back = encodeURIComponent(location.pathname + location.search);
  location.assign(`/auth/login?next=${back}`);
}

document.addEventListener("news:session-ended", () => {
  show("session-ended")?.addEventListener("close", signIn);
});

document.addEventListener("news:elsewhere", (event) => {
  const dialog = show("session-elsewhere");
  if (!dialog) return;
  dialog.querySelector("[data-where]").textContent = event.detail;
  dialog.addEventListener("close", () => location.reload());
});
