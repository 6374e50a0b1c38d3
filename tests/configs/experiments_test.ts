/**
 * Every preset of every method and every experiment of GenView: its whole graphs, its number of parameters, and two steps
 * at a small size.
 */
import { assert, assertEquals } from "@std/assert";
import { bundledConfigurations } from "../../configs/mod.ts";
import { viewRecipes } from "../../core/data/mod.ts";
import type { Configuration } from "../../core/method/configuration.ts";
import type { LoadedMethod } from "../../core/method/load.ts";
import { readConfiguration } from "../../core/method/read_configuration.ts";
import { presetOf, resolveConfiguration } from "../../core/method/resolve_configuration.ts";
import { openCompiler } from "../../core/train/compile/method_compiler.ts";
import type { MethodFacts } from "../../core/train/step/method_facts.ts";
import { unusedInputs } from "../../core/train/step/method_inputs.ts";
import { checkScheduled } from "../../core/train/run/check_scheduled.ts";
import { bundledMethods } from "../../plugins/mod.ts";
import { importMethod } from "../plugins/imported_method.ts";
import { reduced, twoSteps } from "./reduced_run.ts";

/** Parameters of the experiments, those of the momentum encoder among them, as mmpretrain's metafiles state them. */
const TOTALS: Readonly<Record<string, number>> = {
  "simsiam_resnet50": 38_199_360,
  "mocov2_resnet50": 55_933_312,
  "mocov3_resnet50": 68_012_160,
  "mocov3_vit-small": 84_266_752,
  "mocov3_vit-base": 215_678_464,
  "byol_resnet50": 68_024_448,
  "swav_resnet50": 28_354_752,
};

/** A graph of so many nodes would take ONNX Runtime minutes to load. */
const MOST_NODES = 25_000;

interface Experiment {
  readonly name: string;
  readonly method: LoadedMethod;
  readonly configuration: Configuration;
}

const methods = await Promise.all(
  Object.keys(bundledMethods).map(importMethod),
);

const presets: Experiment[] = methods.flatMap((method) =>
  Object.keys(method.manifest.presets).map((name) => ({
    name: `${method.manifest.name}'s preset ${name}`,
    method,
    configuration: resolveConfiguration(presetOf(method.manifest, name)),
  }))
);

const experiments: Experiment[] = await Promise.all(
  Object.keys(bundledConfigurations).map(async (name) => {
    const file = await readConfiguration(name, bundledConfigurations);
    const method = methods.find(({ manifest }) => manifest.name === file.method)!;
    return { name, method, configuration: resolveConfiguration(file.configuration) };
  }),
);

/** What whole graphs depend on: not the images, nor how they are cut. */
function graphKey({ method, configuration }: Experiment): string {
  const { data: _, variations: _v, variationViews: _w, views: _r, qualityEncoder: _q, ...rest } =
    configuration;
  const { variationKey: _k, epochs: _e, learningRate: _l, ...kept } = rest;
  const sizes = viewRecipes(configuration).map(({ size }) => size);
  return JSON.stringify([method.manifest.name, sizes, kept]);
}

const built = new Map<string, Promise<MethodFacts>>();

/** Builds the whole graphs of an experiment, once for all that have the same. */
function build(experiment: Experiment): Promise<MethodFacts> {
  const key = graphKey(experiment);
  const known = built.get(key) ?? buildAnew(experiment);
  built.set(key, known);
  return known;
}

async function buildAnew({ method, configuration }: Experiment): Promise<MethodFacts> {
  await using compiler = openCompiler(method);
  const viewSizes = viewRecipes(configuration).map(({ size }) => size);
  const request = { configuration, viewSizes, tuning: {} };
  const { kind, built } = await compiler.step(request);
  const models = kind === "whole"
    ? [built.gradients, built.update]
    : [built.forward, built.loss, built.backward, built.update];
  // A node takes more than 40 bytes.
  for (const { length } of models) assert(length > 0 && length < 100 * MOST_NODES, `${length}`);
  assertEquals(built.warnings, []);
  return await compiler.inspect(request);
}

Deno.test("every method has presets for ImageNet, for CIFAR and for the demonstration", () => {
  for (const { manifest } of methods) {
    const names = Object.keys(manifest.presets);
    for (const name of ["imagenet", "cifar", "demo"]) assert(names.includes(name), manifest.name);
    assertEquals(names[0], "imagenet", manifest.name);
  }
});

for (const experiment of [...presets, ...experiments]) {
  const { name, method, configuration } = experiment;
  Deno.test(`${name}: whole graphs of gradients and update, nothing configured in vain`, async () => {
    const facts = await build(experiment);
    assertEquals(checkScheduled(facts, configuration), []);
    assertEquals(unusedInputs(facts, configuration.qualityEncoder !== ""), []);
    const known = Object.entries(TOTALS).find(([start]) => name.startsWith(start));
    if (known === undefined) return;
    const { parameters, fixedParameters, momentumParameters } = facts;
    assertEquals(parameters + fixedParameters + momentumParameters, known[1]);
  });

  Deno.test(`${name}: two steps at a small size`, async () => {
    const small = reduced(method, configuration);
    const { losses, generated, unchanged } = await twoSteps(method, small);
    assertEquals(losses.length, 2);
    assert(losses.every(Number.isFinite), `${losses}`);
    // One view of each pair is of a variation: of SwAV's, one of the two global ones.
    const share = 1 / viewRecipes(small).length;
    assertEquals(
      generated,
      configuration.variations === "" ? [undefined, undefined] : [share, share],
    );
    const { zeroInitResidual, warmupEpochs, warmupStartFactor } = configuration;
    // Where the first step has no learning rate, the branches still end in zeros in the second, without gradients.
    const isBlocked = zeroInitResidual && warmupEpochs > 0 && warmupStartFactor === 0;
    const still = isBlocked ? /layer\d\.\d\.bn[12]/ : /prototypes|last_layer/;
    assertEquals(unchanged.filter((parameter) => !still.test(parameter)), []);
  });
}
