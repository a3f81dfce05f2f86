// What a unit computes, in numbers and in words.

const KINDS = {
  convolution: "multiplies the cells of its receptive field by its kernels and adds a bias",
  subsampling: "adds four cells, multiplies the sum by the map's coefficient and adds the map's bias",
  average: "is the mean of the cells of its receptive field",
  maximum: "is the largest of the cells of its receptive field",
  full: "multiplies all units before it by its weights and adds a bias",
  rbf: "adds the squared differences between F6 and the bitmap of its digit: a penalty, the smallest wins",
};

/** What follows the sum. */
const APPLIED = {
  tanh: ", then applies a tanh",
  sigmoid: ", then applies a sigmoid",
  "max(a, 0)": ", then takes 0 for what is negative (ReLU)",
};

const SECTIONS = {
  convolution: "section II.B",
  subsampling: "section II.B",
  full: "section II.B",
  rbf: "section II.B, eq. 7",
};

/** Where a unit is, in words. */
function placeOf(layer, unit) {
  if (!layer.isMaps) {
    return `${layer.name.toUpperCase()}, ${layer.units === 10 ? "digit" : "unit"} ${unit}`;
  }
  const size = layer.rows * layer.columns;
  const [map, cell] = [Math.floor(unit / size), unit % size];
  const where = `row ${Math.floor(cell / layer.columns)}, column ${cell % layer.columns}`;
  return layer.maps > 1 ? `${layer.name.toUpperCase()}, map ${map}, ${where}` : `${layer.name.toUpperCase()}, ${where}`;
}

class UnitPanel {
  /** No unit is selected. */
  clear() {
    byId("unit-title").textContent = "Point at a unit";
    for (const id of ["unit-words", "unit-terms", "unit-sum", "unit-written", "unit-extra"]) {
      byId(id).replaceChildren();
    }
    Object.keys(byId("unit").dataset).forEach((name) => delete byId("unit").dataset[name]);
  }

  /** A cell of the input: a pixel. */
  showPixel(layer, unit, outputs) {
    this.clear();
    byId("unit-title").textContent = `${placeOf(layer, unit)} = ${shown(outputs.input[unit])}`;
    byId("unit-words").textContent =
      "A pixel: −0.1 is background and 1.175 is full ink, so that the mean is about 0 and the variance about 1 (section II.B). A margin of two pixels puts the ends of strokes in the middle of receptive fields.";
  }

  show(network, description, layer, unit, explanation, inputColour) {
    const stage = description.stages[layer.stage];
    byId("unit-title").textContent = `${placeOf(layer, unit)} = ${shown(explanation.computed)}`;
    const [rows, columns] = ["rows", "columns"].map((axis) => explanation.fields[0][axis][1] - explanation.fields[0][axis][0]);
    const section = SECTIONS[stage.kind] ? ` (${SECTIONS[stage.kind]})` : "";
    const applied = APPLIED[stage.activation?.replace(/^[\d.]+ (tanh).*/, "$1")] ?? "";
    byId("unit-words").textContent = `This unit ${KINDS[stage.kind] ?? "computes something of its own"}${applied}${section}. It depends on ${rows}×${columns} pixels of the input.`;
    byId("unit-terms").replaceChildren(...explanation.terms.map((term) => this.term(term, stage, inputColour)));
    this.sum(explanation, stage);
    byId("unit-written").textContent = written(explanation, stage);
    byId("unit-extra").replaceChildren(...this.extra(description, explanation, stage));
    const panel = byId("unit");
    Object.assign(panel.dataset, {
      stage: explanation.stage,
      at: explanation.at.join(","),
      sum: explanation.sum,
      output: explanation.output,
      computed: explanation.computed,
      network,
    });
  }

  term({ map, inputs, weights, sum }, stage, inputColour) {
    // A square of a map, or units as the figure has them.
    const columns = map !== null ? Math.sqrt(inputs.length) : acrossOf(inputs.length);
    // Kernels have a scale of their own.
    const most = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 1e-9);
    const size = inputs.length > 30 ? 70 : 50;
    const made = element("span", { className: "term" });
    if (map !== null) {
      made.append(`map ${map}`);
    }
    made.append(cellsCanvas(inputs, columns, inputColour, size, `inputs of map ${map ?? "all"}`));
    if (weights.length > 0) {
      made.append(stage.kind === "rbf" ? "−" : "×");
      made.append(cellsCanvas(weights, columns, (w) => divergent(w, most), size, stage.kind === "rbf" ? "code" : "kernel"));
    }
    const sign = stage.kind === "maximum" ? "largest" : stage.kind === "average" ? "mean" : "=";
    made.append(` ${sign} ${shown(sum)}`);
    return made;
  }

  sum({ terms, coefficient, bias, sum, output }, stage) {
    const parts = terms.map((term) => term.sum);
    let text = coefficient === null ? added(parts) : `${shown(coefficient)} × ${bracketed(parts[0])}`;
    if (bias !== null) {
      text += bias < 0 ? ` − bias ${shown(-bias)}` : ` + bias ${shown(bias)}`;
    }
    if (bias !== null || parts.length > 1) {
      text += ` = ${shown(sum)}`;
    }
    if (stage.activation && stage.activation !== "identity") {
      const applied = stage.activation.includes("(") ? stage.activation : `${stage.activation}(a)`;
      text += `;  ${applied.replace("2/3 a", `2/3 · ${bracketed(sum)}`).replace(/\(a\b/, `(${shown(sum)}`)} = ${shown(output)}`;
    }
    byId("unit-sum").textContent = text;
  }

  extra(description, explanation, stage) {
    const array = description.arrays.find(({ stage: name, name: kind }) => name === stage.name && kind === "weight");
    if (array?.connected?.length > 0) {
      return [element("h3", { textContent: "Which maps each map sees (Table I)" }), this.table(array, explanation)];
    }
    if (stage.codes) {
      return [element("h3", { textContent: "The bitmaps that F6 is compared with (Fig. 3)" }), this.codes(stage, explanation)];
    }
    return [];
  }

  /** Table I: a column for each map of C3, a row for each map of S2. */
  table({ dims: [outputs, inputs], connected }, explanation) {
    const table = element("table", { className: "one" });
    const head = element("tr", {}, element("th", { textContent: "" }));
    for (let output = 0; output < outputs; output++) {
      head.append(element("th", { textContent: output, scope: "col", className: output === explanation.at[0] ? "here" : "" }));
    }
    table.append(head);
    for (let input = 0; input < inputs; input++) {
      const row = element("tr", {}, element("th", { textContent: input, scope: "row" }));
      for (let output = 0; output < outputs; output++) {
        const is = connected[output * inputs + input];
        const isHere = output === explanation.at[0];
        row.append(element("td", { textContent: is ? "X" : "", className: `${is && isHere ? "on" : ""} ${isHere ? "here" : ""}` }));
      }
      table.append(row);
    }
    return table;
  }

  codes(stage, explanation) {
    const codes = element("div", { className: "codes" });
    const figure = (cells, label, caption) =>
      element("figure", {}, cellsCanvas(cells, 7, (x) => divergent(x, 1.7159), 49, label), element("figcaption", { textContent: caption }));
    codes.append(figure(explanation.terms[0].inputs, "F6 as a bitmap", "F6"));
    const outputs = this.outputs.stages.at(-1);
    for (let digit = 0; digit < 10; digit++) {
      codes.append(figure(stage.codes.slice(84 * digit, 84 * (digit + 1)), `the bitmap of ${digit}`, `${digit}: ${shown(outputs[digit], 1)}`));
    }
    return codes;
  }
}

/** A number within a product. */
const bracketed = (number) => (number < 0 ? `(${shown(number)})` : shown(number));

/** Numbers with their signs between them. */
const added = ([first = 0, ...rest]) => rest.reduce((text, part) => text + (part < 0 ? ` − ${shown(-part)}` : ` + ${shown(part)}`), shown(first));

/** The whole sum as text. */
function written({ terms, coefficient, bias, sum }, stage) {
  const parts = terms.flatMap(({ inputs, weights }) =>
    inputs.map((input, index) => {
      if (stage.kind === "rbf") {
        return `(${shown(input)} − ${bracketed(weights[index])})²`;
      }
      return weights.length > 0 ? `${shown(input)} × ${bracketed(weights[index])}` : shown(input);
    }),
  );
  const joined = stage.kind === "maximum" ? `the largest of ${parts.join(", ")}` : parts.join(" + ");
  const weighted = coefficient !== null ? `${shown(coefficient)} × (${joined})` : stage.kind === "average" ? `(${joined}) / ${parts.length}` : joined;
  return `${weighted}${bias !== null ? ` + ${shown(bias)}` : ""} = ${shown(sum)}`;
}
