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
  const top = (link) => link.getBoundingClientRect().top;
  const remembered = () => location.hash && document.getElementById(location.hash.slice(1));
  const isInSight = (link) => top(link) >= 0 && top(link) < innerHeight;
  const remember = (link) => {
    const here = new URL(location.href);
    here.searchParams.set("before", link.closest("[data-begins]").dataset.begins);
    here.hash = link.id;
    history.replaceState({...history.state, top: top(link)}, "", here);
  };
  gallery.addEventListener("click", (event) => {
    const link = event.target.closest("a[id]");
    if (link) remember(link);
  });
  // The image that one came from stays remembered while it is in sight: else each return would move on from it.
  document.addEventListener("scrollend", () => {
    const links = [remembered(), ...gallery.querySelectorAll("a[id]")];
    const seen = links.find((link) => link && isInSight(link));
    if (seen && (scrollY > 0 || location.hash)) remember(seen);
  });
  const last = remembered();
  if (last) {
    history.scrollRestoration = "manual";
    scrollBy(0, top(last) - (history.state?.top ?? innerHeight / 2));
    last.focus({preventScroll: true});
  }
}
