// Opens the page without a browser: as much of a document as its code asks for, and what it shows after each step.
// A step chooses files, writes keys or clicks on the language; see browser.py.
import { readFileSync } from "node:fs";
import vm from "node:vm";

const { page, language, steps } = JSON.parse(readFileSync(0, "utf-8"));
const bytes = (encoded) => Uint8Array.from(Buffer.from(encoded, "base64"));

class Element {
  constructor(tag) { Object.assign(this, { tag, own: "", children: [], dataset: {}, heard: {}, className: "", value: "", shown: 0 }); }
  get textContent() { return this.own + this.children.map((child) => child.textContent).join(""); }
  set textContent(text) { this.own = String(text); this.children = []; }
  append(child) { this.children.push(child); }
  replaceChildren(...nodes) {
    this.children = nodes.flatMap((node) => (node.tag === "#fragment" ? node.children : [node]));
    this.shown += nodes.length;
  }
  addEventListener(name, listener) { (this.heard[name] ??= []).push(listener); }
  tell(name, event = {}) { for (const listener of this.heard[name]) listener(event); }
  getContext() { return { drawImage: (image) => { this.image = image; }, getImageData: () => this.image }; }
}

const byId = new Map([...page.matchAll(/id="(\w+)"/g)].map(([, id]) => [id, new Element(id)]));
const saying = [...page.matchAll(/data-says="([\w.]+)"/g)].map(([, key]) => Object.assign(new Element("said"), { dataset: { says: key } }));
byId.get("given").textContent = /id="given">(.*?)<\/script>/s.exec(page)[1];
globalThis.document = Object.assign(new Element("document"), {
  documentElement: {},
  getElementById: (id) => byId.get(id),
  createElement: (tag) => new Element(tag),
  createDocumentFragment: () => new Element("#fragment"),
  querySelectorAll: () => saying,
});
Object.defineProperty(globalThis, "navigator", { value: { language }, configurable: true });
globalThis.createImageBitmap = async (file) => {
  if (!file.image) throw new Error("no picture");
  return file.image;
};
vm.runInThisContext(/<script>(.*?)<\/script>/s.exec(page)[1]);

const fileOf = ({ name, data, pixels, height, width }) => ({
  name,
  arrayBuffer: async () => bytes(data).buffer,
  image: pixels === undefined ? null : { data: bytes(pixels), height, width },
});
const leaves = (element) => (element.children.length ? element.children.flatMap(leaves) : [[element.tag, element.textContent]]);

const answers = byId.get("answers"), seen = [];
for (const step of steps) {
  const before = answers.shown;
  for (const keys of step.keys ?? []) { byId.get("keys").value = keys; byId.get("keys").tell("input"); }
  if (step.files) byId.get("files").tell("change", { target: { files: step.files.map(fileOf) } });
  if (step.click) byId.get("language").tell("click");
  for (let times = 0; answers.shown === before && times < 6000; times += 1) await new Promise((done) => { setTimeout(done, 10); });
  await new Promise((done) => { setTimeout(done, 20); });
  seen.push({
    lang: document.documentElement.lang, title: document.title, keys: byId.get("keys").value,
    times: answers.shown - before, rows: leaves(answers), fixed: saying.map((one) => one.textContent),
  });
}
process.stdout.write(JSON.stringify(seen));
