// Flash messages. They are put in again after loading, since a live region announces only what is added to it.
// Quiet ones leave by themselves; errors, and those that offer an undo, stay until they are closed.

const STAY_MS = 7000;
const region = document.getElementById("toasts");

function leaveLater(toast) {
  if (toast.dataset.stay !== undefined) return;
  let timer = setTimeout(() => toast.remove(), STAY_MS);
  const wait = () => clearTimeout(timer);
  const resume = () => {
    wait();
    timer = setTimeout(() => toast.remove(), STAY_MS);
  };
  toast.addEventListener("pointerenter", wait);
  toast.addEventListener("pointerleave", resume);
  toast.addEventListener("focusin", wait);
  toast.addEventListener("focusout", resume);
}

function show(toast) {
  region?.append(toast);
  leaveLater(toast);
}

function failed(text) {
  const pattern = document.getElementById("toast-pattern");
  if (!pattern) return;
  const toast = pattern.content.firstElementChild.cloneNode(true);
  toast.querySelector(".toast-text").textContent = text;
  show(toast);
}

region?.addEventListener("click", (event) => {
  if (event.target.closest("[data-dismiss]")) event.target.closest(".toast").remove();
});

requestAnimationFrame(() => [...(region?.querySelectorAll(".toast") ?? [])].forEach(show));

document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  const unasked = event.detail.elt.dataset.refreshS !== undefined;
  if (status === 401) window.location.reload();
  else if (unasked) return;
  else if (status === 403) failed("You are not allowed to do that.");
  else failed(`That did not work (${status}). Please try again.`);
});
document.addEventListener("htmx:sendError", () => failed("The server cannot be reached. Check your connection."));
document.addEventListener("htmx:timeout", () => failed("The server took too long to answer. Please try again."));
