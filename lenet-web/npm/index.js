// LeNet-5 in WebAssembly: a thin layer over the functions that lenet-web exports.

/** The networks by number. */
export const NETWORKS = { lenet5: 0, lenet5_1998: 1, modern: 2, yours: 3 };

/** An error that the engine reports, in words. */
export class LeNetError extends Error {
  constructor(message) {
    super(message);
    this.name = "LeNetError";
  }
}

/** LeNet-5 and its relatives. */
export class LeNet {
  #exports;
  #descriptions = new Map();
  #outputs = [];

  /** `LeNet.load` makes it. */
  constructor(instance) {
    let hasStopped = false;
    const guarded = (run) =>
      (...values) => {
        try {
          if (!hasStopped) {
            return run(...values);
          }
        } catch (error) {
          if (!(error instanceof WebAssembly.RuntimeError || error instanceof RangeError)) {
            throw error;
          }
          hasStopped = true;
        }
        throw new LeNetError("the engine has stopped, probably because memory ran out; load it again");
      };
    const functions = Object.entries(instance.exports).filter(([, value]) => typeof value === "function");
    this.#exports = Object.fromEntries(functions.map(([name, run]) => [name, guarded(run)]));
    this.#exports.memory = instance.exports.memory;
  }

  /** Compiles the module; `source` is its bytes, a response, or a compiled module. */
  static async load(source) {
    if (source instanceof WebAssembly.Module) {
      return new LeNet(await WebAssembly.instantiate(source, {}));
    }
    const isResponse = typeof Response !== "undefined" && (source instanceof Response || source instanceof Promise);
    const response = isResponse ? await source : undefined;
    if (response && !response.ok) {
      throw new LeNetError(`${response.url}: ${response.status} ${response.statusText}`);
    }
    const bytes = response ? await response.arrayBuffer() : source;
    const { instance } = await WebAssembly.instantiate(bytes, {});
    return new LeNet(instance);
  }

  /** Reads one digit: 784 bytes, row by row, 0 is background, 255 is ink. */
  classify(image, network = NETWORKS.lenet5) {
    const probabilities = this.read(image, network).probabilities.slice();
    return { digit: indexOfLargest(probabilities), probabilities };
  }

  /** Reads one digit and returns the outputs of all stages too. The arrays are valid until this network reads again. */
  read(image, network = NETWORKS.lenet5) {
    checkImage(image);
    const { numbers, outputs } = (this.#outputs[network] ??= this.#room(network));
    this.#write(image);
    const address = this.#exports.lenet_read(network);
    numbers.set(new Float32Array(this.#exports.memory.buffer, address, numbers.length));
    return outputs;
  }

  /** Room for the outputs of a network, which is used again for each image. */
  #room(network) {
    const { input, stages } = this.describe(network);
    const lengths = [10, volume(input), ...stages.map(({ dims }) => volume(dims))];
    const numbers = new Float32Array(lengths.reduce((sum, length) => sum + length, 0));
    let from = 0;
    const [probabilities, first, ...rest] = lengths.map((length) => numbers.subarray(from, (from += length)));
    return { numbers, outputs: { probabilities, input: first, stages: rest } };
  }

  /** Shapes, layers, activation functions and arrays of a network. */
  describe(network = NETWORKS.lenet5) {
    if (!Number.isInteger(network)) {
      throw new LeNetError(`a network is a number, one of NETWORKS; ${network} is none`);
    }
    if (!this.#descriptions.has(network)) {
      this.#descriptions.set(network, this.#json(this.#exports.lenet_describe(network)));
    }
    return this.#descriptions.get(network);
  }

  /** The parameters of array number `index` of a network's description. The array is a copy. */
  parameters(network, index) {
    const { arrays } = this.describe(network);
    if (!arrays[index]) {
      throw new LeNetError("there is no such array");
    }
    const address = this.#exports.lenet_array(network, index);
    return new Float32Array(this.#exports.memory.buffer, address, arrays[index].len).slice();
  }

  /** What a unit computed for the image that the network read last. */
  explain(network, stage, unit) {
    this.describe(network);
    return this.#json(this.#exports.lenet_explain(network, stage, unit));
  }

  /** Sets a network's parameters: numbers of half precision, as `learned` returns them. */
  setParameters(network, bytes) {
    this.#write(bytes);
    this.#output(this.#exports.lenet_load(network));
  }

  /** Gives a picture MNIST's form. `picture` is an ImageData or anything with `data` (RGBA), `width` and `height`. */
  prepare(picture) {
    checkPicture(picture);
    this.#write(picture.data);
    const bytes = this.#output(this.#exports.lenet_prepare(picture.width, picture.height));
    const header = new Uint32Array(bytes.buffer, bytes.byteOffset, 8);
    const [width, height, left, top, digitWidth, digitHeight, inverted, thickened] = header;
    const size = width * height;
    const plane = (number) => bytes.subarray(32 + 784 + size * number, 32 + 784 + size * (number + 1));
    return {
      width,
      height,
      region: { left, top, width: digitWidth, height: digitHeight },
      inverted: inverted === 1,
      thickened: thickened === 1,
      image: bytes.subarray(32, 32 + 784),
      paper: plane(0),
      ink: plane(1),
      digit: plane(2),
    };
  }

  /** Loads the reader of whole numbers: the bytes of `reader.bin`. */
  loadReader(bytes) {
    this.#write(bytes);
    this.#output(this.#exports.lenet_load_reader());
  }

  /** Reads the numbers in a picture, a line each; the reader must have been loaded. */
  numbers(picture) {
    checkPicture(picture);
    this.#write(picture.data);
    return this.#json(this.#exports.lenet_numbers(picture.width, picture.height));
  }

  /** Moves, scales, turns, slants or spoils an image of 28x28 bytes. */
  alter(image, { right = 0, down = 0, scale = 1, turn = 0, slant = 0, pen = 0, noise = 0 } = {}) {
    checkImage(image);
    this.#write(image);
    return this.#output(this.#exports.lenet_alter(right, down, scale, turn, slant, pen, noise));
  }

  /** Begins to train a LeNet-5 on packed digits; the seed decides its initial weights. */
  begin(digits, seed = 1) {
    this.#write(digits);
    this.#output(this.#exports.lenet_lesson(seed));
  }

  /** Trains on so many batches of sixteen digits, then reads the held-out ones. */
  learn(batches) {
    return this.#json(this.#exports.lenet_learn(batches));
  }

  /** The parameters of the network that learns, in half precision. */
  learned() {
    return this.#output(this.#exports.lenet_learned());
  }

  /** Microseconds to read one image, over so many times. */
  microseconds(image, times, network = NETWORKS.lenet5) {
    checkImage(image);
    this.describe(network);
    this.#write(image);
    const start = performance.now();
    this.#exports.lenet_read_again(network, times);
    return ((performance.now() - start) * 1000) / times;
  }

  #write(bytes) {
    if (!ArrayBuffer.isView(bytes)) {
      throw new LeNetError("give bytes: a Uint8Array or a Uint8ClampedArray");
    }
    const address = this.#exports.lenet_input(bytes.length);
    if (address === 0) {
      throw new LeNetError(`there is no memory for ${bytes.length} bytes; give fewer`);
    }
    new Uint8Array(this.#exports.memory.buffer, address, bytes.length).set(bytes);
  }

  #output(failed) {
    const [address, length] = [this.#exports.lenet_output(), this.#exports.lenet_output_length()];
    const bytes = new Uint8Array(this.#exports.memory.buffer, address, length).slice();
    if (failed) {
      throw new LeNetError(new TextDecoder().decode(bytes));
    }
    return bytes;
  }

  #json(failed) {
    return JSON.parse(new TextDecoder().decode(this.#output(failed)));
  }
}

function checkImage(image) {
  if (!ArrayBuffer.isView(image) || image.length !== 784) {
    throw new LeNetError(`give an image of 28x28 bytes; this one has ${image?.length ?? "none"}`);
  }
}

function checkPicture(picture) {
  if (!ArrayBuffer.isView(picture?.data)) {
    throw new LeNetError("give a picture with data (RGBA), width and height, such as an ImageData");
  }
}

/** The number of cells of a shape. */
export function volume(dims) {
  return dims.reduce((product, extent) => product * extent, 1);
}

/** The index of the largest number. */
export function indexOfLargest(numbers) {
  return numbers.reduce((best, number, index) => (number > numbers[best] ? index : best), 0);
}
