// Runs a test program for WASI in node. There are no threads: to create one fails, and what belongs to it does nothing.
import { readFile } from "node:fs/promises";
import { WASI } from "node:wasi";

/** Try again later. */
const EAGAIN = 6;

const [program, ...rest] = process.argv.slice(2);
const wasi = new WASI({ version: "preview1", args: [program, ...rest], env: process.env, preopens: { "/": "/" } });
const module = await WebAssembly.compile(await readFile(program));
const missing = WebAssembly.Module.imports(module).filter((wanted) => wanted.module === "env");
const answer = (name) => {
  if (!name.startsWith("pthread_")) {
    throw new Error(`${name} is in no library`);
  }
  return () => (name === "pthread_create" ? EAGAIN : 0);
};
const env = Object.fromEntries(missing.map(({ name }) => [name, answer(name)]));
const imports = { wasi_snapshot_preview1: wasi.wasiImport, env };
process.exit(wasi.start(await WebAssembly.instantiate(module, imports)) ?? 0);
