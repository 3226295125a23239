// A canvas to paint on, with a brush or by keyboard, whose picture goes into a field for files: the form sends it as it
// would send a file. What is painted are numbers, one a pixel (0 keeps, 1 fills; or the classes of a map); no edge is
// softened, so that none lies between two classes.

const MOST_PX = 512;
const MOST_UNDONE = 30;
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Make a place (`_paint.html`) work. */
export function paint(place) {
  new Painting(place).begin();
}

class Painting {
  constructor(place) {
    this.place = place;
    this.isMap = place.dataset.paint === "image";
    this.canvas = place.querySelector("canvas");
    this.pen = this.canvas.getContext("2d");
    this.field = place.querySelector(`[name="${place.dataset.paint}"][type=file]`);
    this.size = place.querySelector("[data-size]");
    this.colours = this.isMap ? this.brushes().map((one) => one.dataset.colour) : ["", this.brushes()[0].dataset.colour];
    this.before = [];
    this.under = null;
    this.at = null;
  }

  brushes() { return [...this.place.querySelectorAll("[name=brush]")]; }
  get brush() { return Number(this.brushes().find((one) => one.checked).value); }

  async begin() {
    this.place.querySelector("[data-tools]").hidden = false;
    this.listen();
    if (this.isMap) this.blank(Number(this.place.dataset.width), Number(this.place.dataset.height));
    else await this.layUnder();
    if (this.place.dataset.begin) await this.goOn(await picture(await (await fetch(this.place.dataset.begin)).blob()));
  }

  listen() {
    const canvas = this.canvas;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.keep();
      this.at = null;
      this.stroke(this.where(event));
      event.preventDefault();
      canvas.focus();
    });
    canvas.addEventListener("pointermove", (event) => { if (event.buttons) this.stroke(this.where(event)); });
    canvas.addEventListener("pointerup", () => { this.send(); });
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => this.show());
    canvas.addEventListener("focus", () => this.show());
    this.place.querySelector("[data-undo]").addEventListener("click", () => this.undo());
    this.place.querySelector("[data-all]").addEventListener("click", () => this.all(this.brush));
    this.place.querySelector("[data-clear]")?.addEventListener("click", () => this.all(0));
    const under = document.getElementById(this.place.dataset.under ?? "");
    under?.addEventListener("change", () => this.layUnder(under.files[0]));
    this.field.addEventListener("change", async () => { if (this.field.files[0] && this.levels) await this.goOn(await picture(this.field.files[0])); });
  }

  /** The picture of which a part is to be filled; the canvas has its sides. */
  async layUnder(file) {
    const from = this.place.dataset.underFrom;
    const data = file ?? (from ? await (await fetch(from)).blob() : null);
    this.under = data ? await picture(data) : null;
    this.canvas.hidden = !this.under;
    this.place.querySelector("[data-wait]").hidden = Boolean(this.under);
    if (!this.under) return;
    const share = Math.min(1, MOST_PX / Math.max(this.under.width, this.under.height));
    this.blank(Math.round(this.under.width * share), Math.round(this.under.height * share));
  }

  blank(width, height) {
    [this.width, this.height] = [width, height];
    [this.canvas.width, this.canvas.height] = [width, height];
    this.levels = new Uint8Array(width * height);
    this.x = width >> 1;
    this.y = height >> 1;
    this.before = [];
    this.show();
  }

  /** Go on with what was painted before. */
  async goOn(image) {
    const pen = sheet(this.width, this.height);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(image, 0, 0, this.width, this.height);
    const data = pen.getImageData(0, 0, this.width, this.height).data;
    const last = this.colours.length - 1;
    for (let i = 0; i < this.levels.length; i++) this.levels[i] = this.isMap ? Math.min(data[4 * i], last) : data[4 * i] > 127;
    this.show();
  }

  where(event) {
    const box = this.canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * this.width, ((event.clientY - box.top) / box.height) * this.height];
  }

  /** A line of the brush from where it was last. */
  stroke([x, y]) {
    const [fromX, fromY] = this.at ?? [x, y];
    const steps = Math.max(1, Math.ceil(Math.hypot(x - fromX, y - fromY)));
    for (let i = 1; i <= steps; i++) this.dab(fromX + ((x - fromX) * i) / steps, fromY + ((y - fromY) * i) / steps);
    this.at = [x, y];
    this.show();
  }

  /** A round of the brush; its size is in hundredths of the longer side. */
  dab(x, y) {
    const radius = Math.max(0.5, (Number(this.size.value) / 200) * Math.max(this.width, this.height));
    const brush = this.brush;
    for (let row = Math.max(0, Math.floor(y - radius)); row <= Math.min(this.height - 1, y + radius); row++)
      for (let column = Math.max(0, Math.floor(x - radius)); column <= Math.min(this.width - 1, x + radius); column++)
        if ((column + 0.5 - x) ** 2 + (row + 0.5 - y) ** 2 <= radius ** 2) this.levels[row * this.width + column] = brush;
  }

  /** Arrows move the brush (with Shift they paint), Space paints, U undoes, digits choose. */
  key(event) {
    const way = KEYS[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (way) {
      const step = Math.max(1, Math.round((Number(this.size.value) / 200) * Math.max(this.width, this.height)));
      this.x = clamp(this.x + way[0] * step, this.width - 1);
      this.y = clamp(this.y + way[1] * step, this.height - 1);
      if (event.shiftKey) this.press();
      this.say();
    } else if (event.key === " " || event.key === "Enter") {
      this.press();
    } else if (event.key.toLowerCase() === "u") {
      this.undo();
    } else if (/^[0-9]$/.test(event.key)) {
      const one = this.brushes().find((brush) => brush.value === event.key);
      if (one) one.checked = true;
    } else return;
    event.preventDefault();
    this.show();
  }

  press() {
    this.keep();
    this.dab(this.x + 0.5, this.y + 0.5);
    this.send();
  }

  say() {
    this.place.querySelector("[data-heard-paint]").textContent = this.place.dataset.at.replace("{x}", this.x + 1).replace("{y}", this.y + 1);
  }

  keep() {
    this.before.push(this.levels.slice());
    if (this.before.length > MOST_UNDONE) this.before.shift();
  }

  undo() {
    this.levels = this.before.pop() ?? this.levels;
    this.show();
    this.send();
  }

  all(level) {
    if (!this.levels) return;
    this.keep();
    this.levels.fill(level);
    this.show();
    this.send();
  }

  show() {
    if (!this.levels) return;
    const pen = this.pen;
    const over = sheet(this.width, this.height);
    const data = over.createImageData(this.width, this.height);
    const inks = this.colours.map((colour) => (colour ? [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16)) : null));
    this.levels.forEach((level, i) => { if (inks[level]) data.data.set([...inks[level], this.isMap ? 255 : 170], 4 * i); });
    over.putImageData(data, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    if (this.under) pen.drawImage(this.under, 0, 0, this.width, this.height);
    pen.drawImage(over.canvas, 0, 0);
    if (document.activeElement === this.canvas && this.canvas.matches(":focus-visible")) this.cross();
  }

  /** Where the keyboard stands: two lines that can be seen on any ground. */
  cross() {
    const [pen, reach] = [this.pen, Math.max(2, Math.round(Math.max(this.width, this.height) / 20))];
    for (const [colour, width] of [["#000", 3], ["#fff", 1]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = Math.max(1, (width * Math.max(this.width, this.height)) / 256);
      pen.beginPath();
      pen.moveTo(this.x + 0.5 - reach, this.y + 0.5);
      pen.lineTo(this.x + 0.5 + reach, this.y + 0.5);
      pen.moveTo(this.x + 0.5, this.y + 0.5 - reach);
      pen.lineTo(this.x + 0.5, this.y + 0.5 + reach);
      pen.stroke();
    }
  }

  /** Put what is painted into the field: a map by its numbers as greys, a mask in white, at the sides of its picture. */
  async send() {
    const pen = sheet(this.width, this.height);
    const data = pen.createImageData(this.width, this.height);
    this.levels.forEach((level, i) => { const grey = this.isMap ? level : 255 * level; data.data.set([grey, grey, grey, 255], 4 * i); });
    pen.putImageData(data, 0, 0);
    const whole = this.under ? sheet(this.under.width, this.under.height) : pen;
    if (this.under) {
      whole.imageSmoothingEnabled = false;
      whole.drawImage(pen.canvas, 0, 0, this.under.width, this.under.height);
    }
    const blob = await new Promise((resolve) => whole.canvas.toBlob(resolve, "image/png"));
    const files = new DataTransfer();
    files.items.add(new File([blob], "painted.png", { type: "image/png" }));
    this.field.files = files.files;
  }
}

const clamp = (value, most) => Math.max(0, Math.min(most, value));
const picture = (data) => createImageBitmap(data, { premultiplyAlpha: "none", colorSpaceConversion: "none" });

function sheet(width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  return canvas.getContext("2d");
}
