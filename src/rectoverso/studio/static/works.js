// What is sent is sent once, and says that it is on its way.
const form = document.getElementById("register");
form.addEventListener("submit", (event) => {
  if (form.getAttribute("aria-busy")) return event.preventDefault();
  form.setAttribute("aria-busy", "true");
  document.getElementById("doing").textContent = form.dataset.busy;
});
addEventListener("pageshow", () => {
  form.removeAttribute("aria-busy");
  document.getElementById("doing").textContent = "";
});
