// Numbers as colours, and canvases of them.

/** A colour of the page's style. */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const isDark = () => document.documentElement.classList.contains("dark");

/** Below zero blue, above zero orange, zero the background. Returns red, green and blue. */
function divergent(value, limit) {
  const part = Math.max(-1, Math.min(1, limit > 0 ? value / limit : 0));
  const zero = isDark() ? [38, 40, 44] : [250, 249, 246];
  const end = part < 0 ? (isDark() ? [120, 180, 255] : [12, 72, 150]) : isDark() ? [255, 170, 80] : [190, 70, 0];
  const weight = Math.abs(part) ** 0.8;
  return zero.map((from, i) => from + (end[i] - from) * weight);
}

/** White ink on black, as MNIST has it, or the other way round. */
const grey = (level) => [level, level, level];

/** Paints rows of numbers, one pixel each, into a canvas of that size. */
function paintCells(canvas, cells, columns, colourOf) {
  const rows = Math.ceil(cells.length / columns);
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  cells.forEach((cell, index) => {
    const [red, green, blue] = colourOf(cell);
    image.data.set([red, green, blue, 255], 4 * index);
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Paints grey levels into a canvas of at most `most` pixels to each side; each pixel is one of those that it stands for. */
function paintLevels(canvas, levels, columns, most) {
  const rows = levels.length / columns;
  const step = Math.max(1, Math.max(columns, rows) / most);
  canvas.width = Math.max(1, Math.floor(columns / step));
  canvas.height = Math.max(1, Math.floor(rows / step));
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  for (let y = 0, to = 0; y < canvas.height; y++) {
    const row = Math.floor((y + 0.5) * step) * columns;
    for (let x = 0; x < canvas.width; x++, to += 4) {
      const level = levels[row + Math.floor((x + 0.5) * step)];
      image.data[to] = image.data[to + 1] = image.data[to + 2] = level;
      image.data[to + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** A cleared canvas with as many pixels as the screen has in its place, and a height in the page's own pixels. */
function sharp(canvas, height) {
  const width = canvas.clientWidth || 640;
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.imageSmoothingEnabled = false;
  return { context, width, height };
}

/** A canvas of numbers, enlarged; `label` is for screen readers. */
function cellsCanvas(cells, columns, colourOf, size, label) {
  const canvas = paintCells(document.createElement("canvas"), cells, columns, colourOf);
  canvas.style.width = `${size}px`;
  canvas.style.height = `${(size * canvas.height) / canvas.width}px`;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  return canvas;
}

/** A number with a true minus sign. */
function shown(number, digits = 4) {
  const text = number.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

const percent = (part, digits = 1) => `${(100 * part).toFixed(digits)}%`;

/** An element with properties and children. */
function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const byId = (id) => document.getElementById(id);
