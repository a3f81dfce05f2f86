// One digit in a browser: this project's engine, ONNX Runtime Web and TensorFlow.js, the same network and the same image, in one
// page of Debian's Chromium, one thread each. Prints the medians of seven runs. `benches/peers/web/run` starts it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import puppeteer from "puppeteer-core";

const [root, project, model, chromium] = process.argv.slice(2);
const TYPES = { ".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm" };
const PLACES = { modules: join(root, "node_modules"), npm: join(project, "lenet-web/npm") };

const server = createServer(async ({ url }, answer) => {
  const [, place, ...rest] = url.split("?")[0].split("/");
  if (url === "/") {
    answer.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>peers</title>");
    return;
  }
  try {
    const file = url === "/model.onnx" ? model : join(PLACES[place], ...rest);
    const body = await readFile(file);
    answer.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" }).end(body);
  } catch {
    answer.writeHead(404).end();
  }
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage();
page.on("pageerror", (error) => console.error(error.message));
await page.goto(`http://127.0.0.1:${server.address().port}/`);
await page.addScriptTag({ url: "/modules/@tensorflow/tfjs/dist/tf.min.js" });
await page.addScriptTag({ url: "/modules/@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js" });

const results = await page.evaluate(async () => {
  const { LeNet } = await import("/npm/index.js");
  const ort = await import("/modules/onnxruntime-web/dist/ort.wasm.min.mjs");
  const engine = await LeNet.load(fetch("/npm/lenet5.wasm"));
  const image = new Uint8Array(784);
  for (let row = 6; row < 24; row++) {
    const [from, to] = row < 8 ? [8, 20] : [22 - (row >> 1), 24 - (row >> 1)];
    image.fill(255, 28 * row + from, 28 * row + to);
  }

  /** The median of seven means, in microseconds. */
  async function microseconds(run, times) {
    const means = [];
    for (let repeat = 0; repeat < 8; repeat++) {
      const start = performance.now();
      for (let i = 0; i < times; i++) {
        await run();
      }
      // The first one warms up.
      repeat > 0 && means.push(((performance.now() - start) * 1000) / times);
    }
    return means.sort((a, b) => a - b)[3];
  }

  /** The median of seven means, without JavaScript between two images. */
  function inEngine() {
    engine.microseconds(image, 3000);
    const means = Array.from({ length: 7 }, () => engine.microseconds(image, 1000));
    return means.sort((a, b) => a - b)[3];
  }

  ort.env.wasm.wasmPaths = "/modules/onnxruntime-web/dist/";
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create("/model.onnx", { executionProviders: ["wasm"], graphOptimizationLevel: "all" });
  const input = new ort.Tensor("float32", Float32Array.from(image), [1, 1, 28, 28]);

  tf.wasm.setWasmPaths("/modules/@tensorflow/tfjs-backend-wasm/dist/");
  await tf.setBackend("wasm");
  await tf.ready();
  const tensorflow = lenet5(engine);

  const ours = engine.classify(image).probabilities;
  const answers = {
    onnx: (await session.run({ image: input })).probabilities.data,
    tensorflow: tensorflow(image),
  };
  for (const [name, probabilities] of Object.entries(answers)) {
    ours.forEach((p, digit) => {
      if (Math.abs(p - probabilities[digit]) > 1e-4) {
        throw new Error(`${name} finds ${probabilities[digit]} for ${digit}, we find ${p}`);
      }
    });
  }
  return {
    "lenet-web, in the engine alone": inEngine(),
    "lenet-web, all maps copied to JavaScript": await microseconds(() => engine.read(image), 2000),
    "lenet-web, a picture of 280x280 first": await microseconds(() => engine.classify(engine.prepare(picture()).image), 100),
    "ONNX Runtime Web": await microseconds(() => session.run({ image: input }), 300),
    "TensorFlow.js": await microseconds(() => tensorflow(image), 200),
  };

  /** The same digit on a canvas. */
  function picture() {
    if (!picture.made) {
      const canvas = new OffscreenCanvas(280, 280);
      const context = canvas.getContext("2d");
      context.fillStyle = "#fff";
      context.fillRect(0, 0, 280, 280);
      Object.assign(context, { lineWidth: 20, strokeStyle: "#111" });
      context.stroke(new Path2D("M 80 60 L 200 60 L 130 230"));
      picture.made = context.getImageData(0, 0, 280, 280);
    }
    return picture.made;
  }

  /** LeNet-5 by TensorFlow.js, with our parameters; kernels that are not connected are zeros. */
  function lenet5(engine) {
    const { arrays } = engine.describe(0);
    const parameters = {};
    arrays.forEach(({ stage, name, dims, connected }, index) => {
      let numbers = engine.parameters(0, index);
      if (connected.length > 0) {
        const size = dims[2] * dims[3];
        const dense = new Float32Array(dims[0] * dims[1] * size);
        let from = 0;
        connected.forEach((is, pair) => {
          if (is) {
            dense.set(numbers.subarray(from, from + size), pair * size);
            from += size;
          }
        });
        numbers = dense;
      }
      const tensor = tf.tensor(numbers, dims);
      parameters[`${stage}.${name}`] = dims.length === 4 ? tensor.transpose([2, 3, 1, 0]) : dims.length === 2 ? tensor.transpose() : tensor;
    });
    const p = (name) => parameters[name];
    const activated = (a) => tf.mul(1.7159, tf.tanh(tf.mul(2 / 3, a)));
    const convolved = (x, name) => activated(tf.add(tf.conv2d(x, p(`${name}.weight`), 1, "valid"), p(`${name}.bias`)));
    const subsampled = (x, name) =>
      activated(tf.add(tf.mul(tf.mul(tf.avgPool(x, 2, 2, "valid"), 4), p(`${name}.coefficient`)), p(`${name}.bias`)));
    const full = (x, name) => tf.add(tf.matMul(x, p(`${name}.weight`)), p(`${name}.bias`));
    return (image) =>
      tf.tidy(() => {
        const pixels = tf.tensor(Float32Array.from(image, (level) => -0.1 + (1.275 * level) / 255), [1, 28, 28, 1]);
        let x = tf.pad(pixels, [[0, 0], [2, 2], [2, 2], [0, 0]], -0.1);
        x = subsampled(convolved(x, "c1"), "s2");
        x = subsampled(convolved(x, "c3"), "s4");
        x = convolved(x, "c5").reshape([1, 120]);
        return tf.softmax(full(activated(full(x, "f6")), "output")).dataSync();
      });
  }
});
console.log(await browser.version());
const fastest = results["lenet-web, all maps copied to JavaScript"];
for (const [name, time] of Object.entries(results)) {
  console.log(`${name.padEnd(42)} ${time.toFixed(1).padStart(8)} us ${(time / fastest).toFixed(1).padStart(6)}`);
}
assert.ok(Object.values(results).every((time) => time > 0));
await browser.close();
server.close();
