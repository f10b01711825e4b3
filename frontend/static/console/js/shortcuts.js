// Keys: "/" goes to the search field, "g" then a letter to a page, "?" shows the list of keys.
// A link takes part by its data-go letter, a field by data-search; the page's own field wins over the top bar's.

const SECOND_KEY_MS = 1500;
let goUntil = 0;

function isTyping(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

function focusSearch() {
  const field = document.querySelector("main [data-search]") ?? document.querySelector("[data-search]");
  field?.focus();
  field?.select();
  return field !== null;
}

function go(key) {
  const link = [...document.querySelectorAll("[data-go]")].find((candidate) => candidate.dataset.go === key);
  link?.click();
  return link !== undefined;
}

function handle(key) {
  if (Date.now() < goUntil) {
    goUntil = 0;
    return go(key);
  }
  if (key === "g") {
    goUntil = Date.now() + SECOND_KEY_MS;
    return true;
  }
  if (key === "/") return focusSearch();
  if (key === "?") {
    document.getElementById("keyboard-help")?.showModal();
    return true;
  }
  return false;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (handle(event.key)) event.preventDefault();
});
