import { defineOp } from "../graph/op.ts";
import { filled, int64 } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import { slice } from "./slice.ts";

/** Options of {@linkcode pad}. */
export interface PadOptions {
  /** A constant (default), the tensor mirrored without its edge, or its edge repeated. */
  readonly mode?: "constant" | "reflect" | "edge";
  /** The constant (default 0). */
  readonly value?: number;
}

interface PadAttributes extends Required<PadOptions> {
  /** Elements before each axis, then elements after each axis. */
  readonly pads: readonly number[];
}

const Pad = defineOp({
  type: "Pad",
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }, { pads, mode }: PadAttributes) => {
    const rank = x.shape.length;
    if (pads.length !== 2 * rank || pads.some((n) => !Number.isInteger(n) || n < 0)) {
      throw new RangeError(
        `pads must be ${2 * rank} integers of at least 0, found [${pads.join(",")}]`,
      );
    }
    if (mode === "reflect" && pads.some((n, i) => n >= x.shape[i % rank]!)) {
      throw new RangeError(
        `pads by reflection must be shorter than the axis, found [${pads.join(",")}]`,
      );
    }
    const shape = x.shape.map((length, axis) => pads[axis]! + length + pads[rank + axis]!);
    return { y: { dtype: x.dtype, shape } };
  },
  onnx: ({ pads, mode, value }, types) => ({
    attributes: { mode: { string: mode } },
    constants: [int64([pads.length], pads), filled(types.x!.dtype, [], value)],
  }),
  // dx is the part of dy that x became; what was added is constant.
  gradient: ({ x, dy }, { pads, mode }) => {
    if (mode !== "constant") {
      throw new TypeError(`Cannot differentiate through Pad with mode "${mode}": only "constant"`);
    }
    return {
      x: slice(dy, {
        starts: pads.slice(0, x.rank),
        ends: x.shape.map((length, axis) => pads[axis]! + length),
        axes: x.shape.map((_, axis) => axis),
      }),
    };
  },
});

/**
 * Adds elements around a tensor: as many before each axis, then as many after each axis. Only constant pads have a
 * gradient.
 */
export function pad(x: Value, pads: readonly number[], options: PadOptions = {}): Value {
  if (pads.length === 2 * x.rank && pads.every((n) => n === 0)) return x;
  const { mode = "constant", value = 0 } = options;
  return Pad({ x }, { pads: [...pads], mode, value }).y;
}
