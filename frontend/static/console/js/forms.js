// Forms: sent once however often the button is pressed, led to the first mistake, and short addresses for filters.

function submitOnce(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent !== undefined) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "";
  document.documentElement.classList.add("is-waiting");
  // Not `disabled`: a disabled button's name and value would not be sent.
  event.submitter?.setAttribute("aria-busy", "true");
}

// A page that comes back from the browser's memory must be usable again.
function becomeUsable() {
  document.documentElement.classList.remove("is-waiting");
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  document.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
}

function dropEmptyParameters(event) {
  if (event.detail.verb !== "get") return;
  const parameters = event.detail.parameters;
  for (const name of Object.keys(parameters)) {
    if (parameters[name] === "") delete parameters[name];
  }
}

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  const text = button.querySelector("[data-copy-text]") ?? button;
  const before = text.textContent;
  text.textContent = "Copied";
  setTimeout(() => (text.textContent = before), 1500);
}

// Whoever removed a line, or chose a customer, goes on at the search for products.
function keepFocus(event) {
  if (event.target.id === "draft" && document.activeElement === document.body) {
    document.getElementById("product-q")?.focus();
  }
}

document.addEventListener("htmx:afterSettle", keepFocus);
document.addEventListener("submit", submitOnce);
window.addEventListener("pageshow", (event) => event.persisted && becomeUsable());
document.addEventListener("htmx:configRequest", dropEmptyParameters);
document.addEventListener("htmx:beforeRequest", () => document.documentElement.classList.add("is-waiting"));
document.addEventListener("htmx:afterRequest", () => document.documentElement.classList.remove("is-waiting"));
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
  if (event.target.closest("[data-print]")) window.print();
});
document.querySelector('main [aria-invalid="true"]')?.focus();
