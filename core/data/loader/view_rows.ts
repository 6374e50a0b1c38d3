/**
 * Some samples of a batch.
 *
 * @module
 */
import { allocate, type DataOf, type DType } from "../../engine/graph/dtype.ts";
import { elementCount } from "../../engine/graph/shape.ts";
import { type Tensor, tensor } from "../../engine/graph/tensor.ts";
import type { BatchedView } from "./view_loader.ts";

/** Rows of a tensor `[N, ...]`, in the order that they are named. */
function rowsOf<D extends DType>({ dtype, shape, data }: Tensor<D>, rows: readonly number[]) {
  const [, ...inner] = shape;
  const length = elementCount(inner);
  const chosen = allocate(dtype, rows.length * length) as DataOf<DType>;
  rows.forEach((row, i) => {
    const values = (data as Uint8Array).subarray(row * length, (row + 1) * length);
    (chosen as Uint8Array).set(values, i * length);
  });
  return tensor(dtype, [rows.length, ...inner], chosen as DataOf<D>);
}

/**
 * A view of some samples of a batch, in the order that they are named.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { packPhotometry } from "../views/pack_photometry.ts";
 * import { mildView } from "../views/presets.ts";
 * import { sampleView } from "../views/sample_view.ts";
 * import { RandomStream } from "../../engine/random/random_stream.ts";
 * import { viewRows } from "./view_rows.ts";
 *
 * const parameters = [0, 1, 2].map((i) => sampleView(mildView(1), 8, 8, new RandomStream(i, "view")));
 * const images = { dtype: "uint8", shape: [3, 1, 1, 3], data: Uint8Array.from({ length: 9 }, (_, i) => i) } as const;
 * const view = viewRows({ images, photometry: packPhotometry(parameters), parameters }, [2, 0]);
 * assertEquals(view.images.data, Uint8Array.of(6, 7, 8, 0, 1, 2));
 * assertEquals(view.parameters, [parameters[2]!, parameters[0]!]);
 * ```
 *
 * @param rows places of the samples in the batch
 */
export function viewRows(view: BatchedView, rows: readonly number[]): BatchedView {
  const { images, photometry, parameters, masks } = view;
  return {
    images: rowsOf(images, rows),
    photometry: Object.fromEntries(
      Object.entries(photometry).map(([name, packed]) => [name, rowsOf(packed, rows)]),
    ),
    parameters: rows.map((row) => parameters[row]!),
    ...(masks && { masks: rowsOf(masks, rows) }),
  };
}
