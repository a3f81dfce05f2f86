// The network as the paper's Fig. 2 shows it: every map of every layer, side by side or one above the other.

/** The layers that are drawn: the input and every stage with cells of its own. */
function layersOf(description) {
  const input = { name: "input", stage: -1, dims: description.input };
  const stages = description.stages.map((stage, index) => ({ ...stage, stage: index }));
  return [input, ...stages.filter(({ kind }) => kind !== "flatten")].map(withGrid);
}

/** Units stand in a grid of their own: 7x12 for F6, whose codes have this form. */
function withGrid(layer) {
  const [count, rows = 1, columns = 1] = layer.dims;
  if (rows * columns > 1) {
    return { ...layer, isMaps: true, maps: count, rows, columns };
  }
  const across = count === 10 ? 1 : acrossOf(count);
  return { ...layer, isMaps: false, maps: 1, rows: Math.ceil(count / across), columns: across, units: count };
}

/** How many units stand in a row. */
const acrossOf = (count) => (count === 84 ? 7 : Math.ceil(Math.sqrt(count / 2)));

const title = (layer) =>
  layer.stage < 0
    ? "INPUT"
    : layer.isMaps
    ? `${layer.name.toUpperCase()} ${layer.maps > 1 ? `${layer.maps}@` : ""}${layer.rows}×${layer.columns}`
    : `${layer.name.toUpperCase()} ${layer.units}`;

/** The unit in the middle of the first map, or of all units. */
function middleOf({ isMaps, rows, columns, units }) {
  return isMaps ? Math.floor(rows / 2) * columns + Math.floor(columns / 2) : Math.floor(units / 2);
}

class Figure {
  constructor(canvas, picked) {
    this.canvas = canvas;
    this.picked = picked;
    this.layers = [];
    this.selected = undefined;
    canvas.addEventListener("pointermove", (event) => event.pointerType !== "touch" && this.point(event));
    canvas.addEventListener("pointerdown", (event) => this.point(event));
    canvas.addEventListener("keydown", (event) => this.key(event));
    // The height changes with the explanation below.
    new ResizeObserver(() => this.roomFor() !== this.room && this.arrange()).observe(canvas.parentElement);
  }

  setNetwork(description) {
    const before = this.selected && this.layers[this.selected.layer]?.name;
    this.layers = layersOf(description);
    this.description = description;
    const layer = this.layers.findIndex(({ name }) => name === before);
    this.selected = layer < 0 ? undefined : { layer, unit: Math.min(this.selected.unit, this.unitsOf(layer) - 1) };
    this.arrange();
  }

  unitsOf(layer) {
    const { maps, rows, columns, units } = this.layers[layer];
    return units ?? maps * rows * columns;
  }

  valuesOf(layer) {
    return layer.stage < 0 ? this.outputs.input : this.outputs.stages[layer.stage];
  }

  /** How the numbers of a layer become colours, and those of the ends. */
  coloursOf(layer) {
    if (layer.stage < 0) {
      return { low: -0.1, high: 1.175, colourOf: (value) => grey(255 - (255 * (value + 0.1)) / 1.275) };
    }
    const isBounded = layer.activation?.startsWith("1.7159");
    const largest = () => this.valuesOf(layer).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
    const limit = isBounded ? 1.7159 : largest();
    const hasNegative = isBounded || this.valuesOf(layer).some((value) => value < 0);
    return { low: hasNegative ? -limit : 0, high: limit, colourOf: (value) => divergent(value, limit) };
  }

  /** The width that there is, and the screen's density. */
  roomFor() {
    const { parentElement } = this.canvas;
    const width = parentElement.clientWidth - 2 * parseFloat(getComputedStyle(parentElement).paddingLeft);
    return `${Math.floor(width)} ${window.devicePixelRatio}`;
  }

  /** Finds a place for every layer. */
  arrange() {
    this.room = this.roomFor();
    const width = parseInt(this.room, 10);
    if (this.layers.length === 0 || width <= 0) {
      return;
    }
    this.isWide = width >= 620;
    // Letters and outputs grow on very wide screens.
    this.zoom = Math.max(1, width / 1500);
    const label = 20 * this.zoom;
    const count = this.layers.length;
    const outputs = 112 * this.zoom;
    const weights = this.layers.map((layer) => (layer.units === 10 ? 0 : layer.isMaps ? (layer.kind === "convolution" ? 1.5 : 1) : 0.65));
    const whole = weights.reduce((sum, weight) => sum + weight, 0);
    const gap = this.isWide ? width * 0.018 : 8;
    let at = 1;
    const heightOf = (layer) => (layer.isMaps ? (layer.maps > 20 ? 190 : 130) : layer.units === 10 ? 190 : 110);
    const high = Math.max(320, width * 0.42);
    this.layers.forEach((layer, index) => {
      if (this.isWide) {
        const own = layer.units === 10 ? outputs : ((width - 2 - outputs - gap * (count - 1)) * weights[index]) / whole;
        this.place(layer, at, label, own, high - label, this.layers[index - 1]);
        at += own + gap;
      } else {
        this.place(layer, 1, at + label, width - 2, heightOf(layer), this.layers[index - 1]);
        at = layer.bottom + gap;
      }
    });
    const height = Math.ceil(this.isWide ? high : at);
    const ratio = Math.min(3, window.devicePixelRatio || 1);
    this.canvas.style.height = `${height}px`;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.ratio = ratio;
    this.draw();
  }

  /** Fits the maps of a layer into a box, as large as possible. */
  place(layer, left, top, width, height, before) {
    const space = 3;
    // Beside the ten outputs are their numbers.
    const room = layer.units === 10 ? width - 62 * this.zoom : width;
    // Subsampled maps stand as the maps that they are made of.
    const isLikeBefore = layer.isMaps && before?.maps === layer.maps && before.across;
    let best = { worth: 0, cell: 0 };
    for (let across = isLikeBefore || 1; across <= (isLikeBefore || layer.maps); across++) {
      const down = Math.ceil(layer.maps / across);
      const cell = Math.min((room - space * (across - 1)) / (across * layer.columns), (height - space * (down - 1)) / (down * layer.rows));
      // Full rows look better than slightly larger maps.
      const worth = layer.maps % across === 0 ? cell : 0.85 * cell;
      if (worth > best.worth) {
        best = { worth, cell, across, down };
      }
    }
    const most = (layer.units === 10 ? 22 : layer.isMaps ? 9 : 16) * this.zoom;
    const cell = Math.min(best.cell, most);
    const [w, h] = [cell * layer.columns, cell * layer.rows];
    const used = best.down * h + space * (best.down - 1);
    const first = top + (this.isWide ? (height - used) / 2 : 0);
    // In the middle of its column; the input and the outputs keep to the edges.
    const isInside = this.isWide && before && layer.units !== 10;
    left += isInside ? Math.max(0, (width - (w + space) * best.across + space) / 2) : 0;
    Object.assign(layer, { left, cell, bottom: first + used, top: first, across: best.across });
    layer.places = Array.from({ length: layer.maps }, (_, map) => [
      left + (map % best.across) * (w + space),
      first + Math.floor(map / best.across) * (h + space),
    ]);
  }

  /** The rectangle of a unit, of a part of a map, or of all units. */
  rectangle(layer, map, [fromRow, toRow], [fromColumn, toColumn]) {
    const [left, top] = layer.places[map];
    return [left + fromColumn * layer.cell, top + fromRow * layer.cell, (toColumn - fromColumn) * layer.cell, (toRow - fromRow) * layer.cell];
  }

  unitRectangle(layer, unit) {
    const [map, cell] = layer.isMaps ? [Math.floor(unit / (layer.rows * layer.columns)), unit % (layer.rows * layer.columns)] : [0, unit];
    const [row, column] = [Math.floor(cell / layer.columns), cell % layer.columns];
    return this.rectangle(layer, map, [row, row + 1], [column, column + 1]);
  }

  /** What a field of an explanation covers of a layer, as rectangles. */
  fieldRectangles(layer, field) {
    if (!layer.isMaps) {
      const units = field.maps ?? Array.from({ length: layer.units }, (_, unit) => unit);
      return units.length === layer.units ? [this.rectangle(layer, 0, [0, layer.rows], [0, layer.columns])] : units.map((unit) => this.unitRectangle(layer, unit));
    }
    const maps = field.maps ?? layer.places.keys();
    return [...maps].map((map) => this.rectangle(layer, map, field.rows, field.columns));
  }

  draw() {
    if (!this.outputs || this.layers.length === 0) {
      return;
    }
    const context = this.canvas.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.imageSmoothingEnabled = false;
    this.layers.forEach((layer) => this.drawLayer(context, layer));
    if (this.selected) {
      this.drawFields(context);
    }
  }

  drawLayer(context, layer) {
    const values = this.valuesOf(layer);
    const { colourOf } = this.coloursOf(layer);
    const size = layer.rows * layer.columns;
    context.fillStyle = colour("--ink");
    context.font = `600 ${12 * this.zoom}px system-ui, sans-serif`;
    context.textAlign = "left";
    context.fillText(title(layer), layer.left, layer.top - 6);
    const seen = this.fieldOf(layer);
    this.scratch ??= document.createElement("canvas");
    layer.places.forEach(([left, top], map) => {
      const cells = layer.isMaps ? values.subarray(size * map, size * (map + 1)) : values;
      paintCells(this.scratch, cells, layer.columns, colourOf);
      const isSeen = !seen?.maps || !layer.isMaps || seen.maps.includes(map);
      context.globalAlpha = isSeen ? 1 : 0.25;
      const height = layer.cell * this.scratch.height;
      context.drawImage(this.scratch, left, top, layer.cell * layer.columns, height);
      context.globalAlpha = 1;
      context.strokeStyle = colour("--line");
      context.lineWidth = 1;
      context.strokeRect(left - 0.5, top - 0.5, layer.cell * layer.columns + 1, height + 1);
    });
    if (layer.units === 10) {
      this.drawAnswers(context, layer, values);
    }
  }

  /** The layer whose cells a layer sees. */
  before(layer) {
    return this.layers[this.layers.indexOf(layer) - 1];
  }

  drawAnswers(context, layer, values) {
    const winner = this.description.penalties ? Math.min(...values) : Math.max(...values);
    const [left, top] = layer.places[0];
    context.font = `${Math.min(13 * this.zoom, layer.cell * 0.8)}px system-ui, sans-serif`;
    values.forEach((value, digit) => {
      context.fillStyle = value === winner && !this.isBlank ? colour("--accent") : colour("--soft");
      const y = top + (digit + 0.5) * layer.cell + 4 * this.zoom;
      context.fillText(`${digit}  ${shown(value, 1)}`, left + layer.cell + 6, y);
    });
  }

  fieldOf(layer) {
    return this.explanation && layer.stage < this.layers[this.selected?.layer]?.stage ? this.explanation.fields[layer.stage + 1] : undefined;
  }

  drawFields(context) {
    const own = this.layers[this.selected.layer];
    const [left, top, width, height] = this.unitRectangle(own, this.selected.unit);
    context.strokeStyle = colour("--warn");
    if (this.explanation && own.stage >= 0) {
      this.layers.slice(0, this.selected.layer).forEach((layer, index) => {
        const rectangles = this.fieldRectangles(layer, this.explanation.fields[layer.stage + 1]);
        const isBefore = index === this.selected.layer - 1;
        context.lineWidth = 1.5;
        rectangles.forEach(([x, y, w, h]) => {
          context.strokeRect(x, y, w, h);
          if (isBefore) {
            context.globalAlpha = Math.min(0.6, 6 / rectangles.length);
            context.beginPath();
            context.moveTo(x + w, y + h / 2);
            context.lineTo(left, top + height / 2);
            context.stroke();
            context.globalAlpha = 1;
          }
        });
      });
    }
    context.lineWidth = 2;
    context.strokeRect(left - 1, top - 1, width + 2, height + 2);
  }

  /** The unit at a point of the canvas. */
  unitAt(x, y) {
    for (const [index, layer] of this.layers.entries()) {
      for (const [map, [left, top]] of layer.places.entries()) {
        const [column, row] = [Math.floor((x - left) / layer.cell), Math.floor((y - top) / layer.cell)];
        const isInside = column >= 0 && row >= 0 && column < layer.columns && row < layer.rows;
        const unit = map * layer.rows * layer.columns + row * layer.columns + column;
        if (isInside && unit < this.unitsOf(index)) {
          return { layer: index, unit };
        }
      }
    }
    return undefined;
  }

  /** The pointer shows a unit; a click keeps it, until it is clicked again, another is clicked, or Escape is pressed. */
  point(event) {
    const frame = this.canvas.getBoundingClientRect();
    const found = this.unitAt(event.clientX - frame.left, event.clientY - frame.top);
    const isClick = event.type === "pointerdown";
    if (!found || (this.isKept && !isClick)) {
      return;
    }
    const isSame = found.layer === this.selected?.layer && found.unit === this.selected?.unit;
    if (isClick) {
      this.isKept = event.pointerType === "touch" || !(isSame && this.isKept);
    }
    if (isClick || !isSame) {
      this.select(found);
    }
  }

  select(selected) {
    this.selected = selected;
    this.picked(this.layers[selected.layer], selected.unit);
  }

  /** Arrow keys go from unit to unit, with Shift from map to map; Page Up and Page Down from layer to layer. */
  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    const { layer, unit } = this.selected ?? { layer: 0, unit: 0 };
    const { columns, rows, isMaps } = this.layers[layer];
    const [last, size] = [this.unitsOf(layer) - 1, rows * columns];
    const isToMap = event.shiftKey && isMaps;
    const moves = {
      ArrowLeft: unit - (isToMap ? size : 1),
      ArrowRight: unit + (isToMap ? size : 1),
      ArrowUp: unit - (isToMap ? size : columns),
      ArrowDown: unit + (isToMap ? size : columns),
      Home: 0,
      End: last,
    };
    const layers = { PageUp: -1, PageDown: 1 };
    if (event.key === "Escape") {
      this.isKept = false;
      this.select({ layer, unit });
    } else if (event.key in moves) {
      const to = moves[event.key];
      this.select({ layer, unit: to >= 0 && to <= last ? to : unit });
    } else if (event.key in layers) {
      const next = Math.max(0, Math.min(this.layers.length - 1, layer + layers[event.key]));
      this.select({ layer: next, unit: middleOf(this.layers[next]) });
    } else {
      return;
    }
    event.preventDefault();
  }
}
