/**
 * A network that classifies, as a training step that benchmarks compare with PyTorch's.
 *
 * @module
 */
import { backbone } from "../core/backbones/registry.ts";
import { int64, type Tensor, zeros } from "../core/engine/graph/tensor.ts";
import { constant, input } from "../core/engine/graph/value.ts";
import { linear } from "../core/engine/nn/linear.ts";
import { Scope } from "../core/engine/nn/scope.ts";
import { pairWeightsName, viewName } from "../core/engine/optim/mod.ts";
import { crossEntropy } from "../core/losses/mod.ts";
import type { StepGraph } from "../core/train/step/method_step.ts";
import { hashedParameter, hashedTensor } from "../tests/core/engine/nn/hashed_values.ts";

const CLASSES = 1000;

/** A network that classifies, as a step is built of it. */
export type Classification = StepGraph & { readonly scope: Scope };

/** Classification of fixed labels into 1000 classes, in the shape that a training step takes. */
export function classification(name: string, batch: number, size: number): Classification {
  const scope = new Scope({ training: true });
  const images = input(viewName(0), "float32", [batch, 3, size, size]);
  const network = backbone(name, size <= 64 ? { stem: "small" } : {});
  const features = scope.enter("backbone", (inner) => network.apply(inner, images));
  const logits = linear(scope, "fc", features, { width: CLASSES });
  const labels = Array.from(
    hashedTensor("labels", [batch]).data,
    (value) => Math.floor((value + 1) / 2 * CLASSES),
  );
  return {
    loss: crossEntropy(logits, constant(int64([batch], labels))),
    embeddings: features,
    scope,
    views: [images],
    pairs: [{ views: [0, 1], input: input(pairWeightsName(0, 1), "float32", [batch]) }],
    scheduled: new Map(),
    counters: [],
    permutations: new Map(),
    constraints: new Map(),
    frozen: new Map(),
  };
}

/** Hashed values under the names that torchvision and timm give. */
export function hashedWeights({ scope }: Classification, name: string): Map<string, Tensor> {
  const classifier = name.startsWith("vit") ? "head." : "fc.";
  return new Map(
    [...scope.declarations].map(([full, { value: { type: { dtype, shape } } }]) => {
      const published = full.replace(/^backbone\./, "").replace(/^fc\./, classifier);
      const value = dtype === "int64" ? zeros(dtype, shape) : hashedParameter(published, shape);
      return [full, value];
    }),
  );
}
