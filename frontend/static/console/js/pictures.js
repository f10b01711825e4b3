// Pictures of a product: dragged into another order, looked at before they are sent, and sent with a bar that tells how
// far it is. Without scripts the same forms are sent, and the arrows of each picture move it.

const SENT = 100;

function arrange(list, form) {
  const ids = [...list.querySelectorAll("[data-media]")].map((one) => one.dataset.media);
  form.querySelectorAll('[name="media_id"]').forEach((field, place) => (field.value = ids[place]));
  window.htmx.trigger(form, "arranged");
}

let dragged = null;

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-media][draggable]") ?? null;
  dragged?.classList.add("is-dragged");
});

document.addEventListener("dragover", (event) => {
  const over = dragged && event.target.closest?.("[data-media]");
  if (!over || over.parentElement !== dragged.parentElement) return;
  event.preventDefault();
  const pictures = [...over.parentElement.children];
  if (pictures.indexOf(over) < pictures.indexOf(dragged)) over.before(dragged);
  else if (over !== dragged) over.after(dragged);
});

document.addEventListener("drop", (event) => dragged && event.preventDefault());

document.addEventListener("dragend", () => {
  const list = dragged?.closest("[data-arrange]");
  dragged?.classList.remove("is-dragged");
  dragged = null;
  if (list) arrange(list, document.getElementById(list.dataset.arrange));
});

function preview(file, list) {
  const reader = new FileReader();
  const item = document.createElement("li");
  const image = document.createElement("img");
  image.alt = file.name;
  reader.addEventListener("load", () => (image.src = reader.result));
  reader.readAsDataURL(file);
  item.append(image);
  list.append(item);
}

function showChosen(form) {
  const list = form.querySelector("[data-previews]");
  list.replaceChildren();
  for (const file of form.elements.file.files) if (file.type.startsWith("image/")) preview(file, list);
}

function tell(state, percent, text) {
  state.hidden = false;
  state.querySelector("progress").value = percent;
  state.querySelector(".note").textContent = text;
}

// The answer is the page as it is now, with the new pictures, or with what is wrong.
function arrive(text) {
  const answer = new DOMParser().parseFromString(text, "text/html");
  const main = document.adoptNode(answer.querySelector("main"));
  document.querySelector("main").replaceWith(main);
  document.getElementById("toasts")?.append(...answer.querySelectorAll("#toasts > .toast"));
  window.htmx.process(main);
  main.querySelector('[aria-invalid="true"]')?.focus();
}

function send(form) {
  const request = new XMLHttpRequest();
  const state = form.querySelector("[data-upload-state]");
  const failed = () => {
    tell(state, 0, "That did not work. Try again, with fewer or smaller pictures.");
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  };
  request.upload.addEventListener("progress", (event) => {
    const percent = event.lengthComputable ? Math.round((event.loaded / event.total) * SENT) : 0;
    tell(state, percent, percent < SENT ? `${percent} % sent` : "Sent, being examined");
  });
  request.addEventListener("load", () => {
    if (request.status === 200 || request.status === 422) arrive(request.responseText);
    else failed();
  });
  request.addEventListener("error", failed);
  request.open("POST", form.action);
  request.send(new FormData(form));
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-upload]");
  if (form && event.target.type === "file") showChosen(form);
});

// Before the other listeners: this form is sent here, and not by the browser.
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target.closest("form[data-upload]");
    if (!form?.elements.file.files.length) return;
    event.preventDefault();
    event.submitter?.setAttribute("aria-busy", "true");
    send(form);
  },
  true,
);
