/**
 * Tensors that lie one behind the other in one block of memory, so that one kernel updates many of them.
 *
 * A network has hundreds of parameters, most of them small. Where an update treats each element by itself, it can treat
 * them as one long vector: the first graph of a step reads and writes the single tensors, which are parts of that vector's
 * memory, and the second graph the vector, or pieces of it that are as long as is fast. Nothing is copied.
 *
 * @module
 */
import { byteSize, type DType } from "../graph/dtype.ts";
import { elementCount } from "../graph/shape.ts";
import type { Provider } from "../graph/target.ts";
import type { TensorType } from "../graph/tensor.ts";

/** A tensor's place in a pack. */
export interface PackedTensor {
  /** Its name. */
  readonly name: string;
  /** Elements of the pack before it. */
  readonly offset: number;
}

/** Tensors of one element type in one block of memory, which a model reads or makes as one vector, or in pieces. */
export interface Pack {
  /** What it is called; see {@linkcode pieceName}. */
  readonly name: string;
  /** Element type. */
  readonly dtype: DType;
  /** Number of elements, those between tensors included, which are zero. */
  readonly length: number;
  /** Elements of each piece that a model reads or makes at once; the last one has what is left. */
  readonly pieceLength: number;
  /** The tensors, in order. */
  readonly members: readonly PackedTensor[];
}

/** A tensor as it is packed. */
export interface Packable {
  /** Its name. */
  readonly name: string;
  /** Its type. */
  readonly type: TensorType;
}

/** Tensors begin at multiples of so many bytes, as CUDA's own allocations do. */
const ALIGNMENT = 256;

/** Elements that a tensor takes in a pack. */
function room({ dtype, shape }: TensorType): number {
  const unit = ALIGNMENT / byteSize(dtype);
  return unit * Math.ceil(elementCount(shape) / unit);
}

/**
 * Lays tensors of one element type one behind the other.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { packTensors, piecesOf } from "./pack.ts";
 *
 * const pack = packTensors("pack", 100, [
 *   { name: "weight", type: { dtype: "float32", shape: [5, 20] } },
 *   { name: "bias", type: { dtype: "float32", shape: [5] } },
 * ]);
 * assertEquals([pack.length, pack.members[1]], [192, { name: "bias", offset: 128 }]);
 * assertEquals(piecesOf(pack).map(({ name, length }) => [name, length]), [["pack.0", 100], ["pack.1", 92]]);
 * ```
 *
 * @param pieceLength elements of a piece
 * @param tensors at least one
 */
export function packTensors(
  name: string,
  pieceLength: number,
  tensors: readonly Packable[],
): Pack {
  let length = 0;
  const members = tensors.map(({ name, type }) => {
    const offset = length;
    length += room(type);
    return { name, offset };
  });
  return { name, dtype: tensors[0]!.type.dtype, length, pieceLength, members };
}

/** Name of a piece in the model. */
export const pieceName = (pack: string, index: number): string => `${pack}.${index}`;

/** A piece of a pack, as a model reads or makes it. */
export interface Piece {
  /** Its name in the model. */
  readonly name: string;
  /** Elements of the pack before it. */
  readonly offset: number;
  /** Number of its elements. */
  readonly length: number;
}

/** The pieces of a pack, in order. */
export function piecesOf(
  { name, length, pieceLength }: Pick<Pack, "name" | "length" | "pieceLength">,
): Piece[] {
  return Array.from({ length: Math.ceil(length / pieceLength) }, (_, i) => ({
    name: pieceName(name, i),
    offset: i * pieceLength,
    length: Math.min(pieceLength, length - i * pieceLength),
  }));
}

/** Most pieces of a pack: with more of them, a model would be larger than one that updates each parameter. */
const MOST_PIECES = 64;

/**
 * Lays tensors of one element type one behind the other, in pieces of at least some length.
 *
 * @param shortest elements of a piece; more where there would be too many of them
 * @param tensors at least one
 */
export function packInPieces(name: string, shortest: number, tensors: readonly Packable[]): Pack {
  const { length } = packTensors(name, shortest, tensors);
  const even = ALIGNMENT * Math.ceil(length / MOST_PIECES / ALIGNMENT);
  return packTensors(name, Math.max(shortest, even), tensors);
}

/** Lays tensors of one element type one behind the other, in one piece. */
export function packInOne(name: string, tensors: readonly Packable[]): Pack {
  return packTensors(name, 1 << 30, tensors);
}

/**
 * Elements of the pieces that packs are updated in where steps run on a provider; 0 where there are no packs.
 *
 * WebGPU's buffers have no addresses, and so no parts that are tensors.
 */
export function pieceLengthFor(provider: Provider | undefined): number {
  // On a GPU few launches are fast; an update holds a few vectors of a piece's length while it computes. On the CPU what
  // stays in a core's cache from one pass to the next is: half the time of pieces of a million.
  if (provider === "cuda") return 1 << 24;
  return provider === "cpu" ? 1 << 16 : 0;
}
