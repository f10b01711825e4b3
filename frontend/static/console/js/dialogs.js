// A button with data-dialog="id" opens that <dialog>; one with data-close closes the dialog it is in.
// Escape is the browser's own; a press on the backdrop closes too. A dialog with data-open is shown at once.

function open(dialog) {
  if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) open(document.getElementById(opener.dataset.dialog));
  else if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
  else if (event.target instanceof HTMLDialogElement && !isInside(event)) event.target.close();
});

// The padding of a dialog is the dialog itself, so only its box tells whether the backdrop was hit.
function isInside(event) {
  const box = event.target.getBoundingClientRect();
  const across = event.clientX >= box.left && event.clientX <= box.right;
  return across && event.clientY >= box.top && event.clientY <= box.bottom;
}

document.querySelectorAll("dialog[data-open]").forEach(open);
