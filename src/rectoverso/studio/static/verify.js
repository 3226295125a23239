// A picture that is dropped anywhere on the page, or pasted, is verified as if it had been chosen.
const form = document.getElementById("verify");
const field = document.getElementById("file");
document.getElementById("paste").hidden = false;

function take(files) {
  if (!files.length) return;
  field.files = files;
  form.requestSubmit();
}

form.addEventListener("submit", () => { document.getElementById("waiting").hidden = false; });
addEventListener("pageshow", () => { document.getElementById("waiting").hidden = true; form.reset(); });
addEventListener("paste", (event) => take(event.clipboardData.files));
addEventListener("dragover", (event) => { event.preventDefault(); form.classList.add("over"); });
addEventListener("dragleave", () => form.classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  form.classList.remove("over");
  take(event.dataTransfer.files);
});
