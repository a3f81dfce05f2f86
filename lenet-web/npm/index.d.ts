/** The networks by number. */
export declare const NETWORKS: { lenet5: 0; lenet5_1998: 1; modern: 2; yours: 3 };

/** One of NETWORKS. All but the first need `setParameters` before they read. */
export type NetworkNumber = 0 | 1 | 2 | 3;

/** Bytes: 0 is background, 255 is ink. */
export type Bytes = Uint8Array | Uint8ClampedArray;

/** The bytes of lenet5.wasm, or a response with them. */
export type Source = ArrayBuffer | Uint8Array | { arrayBuffer(): Promise<ArrayBuffer> };

/** An error that the engine reports, in words. */
export declare class LeNetError extends Error {}

/** Pixels with red, green, blue and opacity, such as a canvas's `ImageData`. */
export interface Picture {
  data: Bytes;
  width: number;
  height: number;
}

export interface Classification {
  /** The likeliest digit. */
  digit: number;
  /** The probability of each digit. */
  probabilities: Float32Array;
}

/** Valid until the same network reads again. */
export interface Outputs {
  probabilities: Float32Array;
  /** The input of the first stage: the image, normalized, with its margin. */
  input: Float32Array;
  /** The output of every stage, in the order of the description. */
  stages: Float32Array[];
}

export interface Stage {
  name: string;
  /** Maps, rows and columns; or units. */
  dims: number[];
  /** The layer in words. */
  layer: string;
  kind: "convolution" | "subsampling" | "average" | "maximum" | "full" | "rbf" | "repeat" | "flatten" | "custom";
  /** Rows of a kernel or a window. */
  size: number;
  /** The codes of RBF units, one after another. */
  codes: number[] | null;
  activation: string | null;
  params: number;
  connections: number;
}

export interface Description {
  input: number[];
  /** Whether the outputs are penalties, the smallest of which wins. */
  penalties: boolean;
  parameters: number;
  connections: number;
  stages: Stage[];
  arrays: { stage: string; name: string; dims: number[]; len: number; connected: boolean[] }[];
}

export interface Field {
  /** The maps that are seen, or null where all are. */
  maps: number[] | null;
  rows: [number, number];
  columns: [number, number];
}

export interface Explanation {
  stage: string;
  at: number[];
  /** Its receptive field: what it sees of the input and of each stage before its own. */
  fields: Field[];
  terms: { map: number | null; inputs: number[]; weights: number[]; sum: number }[];
  coefficient: number | null;
  bias: number | null;
  /** Null for a layer that only computes its output. */
  sum: number | null;
  output: number | null;
  computed: number;
}

export interface Steps {
  width: number;
  height: number;
  region: { left: number; top: number; width: number; height: number };
  inverted: boolean;
  thickened: boolean;
  /** The digit in MNIST's form, 28x28. */
  image: Uint8Array;
  /** The grey levels that ink is looked for in. */
  levels: Uint8Array;
  /** How much ink is where. */
  ink: Uint8Array;
  /** The ink of the digit alone. */
  digit: Uint8Array;
}

export interface NumberRead {
  text: string;
  probability: number;
  digits: { digit: number; probability: number; left: number; top: number; width: number; height: number }[];
  readings: { text: string; probability: number }[];
  /** The first and the last output column of each digit. */
  places: [number, number][];
  /** The strip of 32 rows that the network saw. */
  width: number;
  levels: number[];
  /** Probabilities of the ten digits and of the blank, for every fourth column of the strip. */
  columns: number[][];
}

export interface Progress {
  shown: number;
  images: number;
  loss: number;
  right: number;
  held_out: number;
}

export interface Alteration {
  right?: number;
  down?: number;
  scale?: number;
  /** Degrees, clockwise. */
  turn?: number;
  slant?: number;
  pen?: number;
  noise?: number;
}

/** LeNet-5 and its relatives. Every method throws a `LeNetError` on wrong input. */
export declare class LeNet {
  private constructor();
  static load(source: Source | PromiseLike<Source>): Promise<LeNet>;
  classify(image: Bytes, network?: NetworkNumber): Classification;
  read(image: Bytes, network?: NetworkNumber): Outputs;
  describe(network?: NetworkNumber): Description;
  parameters(network: NetworkNumber, index: number): Float32Array;
  explain(network: NetworkNumber, stage: number, unit: number): Explanation;
  /** Numbers of half precision: the low bytes of all, then the high bytes. */
  setParameters(network: NetworkNumber, bytes: Uint8Array): void;
  prepare(picture: Picture): Steps;
  loadReader(bytes: Uint8Array): void;
  /** One for each line with a number; throws if the picture shows nothing at all. */
  numbers(picture: Picture): NumberRead[];
  alter(image: Bytes, alteration?: Alteration): Uint8Array;
  /**
   * Digits are packed: their count (4 bytes, little-endian), a byte for each label, then two pixels a byte, the first in the lower
   * half. Every fifth digit is held out.
   */
  begin(digits: Uint8Array, seed?: number): void;
  learn(batches: number): Progress;
  learned(): Uint8Array;
  microseconds(image: Bytes, times: number, network?: NetworkNumber): number;
}

export declare function indexOfLargest(numbers: ArrayLike<number>): number;
