/**
 * The networks whose convolutions are timed, and which convolutions they have.
 *
 * @module
 */
import type { BackboneOptions } from "../core/backbones/backbone.ts";
import { backbone } from "../core/backbones/registry.ts";
import { input } from "../core/engine/graph/value.ts";
import { Scope } from "../core/engine/nn/scope.ts";
import { type ConvProblem, problemKey } from "../core/engine/ops/convolution/problem.ts";
import { observeConvolutions } from "../core/engine/ops/convolution/tuning.ts";

/** A network on a batch of images. */
export interface Configuration {
  readonly name: string;
  /** Default: the name. */
  readonly network?: string;
  readonly batch: number;
  readonly size: number;
  readonly options?: BackboneOptions;
}

/** What is timed. */
export const CONFIGURATIONS: readonly Configuration[] = [
  { name: "resnet18", batch: 64, size: 32, options: { stem: "small" } },
  { name: "crops", network: "resnet18", batch: 256, size: 16, options: { stem: "small" } },
  { name: "demo", network: "resnet18", batch: 64, size: 32 },
  { name: "resnet50", batch: 8, size: 224 },
  { name: "vit_small_patch16_224", batch: 8, size: 224 },
  { name: "convnext_base", batch: 8, size: 224 },
];

/** A convolution of a network, and how often the network has it. */
export interface CountedProblem {
  readonly problem: ConvProblem;
  readonly count: number;
}

/** The convolutions of a network, each once. */
export function convolutionsOf(
  { name, network = name, batch, size, options }: Configuration,
): CountedProblem[] {
  const found = new Map<string, CountedProblem>();
  const note = (problem: ConvProblem) => {
    const key = problemKey(problem);
    found.set(key, { problem, count: (found.get(key)?.count ?? 0) + 1 });
  };
  const images = input("images", "float32", [batch, 3, size, size]);
  observeConvolutions(note, () => {
    backbone(network, options ?? {}).apply(new Scope({ training: true }), images);
  });
  return [...found.values()];
}

/** Whether the gradient by the input is of use: that of the first convolution is by the images. */
export function needsInputGradient({ x }: ConvProblem): boolean {
  return x[1] !== 3;
}
