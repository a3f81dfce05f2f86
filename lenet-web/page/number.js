// A whole number: the strip that the network saw, its outputs over it, and the digits under it.

class NumberPanel {
  constructor(engine) {
    this.engine = engine;
    this.sketch = new Sketch(byId("line"), 10, () => this.later());
    byId("line-clear").addEventListener("click", () => {
      this.sketch.clear();
      this.say("");
      byId("line-found").replaceChildren();
    });
    byId("line-file").addEventListener("change", (event) => event.target.files[0] && this.open(event.target.files[0]));
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.read(this.sketch.picture()), 120);
  }

  async open(file) {
    try {
      const { canvas, picture } = await pixelsOf(file);
      this.sketch.show(canvas, canvas.width, canvas.height);
      this.read(picture);
    } catch (error) {
      this.say(`This file is not a picture that the browser can show (${error.message}).`);
    }
  }

  say(text) {
    byId("line-text").textContent = text;
  }

  read(picture) {
    let found = [];
    try {
      found = this.engine.numbers(picture);
    } catch (error) {
      this.say(error.message);
    }
    byId("line-found").replaceChildren(...found.map((number) => this.strip(number)));
    if (found.length > 0) {
      this.say(found.map(({ text, probability }) => `${text} (${percent(probability)})`).join(", "));
    } else if (!this.sketch.isEmpty || this.sketch.isStale) {
      this.say("no number found");
    }
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
    // The field of vision of an output is 32 columns wide; its middle moves by 4.
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
