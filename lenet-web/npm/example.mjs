// Reads a digit. In a page: `await LeNet.load(fetch("lenet5.wasm"))`, and `engine.prepare(imageData).image` for any picture.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { LeNet } from "./index.js";

const engine = await LeNet.load(await readFile(new URL("lenet5.wasm", import.meta.url)));

// A seven of 28x28 pixels, 0 is background.
const image = new Uint8Array(784);
for (let row = 6; row < 24; row++) {
  const [from, to] = row < 8 ? [8, 20] : [22 - (row >> 1), 24 - (row >> 1)];
  image.fill(255, 28 * row + from, 28 * row + to);
}
const { digit, probabilities } = engine.classify(image);
console.log(`${digit} with ${(100 * probabilities[digit]).toFixed(2)}%`);
assert.equal(digit, 7);

const { stages } = engine.read(image);
engine.describe().stages.forEach(({ name, dims }, index) => assert.equal(stages[index].length, dims.reduce((a, b) => a * b), name));
assert.throws(() => engine.classify(image.subarray(1)), /28x28/);
