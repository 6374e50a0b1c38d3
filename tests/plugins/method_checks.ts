/**
 * What every method that comes with the SDK must do.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { backbone } from "../../core/backbones/registry.ts";
import { viewRecipes } from "../../core/data/views/named_views.ts";
import { elementCount } from "../../core/engine/graph/shape.ts";
import type { ParameterRule } from "../../core/engine/optim/mod.ts";
import type { LoadedMethod } from "../../core/method/load.ts";
import { presetOf, resolveConfiguration } from "../../core/method/resolve_configuration.ts";
import { checkScheduled } from "../../core/train/run/check_scheduled.ts";
import { factsOf } from "../../core/train/step/method_facts.ts";
import { buildMethodGraph, type MethodGraph } from "../../core/train/step/method_graph.ts";
import { graphOf, stepOf, writeViews } from "../core/train/small_methods.ts";

/** The graph of a preset, at its own sizes, and of its own batch unless another is given. */
export function presetGraph(method: LoadedMethod, name: string, batchSize?: number): MethodGraph {
  const configuration = resolveConfiguration(presetOf(method.manifest, name));
  const { backbone: network, stem, zeroInitResidual, options } = configuration;
  return buildMethodGraph(method, {
    backbone: backbone(network, { stem, zeroInitResidual }),
    viewSizes: viewRecipes(configuration).map(({ size }) => size),
    batchSize: batchSize ?? configuration.batchSize,
    options,
  });
}

/** Elements of all parameters below a name, trained or following by a moving average; of all without a name. */
export function countElements({ scope }: MethodGraph, below = ""): number {
  return [...scope.declarations.values()]
    .filter(({ name, kind }) => kind !== "buffer" && name.startsWith(below))
    .reduce((sum, { value }) => sum + elementCount(value.shape), 0);
}

/** What recipes by LARS leave out: batch norm's scales and biases. */
export const LARS_EXCLUSIONS: readonly ParameterRule[] = ["bn", "bias", "downsample.1"].map((
  pattern,
) => ({ pattern, weightDecayScale: 0, excludeFromLars: true }));

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
  const { manifest: { name, title, presets, lossRange } } = method;

  for (const preset of Object.keys(presets)) {
    Deno.test(`${title}'s preset ${preset} resolves, with all that it reads scheduled and no rule in vain`, () => {
      const configuration = resolveConfiguration(presetOf(method.manifest, preset));
      const graph = presetGraph(method, preset);
      assertEquals(graph.loss.shape, []);
      assertEquals(checkScheduled(factsOf(() => graph), configuration), []);
      const parameters = [...graph.scope.declarations.keys()];
      for (const { pattern } of configuration.parameterRules) {
        assert(parameters.some((parameter) => parameter.includes(pattern)), pattern);
      }
      const { random, healthy } = graph.lossRange ?? lossRange;
      assert(random[0] < random[1] && healthy[0] < healthy[1], `${random} ${healthy}`);
    });
  }

  Deno.test(`${title} starts in the range that it tells`, async () => {
    for (const seed of ["first", "second", "third"]) {
      const graph = graphOf(method, options);
      using step = await stepOf(graph);
      writeViews(step, seed);
      const scalars = { learning_rate: 0, weight_decay: 0, average_rate: 0 };
      const { loss } = await step.run(scalars, { seed: 0, step: 0 });
      const [low, high] = (graph.lossRange ?? lossRange).random;
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
