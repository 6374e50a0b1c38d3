/**
 * Damaged files, the same ones in every run.
 *
 * @module
 */
import type { RandomStream } from "../../../core/engine/random/random_stream.ts";

/** Values at which lengths and offsets go wrong. */
const EDGES = [0n, 1n, 2n ** 7n, 2n ** 8n - 1n, 2n ** 16n - 1n, 2n ** 31n - 1n, 2n ** 31n]
  .concat([2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]);

/** Texts that the formats' headers are made of. */
const PIECES = ["{", "}", "[", "]", "(", ")", ",", ":", '"', "'", "\\", "-1", "1e308", "0x", " "]
  .concat([
    "9007199254740993",
    "null",
    "True",
    "<f8",
    "|O",
    "F64",
    "BF16",
    "2L,",
    "\n",
    "q\0",
    "h\0",
  ])
  .map((text) => new TextEncoder().encode(text));

function insert(bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length - removed + added.length);
  result.set(bytes.subarray(0, at));
  result.set(added, at);
  result.set(bytes.subarray(at + removed), at + added.length);
  return result;
}

type Mutation = (bytes: Uint8Array, at: number, random: RandomStream) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  function replaceByte(bytes, at, random) {
    bytes[at] = random.integer(256);
    return bytes;
  },
  function flipBit(bytes, at, random) {
    bytes[at]! ^= 1 << random.integer(8);
    return bytes;
  },
  function step(bytes, at, random) {
    bytes[at]! += random.chance(0.5) ? 1 : 255;
    return bytes;
  },
  function writeEdge(bytes, at, random) {
    const width = [1, 2, 4, 8][random.integer(4)]!;
    const edge = new Uint8Array(BigUint64Array.of(EDGES[random.integer(EDGES.length)]!).buffer);
    bytes.set(edge.subarray(0, Math.min(width, bytes.length - at)), at);
    return bytes;
  },
  function writePiece(bytes, at, random) {
    const piece = PIECES[random.integer(PIECES.length)]!;
    return insert(bytes, at, Math.min(random.integer(4), bytes.length - at), piece);
  },
  function remove(bytes, at, random) {
    return insert(bytes, at, random.integer(Math.min(32, bytes.length - at) + 1), new Uint8Array());
  },
  function repeat(bytes, at, random) {
    const piece = bytes.slice(at, at + 1 + random.integer(64));
    return insert(bytes, random.integer(bytes.length), 0, piece);
  },
  function cut(bytes, at) {
    return bytes.slice(0, at);
  },
  function overwrite(bytes, at, random) {
    bytes.copyWithin(at, random.integer(bytes.length), random.integer(bytes.length));
    return bytes;
  },
];

/** A copy of a file with one to four damages. */
export function mutate(file: Uint8Array, random: RandomStream): Uint8Array {
  let bytes: Uint8Array = file.slice();
  for (let damage = random.integer(4); damage >= 0 && bytes.length > 0; damage--) {
    const mutation = MUTATIONS[random.integer(MUTATIONS.length)]!;
    bytes = mutation(bytes, random.integer(bytes.length), random);
  }
  return bytes;
}
