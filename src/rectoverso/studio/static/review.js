// Letters press what stands on the page under them (`data-key`); nothing here does what a link or a form does not.
// They act once for each press, not while somebody types, and a vote not before the picture has been seen. Who would
// rather have none of it switches them off, and that is kept.
const OFF = "review.letters.off";
const VOTES = "are";
const doing = document.getElementById("doing");
let gone = false;

const typing = (target) => target.closest("input:not([type=checkbox]), textarea, select, dialog, [contenteditable]");
const letter = ({key, code}) => /^[a-z?]$/i.test(key) ? key.toLowerCase() : code.replace(/^Key/, "").toLowerCase();
const say = (text) => { if (doing) doing.textContent = text; };

function isSeen() {
  const draft = document.getElementById("draft");
  return !draft || (draft.complete && draft.naturalWidth > 0);
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (event.key === "Escape" && typing(event.target)) return event.target.blur();
  const key = letter(event);
  if (event.repeat || typing(event.target) || gone) return;
  if (key !== "?" && localStorage.getItem(OFF)) return;
  const found = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!found) return;
  event.preventDefault();
  if (VOTES.includes(key) && !isSeen()) return say(found.form.dataset.unseen);
  if (found.disabled) {
    const why = document.getElementById(found.getAttribute("aria-describedby"));
    return say(why ? why.textContent : "");
  }
  if (found.matches("textarea")) found.focus(); else found.click();
}
document.addEventListener("keydown", press);

// What goes to the door takes its time: it says so, and is sent once.
document.addEventListener("submit", (event) => {
  const {target} = event;
  if (target.method === "dialog" || target.method === "get") return;
  if (gone) return event.preventDefault();
  gone = true;
  document.body.setAttribute("aria-busy", "true");
  if (target.dataset.busy) say(target.dataset.busy);
});
addEventListener("pageshow", () => {
  gone = false;
  document.body.removeAttribute("aria-busy");
});

for (const button of document.querySelectorAll("[data-opens]")) {
  button.hidden = false;
  button.addEventListener("click", () => document.getElementById(button.dataset.opens).showModal());
}
const letters = document.getElementById("letters");
if (letters) {
  letters.checked = !localStorage.getItem(OFF);
  letters.addEventListener("change", () => letters.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1"));
}

// Evidence that cannot be drawn says so where it would stand.
for (const image of document.querySelectorAll("[data-missing]")) {
  const missing = () => image.closest("figure").replaceChildren(image.dataset.missing);
  if (image.complete && !image.naturalWidth) missing(); else image.addEventListener("error", missing);
}

// Several at once: how many are chosen.
const several = document.getElementById("several");
if (several) {
  const boxes = [...several.querySelectorAll("[name=asset]")], chosen = document.getElementById("chosen");
  const all = document.getElementById("all");
  const tell = () => {
    const count = boxes.filter((box) => box.checked).length;
    chosen.textContent = chosen.dataset.said.replace("{count}", count);
    for (const button of several.querySelectorAll("[name=choice]")) button.disabled = !count;
  };
  all.hidden = !boxes.length;
  all.addEventListener("click", () => {
    const isFull = boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = !isFull;
    tell();
  });
  several.addEventListener("change", tell);
  addEventListener("pageshow", tell);
  tell();
}
