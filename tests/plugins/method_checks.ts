/**
 * What every method that comes with the SDK must do.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { backbone } from "../../core/backbones/registry.ts";
import type { ParameterRule } from "../../core/engine/optim/mod.ts";
import type { LoadedMethod } from "../../core/method/load.ts";
import { buildMethodGraph } from "../../core/train/step/method_graph.ts";
import { graphOf, smallBackbone, stepOf, writeViews } from "../core/train/small_methods.ts";
import { presetGraphs } from "./preset_graphs.ts";

/** What recipes by LARS leave out: batch norm's scales and biases. */
export const LARS_EXCLUSIONS: readonly ParameterRule[] = ["bn", "bias", "downsample.1"].map((
  pattern,
) => ({ pattern, weightDecayScale: 0, excludeFromLars: true }));

/** What a guess costs in a preset: the loss at which the method has collapsed. */
export async function chanceOf(method: LoadedMethod, preset: string): Promise<number> {
  const { graph } = (await presetGraphs(method)).get(preset)!;
  return (graph.lossRange ?? method.manifest.lossRange)!.collapsed;
}

/** The pairs of views whose weights the loss of a method reads, on views of these sizes. */
export function weightedPairs(
  method: LoadedMethod,
  viewSizes: readonly number[],
  options: Readonly<Record<string, unknown>>,
): (readonly [number, number])[] {
  const given = { backbone: smallBackbone, viewSizes, batchSize: 4, options };
  return buildMethodGraph(method, given).pairs.map(({ views }) => views);
}

/** The loss of a method on a batch of two small views, from the weights of a seed that is always the same. */
export async function lossOf(
  method: LoadedMethod,
  options: Readonly<Record<string, unknown>>,
): Promise<number> {
  using step = await stepOf(graphOf(method, options));
  writeViews(step, "batch");
  return (await step.run({ learning_rate: 0, weight_decay: 0, average_rate: 0 })).loss;
}

/** What a method is tested with. */
export interface MethodChecks {
  /** Options that make it small. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Options that it refuses, and what it says of them. */
  readonly refused: readonly (readonly [Readonly<Record<string, unknown>>, string])[];
  /** Numbers of views that it refuses. */
  readonly refusedViews: readonly number[];
}

/** Tests a method's presets, where its loss starts, and what it refuses. */
export function testMethod(
  method: LoadedMethod,
  { options, refused, refusedViews }: MethodChecks,
): void {
  const { manifest: { name, title, lossRange } } = method;

  Deno.test(`${title}'s presets are configurations of networks that there are`, async () => {
    for (const [preset, { graph }] of await presetGraphs(method)) {
      assertEquals(graph.loss.shape, [], preset);
      const { random, healthy } = (graph.lossRange ?? lossRange)!;
      assert(random[0] < random[1] && healthy[0] < healthy[1], `${random} ${healthy}`);
    }
  });

  Deno.test(`${title} starts in the range that it tells`, async () => {
    for (const seed of ["first", "second", "third"]) {
      const graph = graphOf(method, options);
      using step = await stepOf(graph);
      writeViews(step, seed);
      const scalars = { learning_rate: 0, weight_decay: 0, average_rate: 0 };
      const { loss } = await step.run(scalars, { seed: 0, step: 0 });
      const [low, high] = (graph.lossRange ?? lossRange)!.random;
      assert(loss > low && loss < high, `the loss must be in [${low}, ${high}], found ${loss}`);
    }
  });

  Deno.test(`${title} refuses wrong options and numbers of views`, () => {
    const build = (given: Readonly<Record<string, unknown>>, views = 2) =>
      buildMethodGraph(method, {
        backbone: backbone("resnet18", { stem: "small" }),
        viewSizes: new Array<number>(views).fill(16),
        batchSize: 6,
        options: given,
      });
    for (const [given, message] of refused) assertThrows(() => build(given), TypeError, message);
    for (const views of refusedViews) {
      const message = `Cannot build method "${name}": it takes `;
      assertThrows(() => build({}, views), TypeError, message);
    }
  });
}
