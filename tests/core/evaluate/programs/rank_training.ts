/**
 * Trains a probe and fine-tunes on augmented images on several ranks, and compares both with one process. The argument is
 * a folder for checkpoints.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Backbone } from "../../../../core/backbones/backbone.ts";
import { visionTransformer } from "../../../../core/backbones/vision_transformer.ts";
import { type Dataset, openData, subset } from "../../../../core/data/mod.ts";
import { inProcessGroup, type ProcessGroup } from "../../../../core/distributed/mod.ts";
import type { Tensor } from "../../../../core/engine/graph/tensor.ts";
import { CPU } from "../../../../core/engine/ort/mod.ts";
import { augmentedProbe } from "../../../../core/evaluate/augmented_probe.ts";
import type { ClassifierResult } from "../../../../core/evaluate/classifier_training.ts";
import { EpochCheckpoints } from "../../../../core/evaluate/epoch_checkpoints.ts";
import { fineTune } from "../../../../core/evaluate/fine_tune.ts";
import {
  buildFineTuning,
  type FineTuningGraphOptions,
} from "../../../../core/evaluate/fine_tuning_graph.ts";
import { fineTuningRecipe } from "../../../../core/evaluate/fine_tuning_recipes.ts";
import { LINEAR_PROBE_RECIPES } from "../../../../core/evaluate/linear_probe_recipes.ts";
import { type SupervisedData, supervisedData } from "../../../../core/evaluate/supervised_data.ts";
import { SIZE, smallBackbone } from "../../train/small_methods.ts";
import { placedBackbone, RECIPE } from "../colored_images.ts";

/** The three largest classes of emoji, some of each, one of which cannot be read. */
async function emoji(): Promise<SupervisedData> {
  const all = await openData("emoji-twitter");
  const byClass = Map.groupBy(Array(all.length).keys(), (index) => all.sample(index).label!);
  const largest = [...byClass.values()].sort((a, b) => b.length - a.length).slice(0, 3);
  const part = (from: number, to: number, damaged: number): Dataset => {
    const some = subset(all, largest.flatMap((members) => members.slice(from, to)));
    const source = {
      kind: "encoded",
      name: `damaged ${from}.png`,
      read: () => Promise.resolve(new Uint8Array(8)),
    } as const;
    return {
      ...some,
      sample: (i) => ({ ...some.sample(i), ...(i === damaged && { source }) }),
    };
  };
  return await supervisedData({ bank: part(0, 14, 5), queries: part(14, 44, 80) });
}

interface Run {
  readonly result: ClassifierResult;
  readonly warnings: readonly string[];
  readonly done: readonly number[];
}

type Train = (
  options: {
    readonly group: ProcessGroup | undefined;
    readonly onWarning: (message: string) => void;
    readonly onProgress: (event: { readonly done: number }) => void;
  },
) => Promise<ClassifierResult>;

async function watched(group: ProcessGroup | undefined, train: Train): Promise<Run> {
  const warnings: string[] = [];
  const done: number[] = [];
  const result = await train({
    group,
    onWarning: (message) => warnings.push(message),
    onProgress: (event) => done.push(event.done),
  });
  return { result, warnings, done };
}

/** Compares what ranks find with what one process finds. */
function compare(name: string, rank: number, together: Run, alone: Run, tolerance: number): void {
  const { losses, top1, top5, ...facts } = together.result;
  const { losses: expected, top1: first, top5: five, ...same } = alone.result;
  assertEquals(facts, { ...same, ...("deviceBatchSize" in facts && facts) });
  assertEquals(losses.length, expected.length);
  for (const [epoch, loss] of expected.entries()) {
    const drift = Math.abs(losses[epoch]! - loss);
    assert(drift < tolerance, `${name}, epoch ${epoch}: ${losses[epoch]} must be ${loss}`);
  }
  // Of ninety images, one may lie on the border of two classes.
  for (const [found, share] of [[top1, first], [top5, five]]) {
    assert(Math.abs(found! - share!) < 0.012, `${name}: ${found} must be ${share}`);
  }
  if (rank > 0) assertEquals([together.warnings, together.done], [[], []]);
  else {
    assertEquals([...together.warnings].sort(), [...alone.warnings].sort());
    assertEquals(together.done.at(-1), together.result.epochs * together.result.batchSize * 3);
  }
}

/** Initial values of a network. */
function initial(
  backbone: Backbone,
  recipe: FineTuningGraphOptions["recipe"],
): ReadonlyMap<string, Tensor> {
  const { normalize } = RECIPE;
  const graph = buildFineTuning({
    ...{ backbone, batchSize: 2, classes: 3, size: SIZE, normalize, recipe },
  });
  return graph.scope.initialize(4);
}

if (import.meta.main) {
  const [folder] = Deno.args as [string];
  await inProcessGroup(async (group) => {
    assert(group !== undefined, "several ranks");
    const data = await emoji();
    const common = { evaluation: RECIPE, batchSize: 12, threads: 1, seed: 3 };
    const checkpoints = (name: string, shared: ProcessGroup | undefined) =>
      new EpochCheckpoints({
        ...{ folder: `${folder}/${name}`, method: name, identity: {}, configuration: {} },
        group: shared,
      });

    using stack = new DisposableStack();
    const placed = placedBackbone(stack);
    const probe = { ...LINEAR_PROBE_RECIPES["lightly"]!, learningRate: 3 };
    const run = (epochs: number): Train => (control) =>
      augmentedProbe(placed, data, {
        ...{ ...common, ...control, recipe: probe, epochs },
        ...(control.group && { checkpoints: checkpoints("probe", control.group) }),
      });
    const alone = await watched(undefined, run(3));
    const together = await watched(group, run(3));
    compare("probe", group.rank, together, alone, 1e-5);
    // From the checkpoint of its end, which all see, it is only tested.
    const again = await watched(group, run(3));
    assertEquals([again.result, again.done], [together.result, []]);

    const recipes = {
      simclr: fineTuningRecipe("simclr", 0.1),
      vit: { ...fineTuningRecipe("vit", 1), learningRate: 0.01, course: { kind: "constant" } },
    } as const;
    const vit: Backbone = {
      name: "small vit",
      width: 8,
      apply: (scope, images) =>
        visionTransformer(scope, images, { patch: 3, width: 8, depth: 2, heads: 2 }),
    };
    for (const [name, recipe] of Object.entries(recipes)) {
      const backbone = name === "vit" ? vit : smallBackbone;
      const tensors = initial(backbone, recipe);
      const tune: Train = (control) =>
        fineTune({ backbone, tensors, device: CPU, threads: 1 }, data, {
          ...{ ...common, ...control, recipe, epochs: 3 },
          // Ranks mix images within their parts.
          ...(control.group === undefined && name === "vit" && { deviceBatchSize: 6 }),
          ...(control.group && { checkpoints: checkpoints(name, control.group) }),
        });
      const expected = await watched(undefined, tune);
      compare(name, group.rank, await watched(group, tune), expected, 1e-4);
    }
    if (group.rank === 0) console.log("trained the same");
  });
}
