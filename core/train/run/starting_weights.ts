/**
 * The weights with which a run starts.
 *
 * @module
 */
import {
  type BackboneWeights,
  describeBackboneWeights,
  openBackboneWeights,
} from "../../encoders/backbone_weights.ts";
import { sameType, type Tensor } from "../../engine/graph/tensor.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import { followedBy } from "../step/momentum_encoder.ts";
import type { RunOrigin } from "./run_origin.ts";
import type { RunPlan } from "./run_plan.ts";
import type { TrainOptions } from "./train_options.ts";

const BACKBONE = "backbone.";

/** Initial values with a backbone's weights in their places; the momentum encoder's are the online encoder's. */
function withBackbone(
  initial: ReadonlyMap<string, Tensor>,
  { tensors, path }: BackboneWeights,
): Map<string, Tensor> {
  return new Map([...initial].map(([name, value]) => {
    const online = followedBy(name) ?? name;
    const found = online.startsWith(BACKBONE)
      ? tensors.get(online.slice(BACKBONE.length))
      : undefined;
    if (found !== undefined && !sameType(found, value)) {
      throw new GenviewTypeError(`Cannot start from ${path}: "${online}" has another shape there`);
    }
    return [name, found ?? value];
  }));
}

/**
 * Initial values with the weights in the backbone's place that `from` names; says what was read.
 *
 * @throws {TypeError} if none of the backbone's tensors is found, or some have other shapes
 * @throws {Deno.errors.NotFound} if there is no such file or folder
 */
export async function startingWeights(
  initial: ReadonlyMap<string, Tensor>,
  { backbone }: RunPlan,
  { configuration: { imageSize }, from, report }:
    & Pick<TrainOptions, "configuration" | "report">
    & Pick<RunOrigin, "from">,
): Promise<ReadonlyMap<string, Tensor>> {
  if (from === undefined) return initial;
  const weights = await openBackboneWeights(from, backbone, { size: imageSize });
  report?.({ kind: "note", message: `starts with ${describeBackboneWeights(weights)}` });
  return withBackbone(initial, weights);
}
