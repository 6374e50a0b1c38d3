/**
 * SimSiam with a small ResNet or vision transformer, whose steps are compared between devices and formulations.
 *
 * @module
 */
import type { Backbone } from "../../../core/backbones/backbone.ts";
import { resNet } from "../../../core/backbones/resnet.ts";
import {
  visionTransformer,
  type VisionTransformerConfig,
} from "../../../core/backbones/vision_transformer.ts";
import { type GraphTarget, withTarget } from "../../../core/engine/graph/target.ts";
import { checkMethod } from "../../../core/method/load.ts";
import { buildMethodGraph, type MethodGraph } from "../../../core/train/step/method_graph.ts";
import type { TrainingStep } from "../../../core/train/step/training_step.ts";
import simsiam from "../../../plugins/simsiam/mod.ts";
import { writeViews } from "./small_methods.ts";

/** Two basic blocks behind the stem of ImageNet, which pools maxima. */
export const smallResNet: Backbone = {
  name: "a small ResNet",
  width: 32,
  apply: (scope, images) =>
    resNet(scope, images, { block: "basic", depths: [1, 1], channels: [16, 32] }).features,
};

/** A vision transformer of width 32 with two heads. */
export function smallTransformer(
  name: string,
  options: Omit<VisionTransformerConfig, "width" | "heads">,
): Backbone {
  return {
    name,
    width: 32,
    apply: (scope, images) => visionTransformer(scope, images, { ...options, width: 32, heads: 2 }),
  };
}

/** SimSiam's graph for a target, on two views of a size. */
export function simsiamGraph(
  target: GraphTarget,
  backbone: Backbone,
  { size, batchSize }: { readonly size: number; readonly batchSize: number },
): MethodGraph {
  return withTarget(target, () =>
    buildMethodGraph(checkMethod(simsiam, "simsiam"), {
      backbone,
      viewSizes: [size, size],
      batchSize,
      options: { projectorWidth: 16, projectorLayers: 2, predictorWidth: 8 },
    }));
}

/** Takes some steps on batches that a name determines; the loss before each. */
export async function takeSteps(
  step: TrainingStep,
  count: number,
  batches: string,
): Promise<number[]> {
  const scalars = Object.fromEntries(
    step.scalars.map((name) => [name, name === "learning_rate" ? 1e-3 : 1e-4]),
  );
  const losses: number[] = [];
  for (let i = 0; i < count; i++) {
    writeViews(step, `${batches} ${i}`);
    losses.push((await step.run(scalars)).loss);
  }
  return losses;
}
