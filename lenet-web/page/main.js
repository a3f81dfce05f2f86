// The page.

const ABOUT = {
  lenet5: "LeNet-5 of the article with a softmax output, C3 by Table I, subsampling with trained coefficients: {parameters} parameters, {connections} connections. Trained on distorted digits; it reads {accuracy} of MNIST's 10,000 test digits.",
  lenet5_1998: "The network as it was in 1998: the output compares F6 with ten fixed bitmaps of 7×12, and the smallest distance wins. {parameters} parameters, {connections} connections; it reads {accuracy} of the test digits.",
  modern: "LeNet-5's plan and size with what is known today: ReLU, max pooling, a full connection in place of Table I, more maps and a smaller C5. {parameters} parameters; it reads {accuracy} of the test digits.",
  yours: "The network that learns in this page (section 4), as it is now: {parameters} parameters, random numbers before it learns.",
};
const NAMES = { lenet5: "LeNet-5", lenet5_1998: "LeNet-5 of 1998", modern: "modern LeNet-5", yours: "yours, while it learns" };

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
    // Counts what was drawn, chosen or opened, so that a slow picture does not replace what came after it.
    this.input = 0;
    this.panel = new UnitPanel();
    this.figure = new Figure(byId("figure"), (layer, unit) => this.explain(layer, unit, true));
    this.sketch = new Sketch(byId("sketch"), 20, () => this.redrawn());
    this.numbers = new NumberPanel(engine);
    // Until it learns, the fourth network has random weights.
    engine.begin(parts.digits, 1);
    engine.setParameters(NETWORKS.yours, engine.learned());
    this.lesson = new LessonPanel(parts.wasm, parts.digits, engine.learn(0), (parameters) => this.learned(parameters));
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
      try {
        this.update();
      } catch (error) {
        byId("message").textContent = sentence(error.message);
        throw error;
      }
    });
  }

  /** Runs the image through the network; figure and panel show its outputs from now on. */
  read() {
    this.image = this.altered();
    this.outputs = this.engine.read(this.image, NETWORKS[this.network]);
    this.figure.isBlank = this.isBlank;
    this.figure.outputs = this.outputs;
    this.panel.outputs = this.outputs;
  }

  update() {
    if (this.hasNewSketch) {
      this.hasNewSketch = false;
      this.prepare(this.sketch.picture());
    }
    this.read();
    this.answer(this.outputs.probabilities);
    const { selected } = this.figure;
    if (selected) {
      this.explain(this.figure.layers[selected.layer], selected.unit);
    } else {
      this.panel.clear();
      this.scale(undefined);
      this.figure.draw();
    }
  }

  get isBlank() {
    return this.base.every((level) => level === 0);
  }

  /** The image that is read; an empty one stays empty. */
  altered() {
    return this.isBlank ? this.base : this.engine.alter(this.base, this.alteration);
  }

  answer(probabilities) {
    const digit = indexOfLargest(probabilities);
    const { isBlank } = this;
    const isSure = probabilities[digit] >= 0.5;
    byId("digit").textContent = isBlank ? "–" : digit;
    byId("digit").classList.toggle("unsure", !isSure);
    const notes = [];
    if (!isBlank && !isSure) {
      notes.push("Not sure: no digit has half of the probability.");
    }
    if (this.label !== undefined) {
      notes.push(`MNIST says: ${this.label}${this.label === digit ? "" : " – misread"}.`);
    }
    const isAltered = SLIDERS.some(([key, , , , , neutral]) => (this.alteration[key] ?? neutral) !== neutral);
    if (!isBlank && isAltered) {
      notes.push("The digit is altered by the sliders (Digits to try, Reset).");
    }
    byId("notes").textContent = notes.join(" ");
    [...byId("bars").children].forEach((bar, index) => {
      const part = isBlank ? 0 : probabilities[index];
      bar.querySelector("i").style.width = percent(part);
      bar.lastChild.textContent = isBlank ? "" : percent(part);
    });
  }

  /** Says what a unit computes. Only what a person asked for is spoken by a screen reader, not what follows a digit. */
  explain(layer, unit, isAsked = false) {
    byId("unit-title").setAttribute("aria-live", isAsked ? "polite" : "off");
    if (layer.stage < 0) {
      this.figure.explanation = undefined;
      this.panel.showPixel(layer, unit, this.outputs);
    } else {
      const number = NETWORKS[this.network];
      this.figure.explanation = this.engine.explain(number, layer.stage, unit);
      const { colourOf } = this.figure.coloursOf(this.figure.before(layer));
      this.panel.show(this.network, this.engine.describe(number), layer, unit, this.figure.explanation, colourOf);
    }
    byId("unit-kept").textContent = this.figure.isKept ? "Kept: click the unit again, or press Escape, to release it." : "";
    this.scale(layer);
    this.figure.draw();
  }

  /** The colours of the layer that is looked at. */
  scale(layer) {
    layer ??= this.figure.layers.find(({ kind }) => kind === "convolution");
    const { low, high, colourOf } = this.figure.coloursOf(layer);
    byId("scale-low").textContent = shown(low, 2);
    byId("scale-high").textContent = `${shown(high, 2)} (${layer.name.toUpperCase()})`;
    paintCells(byId("scale"), Array.from({ length: 120 }, (_, x) => low + ((high - low) * x) / 119), 120, colourOf);
  }

  redrawn() {
    this.input++;
    this.label = undefined;
    this.hasNewSketch = true;
    this.mark(undefined);
    this.soon();
  }

  /** A picture becomes an image, and its steps are shown. */
  prepare(picture, isReduced = false) {
    try {
      const steps = this.engine.prepare(picture);
      this.base = steps.image;
      this.steps(steps, isReduced);
      if (this.sketch.isStale) {
        // As it is seen: transparent pixels on white, or on black if all would be white.
        this.sketch.show(paintLevels(document.createElement("canvas"), steps.levels, steps.width, 1600), steps.width, steps.height);
      }
      byId("message").textContent = "";
    } catch (error) {
      this.base = new Uint8Array(784);
      this.noSteps();
      // A stroke that has just begun is no error yet.
      byId("message").textContent = this.sketch.isDrawing ? "" : this.sketch.isStale ? sentence(error.message) : "Nothing to read yet: draw a larger digit.";
    }
  }

  steps({ width, height, levels, ink, digit, region, image, inverted, thickened }, isReduced) {
    for (const [id, plane] of [["step-grey", levels], ["step-ink", ink], ["step-digit", digit]]) {
      paintLevels(byId(id), plane, width, 200);
    }
    const frame = byId("step-digit").getContext("2d");
    const scale = byId("step-digit").width / width;
    frame.strokeStyle = "#f0a050";
    frame.lineWidth = 2;
    frame.strokeRect(region.left * scale, region.top * scale, region.width * scale, region.height * scale);
    paintCells(byId("step-form"), image, 28, grey);
    byId("step-words").textContent = `${inverted ? "Dark ink on bright paper" : "Bright ink on dark paper"}; the digit covers ${region.width}×${region.height} of ${width}×${height} pixels${isReduced ? " (the picture was reduced)" : ""}${thickened ? "; its thin strokes were widened" : ""}.`;
  }

  noSteps(words = "") {
    for (const id of ["step-grey", "step-ink", "step-digit", "step-form"]) {
      byId(id).width = byId(id).height = 28;
    }
    byId("step-words").textContent = words;
  }

  /** A digit of MNIST, which has its form already. */
  take(image, label) {
    this.input++;
    this.label = label;
    this.base = image;
    const picture = paintCells(document.createElement("canvas"), image, 28, (level) => grey(255 - level));
    this.sketch.show(picture, 28, 28);
    this.hasNewSketch = false;
    this.noSteps("A digit of MNIST has this form already.");
    paintCells(byId("step-form"), image, 28, grey);
    byId("message").textContent = "";
    this.soon();
  }

  clear() {
    this.input++;
    this.label = undefined;
    this.sketch.clear();
    this.noSteps();
    this.base = new Uint8Array(784);
    this.hasNewSketch = false;
    byId("message").textContent = "";
    this.mark(undefined);
    this.soon();
  }

  mark(button) {
    this.marked?.setAttribute("aria-pressed", false);
    button?.setAttribute("aria-pressed", true);
    this.marked = button;
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
        this.take(image, labels[index]);
      });
      button.tabIndex = index === 0 ? 0 : -1;
      group.append(button);
    });
    // One stop of the Tab key; arrow keys go from digit to digit.
    group.addEventListener("keydown", (event) => {
      const buttons = [...group.children];
      const at = buttons.indexOf(document.activeElement);
      const across = buttons.findIndex(({ offsetTop }) => offsetTop > buttons[0].offsetTop);
      const to = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - across, ArrowDown: at + across, Home: 0, End: buttons.length - 1 }[event.key];
      if (buttons[to]) {
        buttons[at].tabIndex = -1;
        buttons[to].tabIndex = 0;
        buttons[to].focus();
        event.preventDefault();
      }
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
    onFile(byId("file"), open);
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
    const input = ++this.input;
    byId("message").textContent = "Reading the picture…";
    try {
      const { canvas, picture, isReduced } = await pixelsOf(file, 1600);
      // Something else was drawn or chosen meanwhile.
      if (input !== this.input) {
        return;
      }
      this.mark(undefined);
      this.sketch.show(canvas, canvas.width, canvas.height);
      this.label = undefined;
      this.hasNewSketch = false;
      this.prepare(picture, isReduced);
    } catch {
      if (input === this.input) {
        this.clear();
        byId("message").textContent = NO_PICTURE;
      }
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
    this.read();
    this.figure.setNetwork(description);
    drawKernels(this.engine, NETWORKS[key]);
    this.soon();
  }

  learned(parameters) {
    this.engine.setParameters(NETWORKS.yours, parameters);
    if (this.network !== "yours" && this.lesson.history.length === 1) {
      this.choose("yours");
    } else if (this.network === "yours") {
      // A unit may be pointed at before the next frame.
      this.read();
      drawKernels(this.engine, NETWORKS.yours);
      this.soon();
    }
  }

  themes() {
    const button = byId("theme");
    const set = (dark) => {
      document.documentElement.classList.toggle("dark", dark);
      button.textContent = dark ? "Light colours" : "Dark colours";
    };
    const system = matchMedia("(prefers-color-scheme: dark)");
    set(system.matches);
    const redraw = () => {
      this.lesson.draw();
      this.numbers.draw();
      this.choose(this.network);
    };
    system.addEventListener("change", () => {
      set(system.matches);
      redraw();
    });
    button.addEventListener("click", () => {
      set(!isDark());
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
    // For the console, and for the tests.
    window.lenet = engine;
    window.page = new Page(engine, parts);
    document.body.dataset.ready = "true";
  } catch (error) {
    byId("message").textContent = `This browser cannot run the network (${error.message}). Give it WebAssembly with SIMD: browsers have it since 2023.`;
    throw error;
  }
}

if (typeof document === "undefined") {
  learnInWorker();
} else {
  openPage();
}
