/** The presets for ImageNet beside the experiments, and what is common to the recipes of one kind. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { bundledConfigurations } from "../../configs/mod.ts";
import { scaledLearningRate } from "../../core/engine/optim/mod.ts";
import type { Configuration } from "../../core/method/configuration.ts";
import { readConfiguration } from "../../core/method/read_configuration.ts";
import { presetOf, resolveConfiguration } from "../../core/method/resolve_configuration.ts";
import { viewRecipes } from "../../core/data/views/named_views.ts";
import { buildMethodGraph } from "../../core/train/step/method_graph.ts";
import { bundledMethods } from "../../plugins/mod.ts";
import { smallBackbone } from "../core/train/small_methods.ts";
import { importMethod } from "../plugins/imported_method.ts";

/** Presets, and the experiments that are the same recipe. */
const SAME = [
  ["simsiam", "imagenet", "simsiam_resnet50_8xb32-coslr-200e_in1k"],
  ["moco-v2", "imagenet", "mocov2_resnet50_8xb32-coslr-200e_in1k"],
  ["moco-v3", "imagenet", "mocov3_resnet50_8xb512-amp-coslr-300e_in1k"],
  ["moco-v3", "imagenet-vit", "mocov3_vit-small-p16_16xb256-amp-coslr-300e_in1k"],
  ["byol", "imagenet", "byol_resnet50_16xb256-coslr-200e_in1k"],
  ["swav", "imagenet", "swav_resnet50_8xb32-mcrop-coslr-200e_in1k-224px-96px"],
] as const;

/** What a recipe does not depend on: where data lie, how a batch is cut, and how often a run is kept. */
const APART = ["data", "evaluationData", "deviceBatchSize", "checkpointEvery", "keepCheckpoints"];

/** A recipe, with its learning rates at its own batch. */
function recipeOf({ baseBatchSize, ...configuration }: Configuration) {
  const { batchSize, learningRate, minimumLearningRate } = configuration;
  const scaled = (rate: number) => scaledLearningRate(rate, batchSize, baseBatchSize);
  const rates = [scaled(learningRate), scaled(minimumLearningRate)];
  const rest = Object.entries(configuration).filter(([name]) =>
    ![...APART, "learningRate", "minimumLearningRate", "options"].includes(name)
  );
  return { rates, rest: Object.fromEntries(rest), options: configuration.options };
}

for (const [name, preset, experiment] of SAME) {
  Deno.test(`${name}'s preset ${preset} is the recipe of ${experiment}`, async () => {
    const { manifest } = await importMethod(name);
    const file = await readConfiguration(experiment, bundledConfigurations);
    const own = recipeOf(resolveConfiguration(presetOf(manifest, preset)));
    const published = recipeOf(resolveConfiguration(file.configuration));
    own.rates.forEach((rate, i) => assertAlmostEquals(rate, published.rates[i]!, 1e-12));
    assertEquals(own.rest, published.rest);
    const defaults = Object.entries(manifest.options.properties ?? {}).map((
      [option, schema],
    ) => [option, (schema as { readonly default: unknown }).default]);
    const known = Object.fromEntries(defaults);
    // An experiment says all of its options but those that only more views or weights of pairs have.
    for (const [option, value] of Object.entries(published.options)) {
      assertEquals({ ...known, ...own.options }[option], value, option);
    }
    for (const option of Object.keys(own.options)) {
      assertEquals(own.options[option], published.options[option], option);
    }
  });
}

Deno.test("batch norm takes the samples of all processes but where keys are shuffled among them instead", async () => {
  const found: string[] = [];
  for (const name of Object.keys(bundledMethods)) {
    const { manifest } = await importMethod(name);
    const presets = Object.keys(manifest.presets).map((preset) => presetOf(manifest, preset));
    const synchronised = new Set(
      presets.map((preset) => resolveConfiguration(preset).syncBatchNorm),
    );
    assertEquals(synchronised.size, 1, name);
    if (synchronised.has(false)) found.push(name);
  }
  assertEquals(found, ["moco-v2"]);
});

Deno.test("residual branches start at zero where they do in the published recipes", async () => {
  const found: string[] = [];
  for (
    const name of [
      "simsiam",
      "moco-v2",
      "moco-v3",
      "byol",
      "swav",
      "simclr",
      "barlow-twins",
      "vicreg",
    ]
  ) {
    const { manifest } = await importMethod(name);
    if (presetOf(manifest, "imagenet").zeroInitResidual) found.push(name);
  }
  assertEquals(found, ["simsiam", "swav", "simclr", "barlow-twins", "vicreg"]);
});

for (const name of Object.keys(bundledMethods)) {
  Deno.test(`${name}'s manifest tells the range of losses of its first preset`, async () => {
    const method = await importMethod(name);
    const configuration = resolveConfiguration(presetOf(method.manifest));
    const graph = buildMethodGraph(method, {
      backbone: smallBackbone,
      viewSizes: viewRecipes(configuration).map(({ size }) => size),
      batchSize: configuration.batchSize,
      options: configuration.options,
    });
    const told = method.manifest.lossRange!;
    const found = graph.lossRange ?? told;
    for (const part of ["random", "healthy"] as const) {
      for (const end of [0, 1] as const) {
        const [rounded, exact] = [told[part][end], found[part][end]];
        assert(
          Math.abs(rounded - exact) <= 0.06 + 5e-3 * Math.abs(exact),
          `${part} must be ${found[part]}, found ${told[part]}`,
        );
      }
    }
    assertAlmostEquals(told.collapsed, found.collapsed, 5e-3);
  });
}
