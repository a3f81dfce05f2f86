// What comes with the page: `{{pack}}` holds lines of a name and bytes that were compressed and written with 85 characters.

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#%()*+,-./:;=?@[]^_{|}";

/** Five characters are four bytes; the last group may be shorter. */
function fromBase85(text) {
  const value = new Uint8Array(128);
  [...ALPHABET].forEach((character, index) => (value[character.charCodeAt(0)] = index));
  const rest = text.length % 5;
  const bytes = new Uint8Array(Math.floor(text.length / 5) * 4 + (rest === 0 ? 0 : rest - 1));
  for (let from = 0, to = 0; from < text.length; from += 5, to += 4) {
    let number = 0;
    for (let i = 0; i < 5; i++) {
      number = number * 85 + (from + i < text.length ? value[text.charCodeAt(from + i)] : 84);
    }
    for (let i = 0; i < 4 && to + i < bytes.length; i++) {
      bytes[to + i] = Math.floor(number / 256 ** (3 - i)) % 256;
    }
  }
  return bytes;
}

async function decompressed(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** All parts by name. */
async function unpack(text) {
  const parts = text.trim().split("\n").map(async (line) => {
    const [name, coded] = line.split(" ");
    return [name, await decompressed(fromBase85(coded))];
  });
  return Object.fromEntries(await Promise.all(parts));
}

/** Packed digits as images and labels; `Digits` of the engine says how. */
function unpackDigits(bytes) {
  const count = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const labels = bytes.subarray(4, 4 + count);
  const images = Array.from(labels, (_, index) => {
    const packed = bytes.subarray(4 + count + 392 * index, 4 + count + 392 * (index + 1));
    const image = new Uint8Array(784);
    packed.forEach((pair, at) => {
      image[2 * at] = (pair & 15) * 17;
      image[2 * at + 1] = (pair >> 4) * 17;
    });
    return image;
  });
  return { images, labels };
}
