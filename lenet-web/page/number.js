// A whole number: the strip that the network saw, its outputs over it, and the digits under it.

class NumberPanel {
  constructor(engine) {
    this.engine = engine;
    this.sketch = new Sketch(byId("line"), 10, () => this.later());
    this.input = 0;
    byId("line-clear").addEventListener("click", () => this.clear());
    onFile(byId("line-file"), (file) => this.open(file));
  }

  clear() {
    this.begin();
    this.sketch.clear();
    this.say("");
    this.found = [];
    this.draw();
  }

  /** What was begun before is not shown any more. */
  begin() {
    clearTimeout(this.timer);
    return ++this.input;
  }

  later() {
    this.begin();
    this.timer = setTimeout(() => !this.sketch.isDrawing && this.read(this.sketch.picture()), 120);
  }

  async open(file) {
    const input = this.begin();
    try {
      const { canvas, picture } = await pixelsOf(file, 4000);
      if (input !== this.input) {
        return;
      }
      this.sketch.show(canvas, canvas.width, canvas.height);
      this.read(picture);
    } catch {
      this.found = [];
      this.draw();
      this.say(NO_PICTURE);
    }
  }

  say(text) {
    byId("line-text").textContent = text;
  }

  read(picture) {
    this.found = [];
    try {
      this.found = this.engine.numbers(picture);
      const read = ({ text, probability }) => `${text} (${percent(probability)})`;
      this.say(this.found.length > 0 ? this.found.map(read).join(", ") : "No number was found.");
    } catch (error) {
      this.say(sentence(error.message));
    }
    this.draw();
  }

  draw() {
    byId("line-found").replaceChildren(...(this.found ?? []).map((number) => this.strip(number)));
  }

  strip({ text, width, levels, columns, places, readings }) {
    const [height, row, room] = [32, 7, 14];
    const scale = Math.max(2, Math.min(6, Math.floor(1200 / width)));
    const canvas = document.createElement("canvas");
    canvas.width = (width + room) * scale;
    canvas.height = (height + 12 + 11 * row) * scale;
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    context.imageSmoothingEnabled = false;
    context.fillStyle = colour("--card");
    context.fillRect(0, 0, canvas.width, canvas.height);
    const strip = paintCells(document.createElement("canvas"), levels, width, (level) => grey(255 - level));
    context.drawImage(strip, room, 0);
    context.fillStyle = colour("--ink");
    context.font = "9px system-ui, sans-serif";
    // The receptive field of an output is 32 columns wide; its middle moves by 4.
    const middle = (column) => room + 4 * column + 16;
    [...text].forEach((digit, index) => {
      const [first, last] = places[index];
      context.fillText(digit, (middle(first) + middle(last)) / 2 - 2.5, height + 9);
    });
    const top = height + 12;
    for (let digit = 0; digit < 11; digit++) {
      context.fillStyle = colour("--soft");
      context.font = "6px system-ui, sans-serif";
      context.fillText(digit < 10 ? digit : "none", 0, top + (digit + 0.85) * row);
      columns.forEach((column, index) => {
        const [red, green, blue] = divergent(column[digit], 1);
        context.fillStyle = `rgb(${red}, ${green}, ${blue})`;
        context.fillRect(middle(index) - 2, top + digit * row, 4, row - 1);
      });
    }
    canvas.style.width = `${3.5 * (width + room)}px`;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `The line as the network saw it, its outputs, and ${text}`);
    const others = readings.slice(1, 4).map(({ text, probability }) => `${text || "nothing"} ${percent(probability)}`);
    return element("figure", {}, canvas, element("figcaption", { textContent: others.length > 0 ? `Next best: ${others.join(", ")}` : "" }));
  }
}
