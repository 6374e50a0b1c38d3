import { assert } from "@std/assert";
import { elementCount } from "../../../../../core/engine/graph/shape.ts";
import { tensor } from "../../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../../core/engine/graph/value.ts";
import { probeChannelBlock } from "../../../../../core/engine/ops/convolution/blocked_layout.ts";
import { FORWARD } from "../../../../../core/engine/ops/convolution/forward.ts";
import { INPUT_GRADIENTS } from "../../../../../core/engine/ops/convolution/input_gradients.ts";
import type { ConvProblem } from "../../../../../core/engine/ops/convolution/problem.ts";
import { WEIGHT_GRADIENTS } from "../../../../../core/engine/ops/convolution/weight_gradients.ts";
import { RandomStream } from "../../../../../core/engine/random/random_stream.ts";
import { runGraph } from "../../../../run_graph.ts";

const BLOCK = await probeChannelBlock((outputs) => runGraph(outputs, {}));

/** Largest root of the mean square of what rounding adds, relative to that of the result: 5 units of float32. */
const LARGEST_ERROR = 6e-7;

function problem(dtype: "float32" | "float64", size: number, channels: number): ConvProblem {
  const map = [16, channels, size, size];
  const attributes = { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], group: 1 };
  return { dtype, x: map, w: [channels, channels, 3, 3], y: map, attributes };
}

/** The convolution and its gradients, in float32 by transformed tiles, in float64 by definition. */
function compute(dtype: "float32" | "float64", size: number, channels: number) {
  const given = problem(dtype, size, channels);
  const { x, w, y } = given;
  const draw = (name: string, shape: readonly number[]) => {
    const random = new RandomStream(0, name);
    const numbers = Array.from(
      { length: elementCount(shape) },
      () => Math.fround(random.uniform(-1, 1)),
    );
    return dtype === "float32"
      ? tensor(dtype, shape, Float32Array.from(numbers))
      : tensor(dtype, shape, Float64Array.from(numbers));
  };
  const values = {
    x: input("x", dtype, x),
    w: input("w", dtype, w),
    dy: input("dy", dtype, y),
  };
  const [forward, byInput, byWeight] = dtype === "float32"
    ? [FORWARD.winograd, INPUT_GRADIENTS.winograd, WEIGHT_GRADIENTS.winograd]
    : [FORWARD.gathered, INPUT_GRADIENTS.gathered, WEIGHT_GRADIENTS.columns];
  return runGraph({
    y: forward.build(values, given, BLOCK),
    dx: byInput.build(values, given, BLOCK),
    dw: byWeight.build(values, given, BLOCK),
  }, { x: draw("x", x), w: draw("w", w), dy: draw("dy", y) });
}

for (const [size, channels] of [[4, 256], [8, 128]] as const) {
  Deno.test({
    name: `transformed tiles of ${size} x ${size} maps round as products of float32 do`,
    ignore: BLOCK === 1,
    fn: async () => {
      const found = await compute("float32", size, channels);
      const exact = await compute("float64", size, channels);
      for (const name of ["y", "dx", "dw"]) {
        const expected = exact[name]!.data as Float64Array;
        const actual = found[name]!.data as Float32Array;
        const squares = expected.reduce((sum, x) => sum + x * x, 0);
        const errors = expected.reduce((sum, x, i) => sum + (actual[i]! - x) ** 2, 0);
        const error = Math.sqrt(errors / squares);
        assert(error < LARGEST_ERROR, `${name}: ${error}`);
      }
    },
  });
}
