/**
 * How long a device takes for what a model costs.
 *
 * @module
 */
import type { ModelTrace } from "../../onnx/model_trace.ts";
import { mergeEqualNodes } from "../memory/merge_equal_nodes.ts";
import { pushTransposes } from "../memory/push_transposes.ts";
import type { Accelerator, ProductPrecision } from "./accelerators.ts";
import { type Cost, nodeCost } from "./node_cost.ts";

/** Part of what a model computes, and what it costs. */
export interface NamedCost extends Cost {
  /** Operator, as in `Conv`. */
  readonly operator: string;
  /** Path of the layer in whose name it was made, such as `backbone.layer1.0.conv1`; empty outside of layers. */
  readonly layer: string;
}

/**
 * Seconds from one launch of a kernel to the next where the host is what takes the time, in ONNX Runtime as in PyTorch's
 * eager mode.
 */
export const LAUNCH_SECONDS = 5e-6;

/**
 * What each node of a model costs, in the order of the model, once nodes that compute the same are one.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { input } from "../../graph/value.ts";
 * import { encodeModel } from "../../onnx/encode_model.ts";
 * import { traceModel } from "../../onnx/model_trace.ts";
 * import { exp } from "../../ops/exp.ts";
 * import { modelCosts } from "./estimate.ts";
 *
 * const y = exp(input("x", "float32", [4]));
 * const model = encodeModel({ outputs: { y }, typed: true });
 * assertEquals(modelCosts(traceModel(model)), [
 *   { operator: "Exp", layer: "", multiplyAdds: 0, bytes: 32, launches: 1 },
 * ]);
 * ```
 */
export function modelCosts(trace: ModelTrace): NamedCost[] {
  const model = withFoldedConstants(pushTransposes(mergeEqualNodes(trace)));
  return model.nodes.map((node) => ({
    operator: node.type,
    layer: layerOf(node.outputs[0]!),
    ...nodeCost(node, model),
  })).filter(({ launches }) => launches > 0);
}

/** A model that knows what is fixed because all that it is made from is. */
function withFoldedConstants(trace: ModelTrace): ModelTrace {
  const constants = new Set(trace.constants);
  for (const { inputs, outputs } of trace.nodes) {
    if (inputs.every((name) => name === "" || constants.has(name))) {
      for (const name of outputs) constants.add(name);
    }
  }
  return { ...trace, constants };
}

/** The layer in whose name a value was made: `layer1.0.bn1` of `layer1.0.bn1/Mul_12`. */
function layerOf(output: string): string {
  const slash = output.lastIndexOf("/");
  return slash === -1 ? "" : output.slice(0, slash);
}

/**
 * Seconds that a device takes at least for a kernel or several: as long as its products take at the peak rate, as its
 * bytes at the peak bandwidth, or as the host needs to launch it, whichever is longest.
 *
 * A roofline (Williams, Waterman & Patterson 2009) with a floor for each launch. Real kernels reach a part of the peaks;
 * what the figure is good for is to compare two ways to compute the same.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ACCELERATORS } from "./accelerators.ts";
 * import { kernelSeconds } from "./estimate.ts";
 *
 * const copy = { multiplyAdds: 0, bytes: 4.8e9, launches: 1 };
 * assertEquals(kernelSeconds(copy, ACCELERATORS.h200, "tf32"), 1e-3);
 * ```
 *
 * @param launch seconds from one launch to the next
 */
export function kernelSeconds(
  { multiplyAdds, bytes, launches }: Cost,
  { rates, bandwidth }: Accelerator,
  precision: ProductPrecision,
  launch: number = LAUNCH_SECONDS,
): number {
  return Math.max(2 * multiplyAdds / rates[precision], bytes / bandwidth, launches * launch);
}
