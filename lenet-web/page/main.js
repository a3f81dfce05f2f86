// The page.

const ABOUT = {
  lenet5: "LeNet-5 of the article with a softmax output, C3 by Table I, subsampling with trained coefficients: {parameters} parameters, {connections} connections. Trained on distorted digits; it reads {accuracy} of MNIST's 10,000 test digits.",
  lenet5_1998: "The network as it was in 1998: the output compares F6 with ten fixed bitmaps of 7×12. {parameters} parameters, {connections} connections; it reads {accuracy} of the test digits.",
  modern: "LeNet-5's plan and size with what is known today: ReLU, max pooling, more maps and a smaller C5. {parameters} parameters; it reads {accuracy} of the test digits.",
  yours: "The network that learns in this page, as it is now: {parameters} parameters.",
};
const NAMES = { lenet5: "LeNet-5", lenet5_1998: "LeNet-5 of 1998", modern: "the best of today", yours: "yours, while it learns" };

const SLIDERS = [
  ["right", "right", -10, 10, 0.5, 0, "px"],
  ["down", "down", -10, 10, 0.5, 0, "px"],
  ["scale", "size", 0.4, 1.8, 0.05, 1, "×"],
  ["turn", "turn", -90, 90, 1, 0, "°"],
  ["slant", "slant", -1, 1, 0.05, 0, ""],
  ["pen", "pen", -1.5, 3, 0.1, 0, "px"],
  ["noise", "noise", 0, 0.6, 0.01, 0, ""],
];

class Page {
  constructor(engine, parts) {
    this.engine = engine;
    this.accuracy = JSON.parse(new TextDecoder().decode(parts.about));
    this.network = "lenet5";
    this.base = new Uint8Array(784);
    this.alteration = {};
    this.panel = new UnitPanel(engine);
    this.figure = new Figure(byId("figure"), (layer, unit) => this.explain(layer, unit));
    this.sketch = new Sketch(byId("sketch"), 20, () => this.redrawn());
    this.numbers = new NumberPanel(engine);
    this.lesson = new LessonPanel(parts.wasm, parts.digits, (parameters) => this.learned(parameters));
    this.choices();
    this.examples("examples", unpackDigits(parts.examples));
    this.examples("misread", unpackDigits(parts.misread));
    this.sliders();
    this.pictures();
    this.themes();
    byId("clear").addEventListener("click", () => this.clear());
    this.choose("lenet5");
  }

  /** Draws everything once in a frame, however often something changes. */
  soon() {
    this.isDue ||= requestAnimationFrame(() => {
      this.isDue = undefined;
      this.update();
    });
  }

  update() {
    const number = NETWORKS[this.network];
    if (this.hasNewSketch) {
      this.hasNewSketch = false;
      this.prepare(this.sketch.picture());
    }
    this.image = this.engine.alter(this.base, this.alteration);
    const began = performance.now();
    this.outputs = this.engine.read(this.image, number);
    document.body.dataset.milliseconds = performance.now() - began;
    this.answer(this.outputs.probabilities);
    this.figure.setOutputs(this.outputs);
    this.panel.outputs = this.outputs;
    const { selected } = this.figure;
    if (selected) {
      this.explain(this.figure.layers[selected.layer], selected.unit);
    } else {
      this.figure.draw();
    }
  }

  answer(probabilities) {
    const digit = indexOfLargest(probabilities);
    const isBlank = this.image.every((level) => level === 0);
    byId("digit").textContent = isBlank ? "–" : digit;
    [...byId("bars").children].forEach((bar, index) => {
      const part = isBlank ? 0 : probabilities[index];
      bar.querySelector("i").style.width = percent(part);
      bar.lastChild.textContent = isBlank ? "" : percent(part);
    });
  }

  explain(layer, unit) {
    if (layer.stage < 0) {
      this.figure.explanation = undefined;
      this.panel.showPixel(layer, unit, this.outputs);
    } else {
      const number = NETWORKS[this.network];
      this.figure.explanation = this.engine.explain(number, layer.stage, unit);
      this.panel.show(this.network, this.engine.describe(number), layer, unit, this.figure.explanation);
    }
    this.scale(layer);
    this.figure.draw();
  }

  /** The colours of the layer that is looked at. */
  scale(layer) {
    const limit = this.figure.limitOf(layer);
    byId("scale-low").textContent = shown(-limit, 2);
    byId("scale-high").textContent = `+${shown(limit, 2)} (${layer.name.toUpperCase()})`;
    paintCells(byId("scale"), Array.from({ length: 120 }, (_, x) => (limit * (x - 59.5)) / 59.5), 120, (value) => divergent(value, limit));
  }

  redrawn() {
    this.hasNewSketch = true;
    this.mark(undefined);
    this.soon();
  }

  /** A picture becomes an image, and its steps are shown. */
  prepare(picture) {
    try {
      const steps = this.engine.prepare(picture);
      this.base = steps.image;
      this.steps(picture, steps);
      byId("message").textContent = "";
    } catch (error) {
      this.base = new Uint8Array(784);
      byId("message").textContent = this.sketch.isEmpty && !this.sketch.isStale ? "" : error.message;
    }
  }

  steps(picture, { width, height, ink, digit, region, image, inverted, thickened }) {
    const paper = byId("step-paper");
    paper.width = picture.width;
    paper.height = picture.height;
    const context = paper.getContext("2d");
    context.filter = "grayscale(1)";
    context.putImageData(new ImageData(new Uint8ClampedArray(picture.data), picture.width, picture.height), 0, 0);
    context.drawImage(paper, 0, 0);
    for (const [id, levels] of [["step-ink", ink], ["step-digit", digit]]) {
      const canvas = paintCells(byId(id), levels, width, grey);
      if (id === "step-digit") {
        const frame = canvas.getContext("2d");
        frame.strokeStyle = "#f0a050";
        frame.lineWidth = Math.max(1, width / 100);
        frame.strokeRect(region.left, region.top, region.width, region.height);
      }
    }
    paintCells(byId("step-form"), image, 28, grey);
    byId("step-words").textContent = `${inverted ? "Dark ink on bright paper" : "Bright ink on dark paper"}; the digit covers ${region.width}×${region.height} of ${width}×${height} pixels${thickened ? "; its thin strokes were widened" : ""}.`;
  }

  /** A digit of MNIST, which has its form already. */
  take(image) {
    this.base = image;
    const picture = paintCells(document.createElement("canvas"), image, 28, (level) => grey(255 - level));
    this.sketch.show(picture, 28, 28);
    this.hasNewSketch = false;
    for (const id of ["step-paper", "step-ink", "step-digit"]) {
      byId(id).width = byId(id).height = 28;
    }
    paintCells(byId("step-form"), image, 28, grey);
    byId("step-words").textContent = "A digit of MNIST has this form already.";
    byId("message").textContent = "";
    this.soon();
  }

  clear() {
    this.sketch.clear();
    this.base = new Uint8Array(784);
    this.hasNewSketch = false;
    byId("message").textContent = "";
    this.mark(undefined);
    this.soon();
  }

  mark(button) {
    document.querySelectorAll(".thumbs button").forEach((other) => other.setAttribute("aria-pressed", other === button));
  }

  examples(id, { images, labels }) {
    const group = byId(id);
    images.forEach((image, index) => {
      const canvas = paintCells(document.createElement("canvas"), image, 28, (level) => grey(255 - level));
      const label = id === "misread" ? `a ${labels[index]} that is misread` : `a ${labels[index]}`;
      const button = element("button", { type: "button", title: label }, canvas);
      button.setAttribute("aria-label", `${label}, number ${index + 1}`);
      button.setAttribute("aria-pressed", false);
      button.dataset.label = labels[index];
      button.addEventListener("click", () => {
        this.mark(button);
        this.take(image);
      });
      group.append(button);
    });
  }

  sliders() {
    const rows = SLIDERS.map(([key, name, least, most, step, neutral, unit]) => {
      const input = element("input", { type: "range", min: least, max: most, step, value: neutral, name: key });
      const value = element("output", { textContent: `${neutral} ${unit}` });
      input.addEventListener("input", () => {
        this.alteration[key] = Number(input.value);
        value.textContent = `${input.value.replace("-", "−")} ${unit}`;
        this.soon();
      });
      return { neutral, input, row: element("label", {}, element("span", { textContent: name }), input, value) };
    });
    byId("sliders").append(...rows.map(({ row }) => row));
    byId("reset").addEventListener("click", () => {
      rows.forEach(({ input, neutral }) => {
        input.value = neutral;
        input.dispatchEvent(new Event("input"));
      });
    });
  }

  /** Files that are chosen, dropped or pasted. */
  pictures() {
    const open = (file) => file && this.open(file);
    byId("file").addEventListener("change", (event) => open(event.target.files[0]));
    document.addEventListener("paste", (event) => open(event.clipboardData?.files[0]));
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      const file = event.dataTransfer?.files[0];
      if (event.target.closest?.("#numbers")) {
        file && this.numbers.open(file);
      } else {
        open(file);
      }
    });
  }

  async open(file) {
    try {
      const { canvas, picture } = await pixelsOf(file);
      this.mark(undefined);
      this.sketch.show(canvas, canvas.width, canvas.height);
      this.hasNewSketch = false;
      this.prepare(picture);
    } catch (error) {
      byId("message").textContent = `This file is not a picture that the browser can show (${error.message}).`;
    }
    this.soon();
  }

  choices() {
    for (const key of Object.keys(NETWORKS)) {
      const input = element("input", { type: "radio", name: "network", value: key });
      input.addEventListener("change", () => this.choose(key));
      byId("choice").append(element("label", {}, input, ` ${NAMES[key]}`));
    }
    for (let digit = 0; digit < 10; digit++) {
      const bar = element("span", { className: "bar" }, element("i"));
      byId("bars").append(element("li", {}, String(digit), bar, element("span", { className: "part" })));
    }
  }

  choose(key) {
    this.network = key;
    document.querySelector(`#choice input[value=${key}]`).checked = true;
    const description = this.engine.describe(NETWORKS[key]);
    const facts = { parameters: description.parameters, connections: description.connections, accuracy: this.accuracy[key] };
    byId("about").textContent = ABOUT[key].replace(/\{(\w+)\}/g, (_, name) => facts[name].toLocaleString("en"));
    this.figure.explanation = undefined;
    this.image = this.engine.alter(this.base, this.alteration);
    this.figure.setOutputs(this.engine.read(this.image, NETWORKS[key]));
    this.figure.setNetwork(description);
    drawKernels(this.engine, NETWORKS[key]);
    this.soon();
  }

  learned(parameters) {
    this.engine.setParameters(NETWORKS.yours, parameters);
    if (this.network !== "yours" && this.lesson.history.length === 1) {
      this.choose("yours");
    } else if (this.network === "yours") {
      drawKernels(this.engine, NETWORKS.yours);
      this.soon();
    }
  }

  themes() {
    const button = byId("theme");
    const set = (dark) => {
      document.documentElement.classList.toggle("dark", dark);
      button.setAttribute("aria-pressed", dark);
      button.textContent = dark ? "Light" : "Dark";
    };
    const system = matchMedia("(prefers-color-scheme: dark)");
    set(system.matches);
    const redraw = () => {
      this.lesson.draw();
      this.choose(this.network);
    };
    system.addEventListener("change", () => {
      set(system.matches);
      redraw();
    });
    button.addEventListener("click", () => {
      set(!document.documentElement.classList.contains("dark"));
      redraw();
    });
  }
}

async function openPage() {
  try {
    const parts = await unpack(byId("pack").textContent);
    const engine = await LeNet.load(parts.wasm);
    engine.setParameters(NETWORKS.lenet5_1998, parts.lenet5_1998);
    engine.setParameters(NETWORKS.modern, parts.modern);
    engine.loadReader(parts.reader);
    window.lenet = engine;
    window.page = new Page(engine, parts);
    document.body.dataset.ready = "true";
  } catch (error) {
    byId("message").textContent = `This browser cannot run the network: ${error.message}. It needs WebAssembly with SIMD, as browsers have had since 2023.`;
    throw error;
  }
}

if (typeof document === "undefined") {
  learnInWorker();
} else {
  openPage();
}
