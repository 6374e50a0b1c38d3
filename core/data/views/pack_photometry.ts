/**
 * The photometric parameters of a batch as tensors.
 *
 * @module
 */
import { allocate } from "../../engine/graph/dtype.ts";
import { elementCount } from "../../engine/graph/shape.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import type { StepParameters } from "./steps/mod.ts";
import { type PackedPhotometry, PHOTOMETRIC_STEPS } from "./steps/mod.ts";

/**
 * Packs what was sampled of the photometric steps of N views as inputs of the photometric graph: for each step the tensors
 * `[N, …]` that it declares, such as `brightness` float32 `[N]` or `jitter_order` int64 `[N, 4]`. The views themselves
 * go there as uint8 `[N, H, W, 3]`, cropped, resized and flipped.
 *
 * ```ts
 * import { RandomStream } from "../../engine/random/random_stream.ts";
 * import { assertEquals } from "@std/assert";
 * import { packPhotometry } from "./pack_photometry.ts";
 * import { mocoV2View } from "./presets.ts";
 * import { sampleView } from "./sample_view.ts";
 *
 * const view = sampleView(mocoV2View(224), 500, 375, new RandomStream(0, "view"));
 * assertEquals(packPhotometry([view])["jitter_order"]!.shape, [1, 4]);
 * ```
 */
export function packPhotometry(parameters: readonly StepParameters[]): PackedPhotometry {
  const count = parameters.length;
  const tensors: Record<string, Tensor> = {};
  for (const step of PHOTOMETRIC_STEPS) {
    const packed = parameters.map((view) => step.pack(view[step.name as keyof StepParameters]));
    for (const [name, { dtype, shape }] of Object.entries(step.packed)) {
      const length = elementCount(shape);
      const data = allocate(dtype, count * length);
      packed.forEach((numbers, i) =>
        numbers[name]!.forEach((number, k) =>
          data[i * length + k] = data instanceof BigInt64Array ? BigInt(number) : number
        )
      );
      tensors[name] = { dtype, shape: [count, ...shape], data } as Tensor;
    }
  }
  return tensors;
}
