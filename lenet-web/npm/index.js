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
  /** Those that have parameters, and those that have read an image with them. */
  #hasParameters = new Set([NETWORKS.lenet5]);
  #hasRead = new Set();

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

  /** Compiles the engine; `source` is its bytes, a response with them, or a promise of either. */
  static async load(source) {
    const given = await source;
    if (given?.ok === false) {
      throw new LeNetError(`${given.url}: ${given.status} ${given.statusText}`);
    }
    const bytes = typeof given?.arrayBuffer === "function" ? await given.arrayBuffer() : given;
    if (!(bytes instanceof ArrayBuffer || ArrayBuffer.isView(bytes))) {
      throw new LeNetError("give the bytes of lenet5.wasm, or a response with them");
    }
    let instance;
    try {
      ({ instance } = await WebAssembly.instantiate(bytes, {}));
    } catch (error) {
      throw new LeNetError(`these bytes are not lenet5.wasm: ${error.message}`);
    }
    if (!instance.exports.lenet_describe) {
      throw new LeNetError("this WebAssembly module is not lenet5.wasm");
    }
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
    this.#check(network);
    const { numbers, outputs } = (this.#outputs[network] ??= this.#room(network));
    this.#write(image);
    const address = this.#exports.lenet_read(network);
    this.#hasRead.add(network);
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
    if (!Object.values(NETWORKS).includes(network)) {
      throw new LeNetError(`there is no network ${network}; give one of NETWORKS`);
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
    this.#check(network);
    if (!this.#hasRead.has(network)) {
      throw new LeNetError("this network has read no image; call read first");
    }
    return this.#json(this.#exports.lenet_explain(network, stage, unit));
  }

  /** Sets a network's parameters: numbers of half precision, as `learned` returns them. */
  setParameters(network, bytes) {
    this.describe(network);
    this.#write(bytes);
    this.#output(this.#exports.lenet_load(network));
    this.#hasParameters.add(network);
    this.#hasRead.delete(network);
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
      levels: plane(0),
      ink: plane(1),
      digit: plane(2),
    };
  }

  /** Loads the reader of whole numbers: the bytes of `reader.bin`. */
  loadReader(bytes) {
    this.#write(bytes);
    this.#output(this.#exports.lenet_load_reader());
  }

  /** Reads the numbers in a picture, a line each; none if there are lines without a number. The reader must have been loaded. */
  numbers(picture) {
    checkPicture(picture);
    this.#write(picture.data);
    return this.#json(this.#exports.lenet_numbers(picture.width, picture.height));
  }

  /** Moves, scales, turns, slants or spoils an image of 28x28 bytes. */
  alter(image, alteration) {
    checkImage(image);
    const { right = 0, down = 0, scale = 1, turn = 0, slant = 0, pen = 0, noise = 0 } = alteration ?? {};
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
    this.#check(network);
    this.#write(image);
    const start = performance.now();
    this.#exports.lenet_read_again(network, times);
    return ((performance.now() - start) * 1000) / times;
  }

  /** There is such a network, and it has parameters. */
  #check(network) {
    this.describe(network);
    if (!this.#hasParameters.has(network)) {
      throw new LeNetError(`network ${network} has no parameters; call setParameters first`);
    }
  }

  #write(bytes) {
    if (!areBytes(bytes)) {
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

const areBytes = (value) => value instanceof Uint8Array || value instanceof Uint8ClampedArray;

function checkImage(image) {
  if (!areBytes(image)) {
    throw new LeNetError("give an image as a Uint8Array of 28x28 bytes, 0 is background and 255 is ink");
  }
  if (image.length !== 784) {
    throw new LeNetError(`give an image of 28x28 bytes; this one has ${image.length}`);
  }
}

function checkPicture(picture) {
  if (!areBytes(picture?.data)) {
    throw new LeNetError("give a picture with data (RGBA bytes), width and height, such as an ImageData");
  }
  const { width, height } = picture;
  if (![width, height].every((side) => Number.isInteger(side) && side >= 0 && side < 2 ** 31)) {
    throw new LeNetError(`give a picture with sides in pixels; these are ${width} and ${height}`);
  }
}

/** The number of cells of a shape. */
function volume(dims) {
  return dims.reduce((product, extent) => product * extent, 1);
}

/** The index of the largest number. */
export function indexOfLargest(numbers) {
  return numbers.reduce((best, number, index) => (number > numbers[best] ? index : best), 0);
}
