/**
 * Operators of float16 by CUDA's formulations, computed on the CPU with the same roundings, and the same of other types.
 */
import { decodeNumbers, encodeNumbers } from "../../../../core/engine/graph/numbers.ts";
import { type GraphTarget, withTarget } from "../../../../core/engine/graph/target.ts";
import { float32, type Tensor, tensor } from "../../../../core/engine/graph/tensor.ts";
import { input, type Value } from "../../../../core/engine/graph/value.ts";
import { cast } from "../../../../core/engine/ops/cast.ts";
import { roundWithoutKernels } from "../../../../core/engine/step/round_without_kernels.ts";
import { runGraph } from "../../../run_graph.ts";

export type Tensors = Readonly<Record<string, Tensor>>;

/** CUDA's formulations, on the CPU. */
export const AS_CUDA: GraphTarget = { provider: "cuda", computedBy: "cpu" };

/** Numbers as float16 has them. */
export function rounded({ shape, data }: Tensor): Tensor<"float32"> {
  const narrow = encodeNumbers("float16", data as ArrayLike<number>);
  return float32(shape, Array.from(decodeNumbers(tensor("float16", shape, narrow))));
}

/** What a graph for a target makes of tensors of float32, in float32. */
export async function computed(
  given: Tensors,
  target: GraphTarget,
  build: (inputs: Readonly<Record<string, Value>>) => Readonly<Record<string, Value>>,
): Promise<Tensors> {
  const inputs = Object.fromEntries(
    Object.entries(given).map(([name, { shape }]) => [name, input(name, "float32", shape)]),
  );
  const outputs = withTarget(target, () =>
    Object.fromEntries(
      Object.entries(build(inputs)).map(([name, value]) => [
        `${name} out`,
        cast(value, "float32"),
      ]),
    ));
  const results = await runGraph(roundWithoutKernels(outputs), given);
  return Object.fromEntries(
    Object.entries(results).map(([name, value]) => [name.replace(" out", ""), value]),
  );
}
