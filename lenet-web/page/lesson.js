// Training to be seen: a worker learns, the page shows the network that it has by then.

/** After so many images it has learned what these digits can teach. */
const ENOUGH = 60_000;

/** Runs in a worker. Each lesson has a number: messages of another one are ignored. */
function learnInWorker() {
  let engine;
  let current;
  async function start(lesson, { wasm, digits, seed }) {
    engine ??= await LeNet.load(wasm);
    if (lesson === current) {
      engine.begin(digits, seed);
      step(lesson);
    }
  }
  function step(lesson) {
    if (lesson !== current) {
      return;
    }
    const progress = engine.learn(25);
    const parameters = engine.learned();
    self.postMessage({ lesson, progress, parameters }, [parameters.buffer]);
    if (progress.shown < ENOUGH) {
      // Other messages are heard between two steps.
      setTimeout(step, 0, lesson);
    }
  }
  self.onmessage = ({ data: { lesson, task } }) => {
    current = lesson;
    if (task) {
      start(lesson, task).catch(({ message }) => self.postMessage({ lesson, error: message }));
    }
  };
}

class LessonPanel {
  constructor(wasm, digits, { images, held_out: heldOut }, changed) {
    Object.assign(this, { wasm, digits, changed, history: [], lesson: 0 });
    byId("train").addEventListener("click", () => (this.isRunning ? this.stop() : this.start()));
    const counts = { all: images + heldOut, learned: images, "held-out": heldOut };
    Object.entries(counts).forEach(([name, number]) => (byId(`lesson-${name}`).textContent = number.toLocaleString("en")));
    new ResizeObserver(() => this.draw()).observe(byId("curve"));
  }

  start() {
    this.history = [];
    this.began = performance.now();
    this.isRunning = true;
    this.lesson++;
    byId("train").textContent = "Stop";
    const seed = Math.max(1, Math.min(999, Math.round(Number(byId("seed").value)) || 1));
    byId("seed").value = seed;
    try {
      this.worker ??= this.newWorker();
      const task = { wasm: this.wasm, digits: this.digits, seed };
      this.worker.postMessage({ lesson: this.lesson, task });
    } catch (error) {
      this.fail(error.message);
    }
  }

  newWorker() {
    const script = document.querySelector("script[type=module]").textContent;
    const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    // Not a module: a page from the disk may not load one from a blob.
    const worker = new Worker(url);
    worker.onmessage = ({ data }) => this.hear(data);
    worker.onerror = ({ message }) => this.fail(message || "it has no workers");
    return worker;
  }

  stop() {
    this.isRunning = false;
    this.lesson++;
    this.worker?.postMessage({ lesson: this.lesson });
    byId("train").textContent = "Train";
  }

  fail(message) {
    this.stop();
    this.worker?.terminate();
    this.worker = undefined;
    byId("lesson-state").textContent = `This browser does not let the page learn: ${message}`;
  }

  hear({ lesson, progress, parameters, error }) {
    if (lesson !== this.lesson) {
      return;
    }
    if (error) {
      this.fail(error);
      return;
    }
    const seconds = (performance.now() - this.began) / 1000;
    this.history.push(progress);
    const { shown: images, right, held_out: all, loss } = progress;
    const state = byId("lesson-state");
    state.textContent = `${images.toLocaleString("en")} images, ${seconds.toFixed(1)} s: ${percent(right / all)} of ${all} held-out digits right, loss ${loss.toFixed(3)}`;
    Object.assign(state.dataset, { right: right / all, images });
    this.draw();
    this.changed(parameters);
    if (images >= ENOUGH) {
      this.stop();
    }
  }

/** The error on held-out digits, and the loss, against the images shown. */
  draw() {
    const { context, width, height } = sharp(byId("curve"), 180);
    const [left, bottom] = [46, 22];
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
    context.fillText("misread", left + 6, height - 6);
    context.fillStyle = colour("--soft");
    context.fillText("loss (100%: a guess)", left + 70, height - 6);
    const last = this.history.at(-1)?.shown ?? 0;
    context.textAlign = "right";
    context.fillText(`${last.toLocaleString("en")} images`, width - 10, height - 6);
    context.textAlign = "left";
  }
}

/** The kernels of the first layer, side by side. */
function drawKernels(engine, network) {
  const { arrays } = engine.describe(network);
  const index = arrays.findIndex(({ name }) => name === "weight");
  const [maps, , rows, columns] = arrays[index].dims;
  const weights = engine.parameters(network, index);
  const most = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 1e-9);
  const { context, width } = sharp(byId("kernels"), 110);
  const size = Math.min(100, (width - 8 * maps) / maps);
  for (let map = 0; map < maps; map++) {
    const kernel = weights.subarray(map * rows * columns, (map + 1) * rows * columns);
    const cells = paintCells(document.createElement("canvas"), kernel, columns, (weight) => divergent(weight, most));
    context.drawImage(cells, map * (size + 8), 4, size, size);
  }
}
