/**
 * JavaScript's numbers as elements of tensors, and elements as numbers.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import { allocate, type DataOf, type DType } from "./dtype.ts";
import type { Tensor } from "./tensor.ts";

/** The smallest and the largest number of each type that holds no fractions. */
const WHOLE: Readonly<Partial<Record<DType, readonly [least: bigint, most: bigint]>>> = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int16: [-(2n ** 15n), 2n ** 15n - 1n],
  int8: [-128n, 127n],
  uint16: [0n, 2n ** 16n - 1n],
  uint8: [0n, 255n],
  bool: [0n, 1n],
};

/**
 * Checks that a type can hold a number; floats can, and round it.
 *
 * @throws {RangeError} with the reason alone
 */
export function checkNumber(dtype: DType, value: number): void {
  const range = WHOLE[dtype];
  if (range === undefined) return;
  const [least, most] = range;
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new GenviewRangeError(`${dtype} holds integers from ${least} to ${most}, found ${value}`);
}

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** The bits of the nearest bfloat16, of two that are as near the even one: the upper half of a float32's. */
function bfloat16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  single[0] = value;
  const [kept, rest] = [singleBits[0]! >>> 16, singleBits[0]! & 0xffff];
  if (rest !== 0x8000) return rest > 0x8000 ? kept + 1 : kept;
  // Halfway by what float32 holds; what it has rounded away decides first.
  const beyond = Math.abs(value) - Math.abs(single[0]);
  const isUp = beyond === 0 ? (kept & 1) === 1 : beyond > 0;
  return isUp ? kept + 1 : kept;
}

/**
 * Numbers as the data of a tensor; floats round to the nearest, of two to the even one.
 *
 * @throws {RangeError} with the reason alone, if the type cannot hold one of them
 */
export function encodeNumbers<D extends DType>(dtype: D, values: ArrayLike<number>): DataOf<D> {
  const data = allocate<DType>(dtype, values.length);
  if (dtype !== "bfloat16" && WHOLE[dtype] === undefined) {
    (data as Float64Array).set(values);
    return data as DataOf<D>;
  }
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    checkNumber(dtype, value);
    if (data instanceof BigInt64Array) data[i] = BigInt(value);
    else data[i] = dtype === "bfloat16" ? bfloat16Bits(value) : value;
  }
  return data as DataOf<D>;
}

/** The elements of a tensor as numbers, in place where they are; large integers of 64 bits are rounded. */
export function decodeNumbers({ dtype, data }: Tensor): ArrayLike<number> {
  if (data instanceof BigInt64Array) return Float64Array.from(data, Number);
  if (dtype !== "bfloat16") return data;
  return new Float32Array(Uint32Array.from(data, (bits) => bits << 16).buffer);
}
