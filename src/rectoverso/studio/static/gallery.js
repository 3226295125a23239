// Small pictures are shown with their pixels sharp; and the address remembers the image one looked at, so that going
// back, or loading again after the server was away, leads to the same place however far one has come.
const TINY = 128;

function sharpen(event) {
  const image = event.target;
  if (image.tagName === "IMG" && image.naturalWidth && image.naturalWidth < TINY) image.classList.add("tiny");
}
document.addEventListener("load", sharpen, true);
for (const image of document.images) sharpen({target: image});

const gallery = document.getElementById("gallery");
if (gallery) {
  const remember = (link) => {
    const here = new URL(location.href);
    here.searchParams.set("before", link.closest("[data-begins]").dataset.begins);
    here.hash = link.id;
    history.replaceState(history.state, "", here);
  };
  gallery.addEventListener("click", (event) => {
    const link = event.target.closest("a[id]");
    if (link) remember(link);
  });
  document.addEventListener("scrollend", () => {
    const seen = [...gallery.querySelectorAll("a[id]")].find((link) => link.getBoundingClientRect().top >= 0);
    if (seen && scrollY > 0) remember(seen);
  });
  const last = location.hash && document.getElementById(location.hash.slice(1));
  if (last) {
    history.scrollRestoration = "manual";
    last.scrollIntoView({block: "center"});
    last.focus({preventScroll: true});
  }
}
