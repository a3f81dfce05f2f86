// The page in a real browser, from the disk, with the network cut off: draws digits, points at units, drops pictures, trains.
// `ci/web/run` starts it with the page, the folder for screenshots, and the numbers that the native program computed.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename } from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import puppeteer from "puppeteer-core";

const { LENET_PAGE, LENET_SHOTS, LENET_NATIVE, LENET_CHROMIUM } = process.env;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const native = JSON.parse(readFileSync(LENET_NATIVE, "utf8"));

/** The strokes of ten digits, on a square of 100. */
const STROKES = {
  0: [[[50, 15], [30, 25], [24, 50], [30, 76], [50, 85], [70, 76], [76, 50], [70, 25], [50, 15]]],
  1: [[[50, 14], [50, 86]]],
  2: [[[28, 30], [38, 17], [58, 15], [70, 27], [66, 44], [46, 64], [26, 84], [74, 83]]],
  3: [[[30, 20], [52, 14], [68, 26], [62, 42], [44, 48], [64, 53], [72, 68], [58, 84], [28, 82]]],
  4: [[[38, 14], [28, 52], [74, 52]], [[62, 18], [60, 88]]],
  5: [[[70, 16], [36, 16], [33, 46], [54, 42], [70, 54], [68, 74], [48, 86], [28, 80]]],
  6: [[[60, 14], [38, 36], [28, 62], [38, 84], [60, 84], [70, 68], [58, 54], [36, 58], [30, 68]]],
  7: [[[26, 18], [74, 18], [56, 50], [44, 86]]],
  8: [[[52, 48], [34, 34], [40, 17], [60, 17], [66, 34], [48, 50], [33, 68], [42, 85], [60, 85], [68, 68], [50, 48]]],
  9: [[[68, 34], [52, 44], [34, 36], [36, 20], [54, 14], [68, 24], [68, 44], [60, 86]]],
};

async function open(browser, width, height, scheme = "light") {
  const page = await browser.newPage();
  await page.setViewport({ width, height });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.setOfflineMode(true);
  const seen = { errors: [], requests: [] };
  page.on("pageerror", (error) => seen.errors.push(error.message));
  page.on("console", (message) => ["error", "warn"].includes(message.type()) && seen.errors.push(message.text()));
  page.on("request", (request) => seen.requests.push(request.url().slice(0, 60)));
  await page.goto(pathToFileURL(LENET_PAGE).href);
  await page.waitForSelector("body[data-ready]");
  return { page, seen };
}

/** Nothing was asked of any address, and nothing was wrong. */
function checkSeen({ errors, requests }) {
  assert.deepEqual(errors, []);
  const foreign = requests.filter((url) => !/^(data:|blob:)/.test(url) && !url.endsWith(basename(LENET_PAGE)));
  assert.deepEqual(foreign, []);
}

const text = (page, selector) => page.$eval(selector, (found) => found.textContent);

/** Waits until what was changed has been drawn. */
const settled = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

async function draw(page, selector, strokes, { left = 0, top = 0, scale = 1 } = {}) {
  const element = await page.$(selector);
  await element.scrollIntoView();
  const frame = await element.boundingBox();
  const at = ([x, y]) => [frame.x + left + (x * frame.height * scale) / 100, frame.y + top + (y * frame.height * scale) / 100];
  for (const [first, ...rest] of strokes) {
    await page.mouse.move(...at(first));
    await page.mouse.down();
    for (const point of rest) {
      await page.mouse.move(...at(point), { steps: 4 });
    }
    await page.mouse.up();
  }
  await settled(page);
}

/** Where a unit is on the screen. */
const placeOf = (page, name, unit) =>
  page.evaluate(
    (name, unit) => {
      const figure = window.page.figure;
      const layer = figure.layers.find((layer) => layer.name === name);
      const [x, y, width, height] = figure.unitRectangle(layer, unit);
      const top = () => figure.canvas.getBoundingClientRect().top + y;
      window.scrollBy({ top: top() - window.innerHeight / 2, behavior: "instant" });
      const frame = figure.canvas.getBoundingClientRect();
      return [frame.left + x + width / 2, frame.top + y + height / 2];
    },
    name,
    unit,
  );

const point = async (page, name, unit) => {
  await page.mouse.move(...(await placeOf(page, name, unit)));
  await settled(page);
  return page.$eval("#unit", ({ dataset }) => ({ ...dataset }));
};

const browser = await puppeteer.launch({
  executablePath: LENET_CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
test.after(() => browser.close());

for (const [width, height, scheme] of [[1440, 900, "light"], [360, 740, "dark"]]) {
  test(`${width} pixels wide`, async (t) => {
    const { page, seen } = await open(browser, width, height, scheme);

    await t.test("ten digits are drawn and read", async () => {
      const read = [];
      for (let digit = 0; digit < 10; digit++) {
        await page.click("#clear");
        await draw(page, "#sketch", STROKES[digit]);
        read.push(await text(page, "#digit"));
      }
      assert.deepEqual(read.join(""), "0123456789");
      assert.match(await text(page, "#step-words"), /^Dark ink on bright paper; the digit covers \d+×\d+ of 280×280 pixels/);
    });

    await t.test("a unit of every layer shows what the native program computes", async () => {
      for (const { network, image, units } of native) {
        await page.click(`#choice input[value=${network}]`);
        await page.evaluate((pixels) => window.page.take(Uint8Array.from(pixels)), image);
        await settled(page);
        for (const { stage, unit, sum, output } of units) {
          const shown = await point(page, stage, unit);
          assert.equal(shown.stage, stage);
          assert.equal(shown.network, network);
          for (const [name, expected] of [["sum", sum], ["output", output], ["computed", output]]) {
            const difference = Math.abs(Number(shown[name]) - expected);
            assert.ok(difference <= 2e-4 * Math.max(1, Math.abs(expected)), `${network} ${stage} ${unit}: ${name} ${shown[name]}, natively ${expected}`);
          }
        }
      }
      await page.click("#choice input[value=lenet5]");
      await point(page, "c3", 545);
      assert.match(await text(page, "#unit-title"), /^C3, map 5, row 4, column 5 = /);
      assert.equal(await page.$$eval("#unit-extra td.on", (cells) => cells.length), 3);
      // Its receptive field in S2: rows 4 to 8 and columns 5 to 9 of the maps 0, 1 and 5.
      const [drawn, corners] = await page.evaluate(() => {
        const { figure } = window.page;
        const s2 = figure.layers.find(({ name }) => name === "s2");
        const corner = (map, row, column) => figure.unitRectangle(s2, (map * 14 + row) * 14 + column);
        const whole = (map) => {
          const [[left, top], [x, y, width, height]] = [corner(map, 4, 5), corner(map, 8, 9)];
          return [left, top, x + width - left, y + height - top];
        };
        return [figure.fieldRectangles(s2, figure.fieldOf(s2)), [0, 1, 5].map(whole)];
      });
      assert.equal(drawn.length, 3);
      drawn.flat().forEach((side, index) => assert.ok(Math.abs(side - corners.flat()[index]) < 1e-6, `${drawn} is not ${corners}`));
      await page.screenshot({ path: `${LENET_SHOTS}/page-${width}.png`, fullPage: true });
      // The picture in README.md.
      await page.screenshot({ path: `${LENET_SHOTS}/readme-${width}.png`, clip: { x: 0, y: 0, width, height: Math.min(1130, 3 * width) } });
    });

    await t.test("a click keeps a unit, Escape releases it", async () => {
      await point(page, "c1", 300);
      await page.mouse.down();
      await page.mouse.up();
      const kept = await text(page, "#unit-title");
      assert.match(await text(page, "#unit-kept"), /^Kept/);
      await point(page, "c3", 545);
      assert.equal(await text(page, "#unit-title"), kept);
      await page.focus("#figure");
      await page.keyboard.press("Escape");
      assert.equal(await text(page, "#unit-kept"), "");
      await point(page, "c3", 545);
      assert.match(await text(page, "#unit-title"), /^C3, map 5/);
    });

    await t.test("an empty sheet is not read, whatever the sliders say", async () => {
      await page.click("#clear");
      await page.$eval("#sliders input[name=noise]", (input) => {
        input.value = 0.5;
        input.dispatchEvent(new Event("input"));
      });
      await settled(page);
      assert.equal(await text(page, "#digit"), "–");
      assert.ok(await page.evaluate(() => window.page.image.every((level) => level === 0)), "noise on an empty sheet");
      await page.click("#reset");
      await page.click("#misread button");
      await settled(page);
      assert.match(await text(page, "#notes"), /^(Not sure.*)?MNIST says: \d – misread\.$/);
      await page.evaluate(() => window.page.take(window.page.base));
      await page.evaluate((pixels) => window.page.take(Uint8Array.from(pixels)), native[0].image);
      await settled(page);
    });

    await t.test("another network does not leave the old one's unit behind", async () => {
      await point(page, "c5", 100);
      await page.click("#choice input[value=modern]");
      await settled(page);
      assert.match(await text(page, "#unit-title"), /^C5, (map|unit) 47/);
      await page.click("#choice input[value=lenet5]");
      await point(page, "c3", 545);
    });

    await t.test("the keyboard goes from unit to unit", async () => {
      await page.focus("#figure");
      await page.keyboard.press("ArrowRight");
      assert.match(await text(page, "#unit-title"), /^C3, map 5, row 4, column 6 = /);
      await page.keyboard.down("Shift");
      await page.keyboard.press("ArrowRight");
      await page.keyboard.up("Shift");
      assert.match(await text(page, "#unit-title"), /^C3, map 6, row 4, column 6 = /);
      await page.keyboard.press("PageUp");
      assert.match(await text(page, "#unit-title"), /^S2, map 0, row 7, column 7 = /);
      await page.keyboard.press("PageUp");
      await page.keyboard.press("PageUp");
      assert.match(await text(page, "#unit-title"), /^INPUT, row 16, column 16 = /);
    });

    await t.test("a picture is dropped", async () => {
      await page.click("#clear");
      const read = await page.evaluate(async () => {
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [300, 200];
        const context = canvas.getContext("2d");
        context.fillStyle = "#cfd8c8";
        context.fillRect(0, 0, 300, 200);
        Object.assign(context, { lineWidth: 9, strokeStyle: "#203060" });
        context.stroke(new Path2D("M 120 60 L 180 60 L 145 150"));
        const blob = await new Promise((done) => canvas.toBlob(done));
        const transfer = new DataTransfer();
        transfer.items.add(new File([blob], "seven.png", { type: "image/png" }));
        document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
        await new Promise((done) => setTimeout(done, 500));
        return document.getElementById("digit").textContent;
      });
      assert.equal(read, "7");
      assert.match(await text(page, "#step-words"), /of 300×200 pixels/);
      const bad = await page.evaluate(async () => {
        await window.page.open(new File(["no picture"], "x.png"));
        return document.getElementById("message").textContent;
      });
      assert.match(bad, /^The browser cannot show this file as a picture/);
      // Ink as bright as its paper is seen by its colour, in the first step already.
      const levels = await page.evaluate(async () => {
        const canvas = new OffscreenCanvas(200, 200);
        const context = canvas.getContext("2d");
        context.fillStyle = "rgb(160, 188, 198)";
        context.fillRect(0, 0, 200, 200);
        Object.assign(context, { lineWidth: 14, strokeStyle: "rgb(255, 160, 190)" });
        context.stroke(new Path2D("M 60 40 L 140 40 L 90 160"));
        await window.page.open(new File([await canvas.convertToBlob()], "pink.png"));
        const paper = document.getElementById("step-grey");
        const { data } = paper.getContext("2d").getImageData(0, 0, paper.width, paper.height);
        const grey = data.filter((_, index) => index % 4 === 0);
        return [Math.min(...grey), Math.max(...grey)];
      });
      assert.ok(levels[1] - levels[0] > 100, `grey levels from ${levels}`);
      await page.waitForFunction(() => document.getElementById("digit").textContent === "7");
      await page.click("#clear");
      await settled(page);
      assert.equal(await text(page, "#step-words"), "");
      assert.equal(await text(page, "#digit"), "–");
      // A picture that was slow does not replace what was chosen meanwhile.
      const after = await page.evaluate(async () => {
        const canvas = new OffscreenCanvas(1500, 1500);
        canvas.getContext("2d").fillRect(700, 300, 60, 900);
        const opened = window.page.open(new File([await canvas.convertToBlob()], "one.png"));
        document.querySelector('#examples button[data-label="0"]').click();
        await opened;
        await new Promise((done) => setTimeout(done, 100));
        return document.getElementById("digit").textContent;
      });
      assert.equal(after, "0");
    });

    await t.test("sliders alter the digit", async () => {
      await page.click('#examples button[data-label="4"]');
      await settled(page);
      assert.equal(await text(page, "#digit"), "4");
      assert.equal(await text(page, "#notes"), "MNIST says: 4.");
      const slide = (name, value) =>
        page.$eval(
          `#sliders input[name=${name}]`,
          (input, value) => {
            input.value = value;
            input.dispatchEvent(new Event("input"));
          },
          value,
        );
      const before = await page.evaluate(() => [...window.page.image]);
      await slide("turn", 90);
      await settled(page);
      assert.notDeepEqual(await page.evaluate(() => [...window.page.image]), before);
      await page.click("#reset");
      await settled(page);
      assert.deepEqual(await page.evaluate(() => [...window.page.image]), before);
    });

    await t.test("a number is written and read", async () => {
      await draw(page, "#line", STROKES[4], { scale: 0.8, left: 20, top: 6 });
      const step = width > 600 ? 110 : 60;
      await draw(page, "#line", STROKES[7], { scale: 0.8, left: 20 + step, top: 6 });
      await draw(page, "#line", STROKES[1], { scale: 0.8, left: 20 + 2 * step, top: 6 });
      await page.waitForFunction(() => document.getElementById("line-text").textContent !== "", { timeout: 5000 });
      await new Promise((done) => setTimeout(done, 400));
      assert.match(await text(page, "#line-text"), /^471 \(/);
      await (await page.$("#numbers")).screenshot({ path: `${LENET_SHOTS}/numbers-${width}.png` });
      // Clearing at once leaves nothing behind.
      await draw(page, "#line", STROKES[1], { scale: 0.8, left: 200, top: 6 });
      await page.click("#line-clear");
      await new Promise((done) => setTimeout(done, 300));
      assert.equal(await text(page, "#line-text"), "");
      assert.equal(await page.$$eval("#line-found canvas", (strips) => strips.length), 0);
    });

    await t.test("it learns from scratch", async () => {
      await page.click("#train");
      await new Promise((done) => setTimeout(done, 5000));
      const { right, images } = await page.$eval("#lesson-state", ({ dataset }) => ({ ...dataset }));
      await (await page.$("#lesson")).screenshot({ path: `${LENET_SHOTS}/lesson-${width}.png` });
      await page.click("#train");
      t.diagnostic(`after 5 s: ${images} images, ${(100 * right).toFixed(1)}% of the held-out digits`);
      assert.ok(right > 0.9, `${right} after 5 s`);
      assert.equal(await page.$eval("#choice input:checked", ({ value }) => value), "yours");

      // A unit that is pointed at between new parameters and the next frame is explained by the new ones.
      const said = await page.evaluate(() => {
        window.page.learned(window.lenet.learned());
        const { figure } = window.page;
        figure.select({ layer: figure.layers.findIndex(({ name }) => name === "f6"), unit: 3 });
        return { ...document.getElementById("unit").dataset };
      });
      assert.ok(Math.abs(said.output - said.computed) < 1e-4, JSON.stringify(said));

      // Nothing goes on after Stop, and another lesson begins from the start.
      const posts = () =>
        page.evaluate(async () => {
          let count = 0;
          const listen = () => count++;
          window.page.lesson.worker.addEventListener("message", listen);
          await new Promise((done) => setTimeout(done, 500));
          window.page.lesson.worker.removeEventListener("message", listen);
          return count;
        });
      await new Promise((done) => setTimeout(done, 200));
      assert.equal(await posts(), 0, "it learns on after Stop");
      await page.evaluate(() => {
        const button = document.getElementById("train");
        button.click();
        button.click();
        button.click();
      });
      await new Promise((done) => setTimeout(done, 300));
      const history = await page.evaluate(() => window.page.lesson.history.map(({ shown }) => shown));
      assert.deepEqual(history, history.map((_, step) => 400 * (step + 1)));
      await page.click("#train");
      assert.equal(await page.evaluate(() => window.page.lesson.history.length > 0), true);
      await new Promise((done) => setTimeout(done, 200));
      assert.equal(await posts(), 0, "a second lesson is still learning");
    });

    await t.test("axe finds no barrier", async () => {
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run());
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`), []);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), "the page is wider than the window");
    });

    await t.test("a digit takes microseconds", async () => {
      const times = await page.evaluate(() => {
        const image = window.page.image;
        return [0, 1, 2].map((network) => {
          window.lenet.microseconds(image, 2000, network);
          const runs = Array.from({ length: 5 }, () => window.lenet.microseconds(image, 2000, network));
          return runs.sort((a, b) => a - b)[2];
        });
      });
      t.diagnostic(`microseconds a digit, all maps: lenet5 ${times[0].toFixed(1)}, of 1998 ${times[1].toFixed(1)}, modern ${times[2].toFixed(1)}`);
    });

    checkSeen(seen);
    await page.close();
  });
}
