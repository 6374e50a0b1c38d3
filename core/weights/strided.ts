/**
 * Reading of tensors whose elements do not follow each other.
 *
 * @module
 */
import { allocate, byteSize, type DataOf, type DType, viewBytes } from "../engine/graph/dtype.ts";
import { elementCount, rowMajorStrides, type Shape } from "../engine/graph/shape.ts";
import type { RandomAccess } from "../files/random_access.ts";

/** Most bytes that are held beside the result; a view that spans more is read in parts. */
const MAX_SPAN_BYTES = 8 * 2 ** 20;

type Elements = { [index: number]: number | bigint };

/** A part of a view: its lengths, its first element in the source and in the result. */
interface Part {
  readonly shape: Shape;
  readonly from: number;
  readonly to: number;
}

function spanOf(shape: Shape, strides: readonly number[]): number {
  return shape.reduce((sum, length, axis) => sum + (length - 1) * strides[axis]!, 1);
}

/** Halves along the axis that spans most. */
function halves(part: Part, strides: readonly number[], resultStrides: readonly number[]): Part[] {
  const reach = part.shape.map((length, axis) => (length - 1) * strides[axis]!);
  const widest = reach.indexOf(Math.max(...reach));
  const length = part.shape[widest]!;
  const middle = length >> 1;
  return [[0, middle], [middle, length]].map(([start, end]) => ({
    shape: part.shape.with(widest, end! - start!),
    from: part.from + start! * strides[widest]!,
    to: part.to + start! * resultStrides[widest]!,
  }));
}

function copy(
  source: Elements,
  result: Elements,
  { shape, to }: Part,
  strides: readonly number[],
  resultStrides: readonly number[],
): void {
  function along(axis: number, from: number, at: number): void {
    if (axis === shape.length) {
      result[at] = source[from]!;
      return;
    }
    const [step, resultStep] = [strides[axis]!, resultStrides[axis]!];
    for (let i = 0; i < shape[axis]!; i++) along(axis + 1, from + i * step, at + i * resultStep);
  }
  along(0, 0, to);
}

/** A view of elements in a file. */
export interface StridedView {
  readonly dtype: DType;
  readonly shape: Shape;
  /** Steps between neighbours along each axis, in elements; none is negative. */
  readonly strides: readonly number[];
  /** First byte, counted from the start of the file. */
  readonly offset: number;
}

/**
 * Reads a view into elements that follow each other row by row. Beside them it holds at most 8 MiB.
 *
 * @throws {SyntaxError} if the file ends before the view
 */
export async function readStrided<D extends DType>(
  source: RandomAccess,
  view: StridedView & { readonly dtype: D },
): Promise<DataOf<D>> {
  const { dtype, shape, strides, offset } = view;
  const size = byteSize(dtype);
  const result = allocate(dtype, elementCount(shape));
  const resultStrides = rowMajorStrides(shape);
  const parts: Part[] = shape.includes(0) ? [] : [{ shape, from: 0, to: 0 }];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const span = spanOf(part.shape, strides) * size;
    if (span > MAX_SPAN_BYTES) {
      parts.push(...halves(part, strides, resultStrides));
      continue;
    }
    const bytes = await source.read(offset + part.from * size, span);
    copy(viewBytes(dtype, bytes) as Elements, result as Elements, part, strides, resultStrides);
  }
  return result;
}
