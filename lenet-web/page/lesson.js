// Training to be seen: a worker learns, the page shows the network that it has by then.

/** Runs in a worker. */
function learnInWorker() {
  let engine;
  let isRunning = false;
  async function start({ wasm, digits, seed }) {
    engine ??= await LeNet.load(wasm);
    engine.begin(digits, seed);
    isRunning = true;
    step();
  }
  function step() {
    if (!isRunning) {
      return;
    }
    const progress = engine.learn(25);
    const parameters = engine.learned();
    self.postMessage({ progress, parameters }, [parameters.buffer]);
    // Other messages are heard between two steps.
    setTimeout(step);
  }
  self.onmessage = ({ data }) => {
    isRunning = false;
    if (data.start) {
      start(data.start);
    }
  };
}

/** After so many images it has learned what these digits can teach. */
const ENOUGH = 60_000;

class LessonPanel {
  constructor(wasm, digits, changed) {
    Object.assign(this, { wasm, digits, changed, history: [] });
    byId("train").addEventListener("click", () => (this.isRunning ? this.stop() : this.start()));
    const count = new DataView(digits.buffer, digits.byteOffset).getUint32(0, true);
    byId("lesson-count").textContent = (count - Math.floor(count / 5)).toLocaleString("en");
    this.draw();
  }

  start() {
    if (!this.worker) {
      const script = document.querySelector("script[type=module]").textContent;
      const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
      // Not a module: a page from the disk may not load one from a blob.
      this.worker = new Worker(url);
      this.worker.onmessage = ({ data }) => this.hear(data);
      this.worker.onerror = ({ message }) => {
        this.stop();
        byId("lesson-state").textContent = `This browser does not let the page learn: ${message || "no worker"}`;
      };
    }
    this.history = [];
    this.began = performance.now();
    this.isRunning = true;
    byId("train").textContent = "Stop";
    const seed = Math.max(1, Number(byId("seed").value) || 1);
    this.worker.postMessage({ start: { wasm: this.wasm, digits: this.digits, seed } });
  }

  stop() {
    this.isRunning = false;
    this.worker.postMessage({});
    byId("train").textContent = "Train";
  }

  hear({ progress, parameters }) {
    if (!this.isRunning) {
      return;
    }
    const seconds = (performance.now() - this.began) / 1000;
    this.history.push({ ...progress, seconds });
    const { shown: images, right, held_out: all, loss } = progress;
    const state = byId("lesson-state");
    state.textContent = `${images.toLocaleString("en")} images, ${seconds.toFixed(1)} s: ${percent(right / all)} of ${all} held-out digits right, loss ${loss.toFixed(3)}`;
    Object.assign(state.dataset, { right: right / all, seconds, images });
    this.draw();
    this.changed(parameters);
    if (images >= ENOUGH) {
      this.stop();
    }
  }

  /** The error on held-out digits, and the loss, against the images shown. */
  draw() {
    const canvas = byId("curve");
    const context = canvas.getContext("2d");
    const [width, height, left, bottom] = [canvas.width, canvas.height, 46, 22];
    context.clearRect(0, 0, width, height);
    context.font = "12px system-ui, sans-serif";
    const x = (images) => left + ((width - left - 10) * images) / Math.max(10_000, this.history.at(-1)?.shown ?? 0);
    // Errors from 0.1% to 100%, each power of ten as far from the next.
    const y = (part) => 8 + ((height - bottom - 8) * -Math.log10(Math.max(part, 0.001))) / 3;
    context.strokeStyle = colour("--line");
    context.fillStyle = colour("--soft");
    for (const part of [1, 0.1, 0.01, 0.001]) {
      context.strokeRect(left, y(part), width - left - 10, 0);
      context.fillText(percent(part, part < 0.01 ? 1 : 0), 4, y(part) + 4);
    }
    const line = (of, style) => {
      context.strokeStyle = style;
      context.lineWidth = 2;
      context.beginPath();
      this.history.forEach((step) => context.lineTo(x(step.shown), y(of(step))));
      context.stroke();
      context.lineWidth = 1;
    };
    line((step) => Math.min(1, step.loss / 2.3026), colour("--soft"));
    line((step) => 1 - step.right / step.held_out, colour("--accent"));
    context.fillStyle = colour("--accent");
    context.fillText("held-out digits misread", left + 6, height - 6);
    context.fillStyle = colour("--soft");
    context.fillText("loss, as part of that of a guess", left + 170, height - 6);
  }
}

/** The kernels of the first layer, side by side. */
function drawKernels(engine, network) {
  const { arrays } = engine.describe(network);
  const index = arrays.findIndex(({ name }) => name === "weight");
  const [maps, , rows, columns] = arrays[index].dims;
  const weights = engine.parameters(network, index);
  const most = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 1e-9);
  const canvas = byId("kernels");
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = false;
  const size = Math.min(100, (canvas.width - 8 * maps) / maps);
  for (let map = 0; map < maps; map++) {
    const kernel = weights.subarray(map * rows * columns, (map + 1) * rows * columns);
    const cells = paintCells(document.createElement("canvas"), kernel, columns, (weight) => divergent(weight, most));
    context.drawImage(cells, map * (size + 8), 4, size, size);
  }
}
