// The package in node: the README's example as it stands, and wrong input to every method.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import test from "node:test";
import { LeNet, LeNetError, NETWORKS } from "lenet5";

const bytesOf = (name) => readFile(new URL(import.meta.resolve(`lenet5/${name}`)));
const engine = await LeNet.load(await bytesOf("lenet5.wasm"));
const blank = new Uint8Array(784);

test("the README's example runs", async () => {
  const readme = await readFile(process.env.LENET_README, "utf8");
  const [, code] = readme.match(/```js\n([^]*?)```/);
  const checks = "\nexport { digit, probabilities, stages, terms, sum, number };\n";
  await writeFile("readme.mjs", code + checks);
  const { digit, probabilities, stages, terms, sum, number } = await import(new URL("readme.mjs", `file://${process.cwd()}/`));
  assert.equal(digit, 7);
  assert.ok(probabilities[7] > 0.9);
  assert.equal(stages.length, 8);
  assert.equal(terms.length, 3);
  assert.ok(Number.isFinite(sum));
  assert.equal(number.text, "7");
});

test("wrong input is refused in words, and changes nothing", () => {
  const picture = { width: 4, height: 4, data: new Uint8Array(64).fill(255) };
  const wrong = {
    "an image of 783 bytes": () => engine.classify(new Uint8Array(783)),
    "no image": () => engine.read(undefined),
    "a name for a network": () => engine.read(blank, "lenet5"),
    "a network that is not there": () => engine.read(blank, 4),
    "a network without parameters": () => engine.classify(blank, NETWORKS.lenet5_1998),
    "floats": () => engine.classify(new Float32Array(784)),
    "a plain array": () => engine.classify(Array(784).fill(0)),
    "a unit before anything was read": () => engine.explain(0, 0, 0),
    "parameters of a network that is not there": () => engine.setParameters(9, new Uint8Array(2)),
    "parameters that are no numbers": () => engine.setParameters(1, new Uint8Array(120_000).fill(255)),
    "a negative width": () => engine.prepare({ ...picture, width: -4 }),
    "a stage that is not there": () => engine.explain(0, 8, 0),
    "a unit that is not there": () => engine.explain(0, 0, 4704),
    "an array that is not there": () => engine.parameters(0, 14),
    "too few parameters": () => engine.setParameters(1, new Uint8Array(10)),
    "not a reader": () => engine.loadReader(new Uint8Array(372626)),
    "numbers before there is a reader": () => engine.numbers(picture),
    "a picture that is too small": () => engine.prepare({ ...picture, width: 5 }),
    "a picture without pixels": () => engine.prepare({ ...picture, width: 0 }),
    "a picture without ink": () => engine.prepare(picture),
    "no picture": () => engine.prepare({}),
    "1000 bytes to alter": () => engine.alter(new Uint8Array(1000)),
    "an image of 3 bytes to time": () => engine.microseconds(new Uint8Array(3), 1),
    "learning before a lesson": () => engine.learn(1),
    "what was learned before a lesson": () => engine.learned(),
    "digits that are none": () => engine.begin(new Uint8Array(10)),
    "bytes that are none": () => engine.loadReader({ length: 0xffffffff }),
  };
  for (const [name, run] of Object.entries(wrong)) {
    assert.throws(run, (error) => error instanceof LeNetError && error.message.length > 10, name);
  }
  assert.throws(wrong["a negative width"], /sides in pixels; these are -4 and 4/);
  assert.equal(engine.classify(blank).probabilities.length, 10);
  assert.equal(engine.alter(blank, null).length, 784);
});

test("what is not the engine is refused", async () => {
  // A WebAssembly module without anything in it.
  const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  const missing = { ok: false, url: "x.wasm", status: 404, statusText: "Not Found" };
  for (const [source, words] of [
    [undefined, /give the bytes/],
    [42, /give the bytes/],
    ["lenet5.wasm", /give the bytes/],
    [new Uint8Array(10), /these bytes are not/],
    [empty, /this WebAssembly module is not/],
    [missing, /x\.wasm: 404 Not Found/],
  ]) {
    await assert.rejects(LeNet.load(source), (error) => error instanceof LeNetError && words.test(error.message));
  }
  assert.ok(await LeNet.load(bytesOf("lenet5.wasm")));
});

test("a large picture, then a small one: memory grows", () => {
  const seven = (size) => {
    const data = new Uint8Array(4 * size * size).fill(255);
    const part = (x) => Math.round((x * size) / 100);
    for (let row = part(20); row < part(80); row++) {
      const [from, to] = row < part(28) ? [part(30), part(70)] : [part(62) - ((row * 3) >> 3), part(70) - ((row * 3) >> 3)];
      for (let column = from; column < to; column++) {
        data.fill(0, 4 * (size * row + column), 4 * (size * row + column) + 3);
      }
    }
    return { width: size, height: size, data };
  };
  for (const size of [100, 3000, 100]) {
    const { image, levels: grey, ink, digit } = engine.prepare(seven(size));
    assert.equal(engine.classify(image).digit, 7, `${size} pixels`);
    // A pixel of the upper stroke, and one of the paper.
    const [stroke, sheet] = [0.24, 0.05].map((part) => Math.round(part * size) * size + Math.round(size / 2));
    assert.deepEqual([grey, ink, digit].map((levels) => [levels[stroke], levels[sheet]]), [[0, 255], [255, 0], [255, 0]]);
  }
});

test("a lesson can be loaded into a network", () => {
  // Two digits of a column each, packed: a count, labels, and two pixels a byte.
  const digits = new Uint8Array(4 + 40 + 40 * 392);
  digits[0] = 40;
  for (let index = 0; index < 40; index++) {
    digits[4 + index] = index % 2;
    for (let row = 5; row < 23; row++) {
      digits[44 + 392 * index + 14 * row + (index % 2 ? 3 : 10)] = 255;
    }
  }
  engine.begin(digits, 1);
  const { right, held_out: all } = engine.learn(60);
  assert.equal(right, all);
  engine.setParameters(NETWORKS.yours, engine.learned());
  assert.ok(engine.classify(blank, NETWORKS.yours).probabilities.every((p) => p >= 0 && p <= 1));
});
