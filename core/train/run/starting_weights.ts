/**
 * The weights with which a run starts.
 *
 * @module
 */
import { describeBackboneWeights, openBackboneWeights } from "../../encoders/backbone_weights.ts";
import { describeHeadWeights, openHeadWeights } from "../../encoders/head_weights.ts";
import { sameType, type Tensor } from "../../engine/graph/tensor.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import { followedBy } from "../step/momentum_encoder.ts";
import type { RunOrigin } from "./run_origin.ts";
import type { RunPlan } from "./run_plan.ts";
import type { TrainOptions } from "./train_options.ts";

const BACKBONE = "backbone.";

/** Initial values with weights in their places; where there is no moving average, it is what it follows. */
function withWeights(
  initial: ReadonlyMap<string, Tensor>,
  weights: ReadonlyMap<string, Tensor>,
  path: string,
): Map<string, Tensor> {
  return new Map([...initial].map(([name, value]) => {
    const found = weights.get(name) ?? weights.get(followedBy(name) ?? "");
    if (found !== undefined && !sameType(found, value)) {
      throw new GenviewTypeError(`Cannot start from ${path}: "${name}" has another shape there`);
    }
    return [name, found ?? value];
  }));
}

/**
 * Initial values with the weights in the backbone's place that `from` names, and in those of the method's heads if
 * `fromHeads` is set; says what was read.
 *
 * @throws {TypeError} if none of the backbone's tensors is found, or of the heads', or some have other shapes
 * @throws {Deno.errors.NotFound} if there is no such file or folder
 */
export async function startingWeights(
  initial: ReadonlyMap<string, Tensor>,
  { backbone, recipes }: RunPlan,
  { from, fromHeads = false, report }:
    & Pick<TrainOptions, "report">
    & Pick<RunOrigin, "from" | "fromHeads">,
): Promise<ReadonlyMap<string, Tensor>> {
  if (from === undefined) return initial;
  const weights = await openBackboneWeights(from, backbone, { size: recipes[0]!.size });
  report?.({ kind: "note", message: `starts with ${describeBackboneWeights(weights)}` });
  const all = new Map([...weights.tensors].map(([name, value]) => [BACKBONE + name, value]));
  if (!fromHeads) return withWeights(initial, all, weights.path);
  const heads = await openHeadWeights(from, initial);
  report?.({ kind: "note", message: `starts with ${describeHeadWeights(heads)}` });
  for (const [name, value] of heads.tensors) all.set(name, value);
  return withWeights(initial, all, weights.path);
}
