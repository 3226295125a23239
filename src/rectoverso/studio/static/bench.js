// What Make and Train do beyond links and forms: controls that say where they stand, and work that is followed as it
// happens. Without this file each is a form, and a page that loads itself again.

import { paint } from "./paint.js";

let following = null;
let shown = location.pathname;
equip(document);
if (isNarrow()) document.querySelector(".outcome:has(.made)")?.scrollIntoView();
addEventListener("popstate", () => { if (location.pathname !== shown) location.reload(); });

/** Make what is in a part of a page work. */
function equip(part) {
  for (const slider of part.querySelectorAll("input[type=range]:not([data-samples])")) tell(slider);
  for (const place of part.querySelectorAll("[data-paint]")) paint(place);
  for (const place of part.querySelectorAll("[data-events]")) follow(place);
  for (const slider of part.querySelectorAll("[data-samples]")) leaf(slider);
  for (const form of part.querySelectorAll("form.wish")) form.addEventListener("submit", give);
}

/** Give an order, and put the page that answers into the place of this one: to load it as a whole costs a browser more
 * than to draw costs the server. Where that fails, the form is sent as any form is. */
async function give(event) {
  const form = event.currentTarget, focused = event.submitter?.id;
  event.preventDefault();
  if (form.ariaBusy) return;
  form.ariaBusy = "true";
  const answer = await sent(form, event.submitter).catch(() => null);
  if (!answer) return form.submit();
  const page = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
  if (!page || !new URL(answer.url).pathname.startsWith("/make")) return location.assign(answer.url);
  const main = document.getElementById("main");
  main.replaceChildren(...page.childNodes);
  if (answer.redirected) history.pushState(null, "", answer.url);
  shown = location.pathname;
  equip(main);
  document.getElementById(focused)?.focus({ preventScroll: true });
  (main.querySelector("[role=alert]") ?? (isNarrow() && main.querySelector(".outcome")))?.scrollIntoView?.();
}

async function sent(form, submitter) {
  return fetch(form.action, { method: "POST", body: new FormData(form, submitter) });
}

/** Whether what comes of an order lies below the controls, and not beside them. */
function isNarrow() { return matchMedia("(max-width: 60rem)").matches; }

/** Let the output beside a slider say its value; where it changes nothing, the word for that. */
function tell(slider) {
  const output = document.querySelector(`output[for="${slider.id}"]`);
  if (!output) return;
  const say = () => {
    const isOff = slider.dataset.offWord && Number(slider.value) === Number(slider.dataset.off);
    output.value = isOff ? slider.dataset.offWord : slider.value;
  };
  slider.addEventListener("input", say);
  say();
}

/** Load the part of the page that shows a job whenever there is news of it, now and then while it goes on, and at once
 * when it has ended. The browser itself takes the stream up again where it was cut (Last-Event-ID). */
function follow(place) {
  following?.close();
  const source = following = new EventSource(place.dataset.events);
  let isLoading = false, isStale = false, isOver = false, hurry = () => {};
  const pause = () => new Promise((resolve) => { hurry = resolve; setTimeout(resolve, 700); });
  const load = async () => {
    if (isLoading) return void (isStale = true);
    isLoading = true;
    do {
      isStale = false;
      const answer = await fetch(place.dataset.part, { headers: { "HX-Request": "true" } }).catch(() => null);
      if (answer?.headers.has("HX-Redirect")) return location.assign(answer.headers.get("HX-Redirect"));
      if (answer?.ok) show(place, await answer.text());
      if (!isOver) await pause();
    } while (isStale);
    isLoading = false;
  };
  const hear = (event) => {
    if (event.lastEventId !== place.dataset.version && !getsOn(place, JSON.parse(event.data))) load();
  };
  for (const name of ["job", "item"]) source.addEventListener(name, hear);
  source.addEventListener("end", () => { source.close(); isOver = true; load(); hurry(); });
}

/** Say how far a job is, where the part has a place for that: until a part of it ends there is nothing else to show.
 * Returns whether that was all that the news told. */
function getsOn(place, { state, progress, counts = {} }) {
  const [said, word, bar] = ["[data-gets-on]", "[data-running]", "progress"].map((one) => place.querySelector(one));
  if (!said || !["waiting", "running"].includes(state)) return false;
  if (Object.keys(counts).some((one) => counts[one] && !["waiting", "running"].includes(one))) return false;
  if (state === "running") word.textContent = word.dataset.running;
  if (!progress) return true;
  said.textContent = ` · ${progress.text} ${progress.total ? `${progress.done}/${progress.total}` : ""}`;
  if (progress.total) [bar.max, bar.value] = [progress.total, progress.done];
  return true;
}

/** Put a part into its place: what was ticked stays so, and who cannot see is told once when its state changes. */
function show(place, text) {
  const part = new DOMParser().parseFromString(text, "text/html").body;
  const [now, before] = [part, place].map((one) => one.querySelector("[data-say]")?.dataset.say);
  const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
  for (const box of place.querySelectorAll("input:checked")) part.querySelector(`#${CSS.escape(box.id)}`)?.setAttribute("checked", "");
  const leafed = place.querySelector("[data-samples]");
  const stays = leafed && leafed.value !== leafed.max ? leafed.value : null;
  place.replaceChildren(...part.childNodes);
  if (focused) document.getElementById(focused)?.focus();
  for (const slider of place.querySelectorAll("[data-samples]")) leaf(slider, stays);
  if (now !== before) document.querySelector("[data-heard]").textContent = now;
}

/** Leaf through sample grids: the slider shows the one at which it stands, or stood before its place was loaded anew. */
function leaf(slider, stood = null) {
  const [image, names, caption] = [document.getElementById(slider.dataset.samples), slider.dataset.names.split(" "), slider.nextElementSibling];
  slider.form?.querySelector("button")?.setAttribute("hidden", "");
  slider.addEventListener("input", () => {
    const name = names[slider.value];
    image.src = `${slider.dataset.from}/${name}.png`;
    image.alt = caption.value = slider.dataset.word.replace("{images}", Number(name).toLocaleString(document.documentElement.lang));
    slider.setAttribute("aria-valuetext", caption.value);
  });
  if (stood === null) return;
  slider.value = stood;
  slider.dispatchEvent(new Event("input"));
}
