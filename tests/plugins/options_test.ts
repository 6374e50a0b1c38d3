import { assert, assertEquals } from "@std/assert";
import { sgd } from "../../core/engine/optim/mod.ts";
import { buildMethodGraph } from "../../core/train/step/method_graph.ts";
import { buildMethodStep } from "../../core/train/step/method_step.ts";
import { smallBackbone } from "../core/train/small_methods.ts";
import { importMethod } from "./imported_method.ts";

type Options = Readonly<Record<string, unknown>>;

/** Of each method options that make it small, and of every option another value. */
const CHANGES: Readonly<Record<string, readonly [small: Options, others: Options]>> = {
  "simsiam": [
    { projectorWidth: 6, predictorWidth: 4 },
    { projectorWidth: 7, projectorLayers: 2, predictorWidth: 5 },
  ],
  "moco-v2": [
    { hiddenWidth: 6, width: 4, queueLength: 16 },
    { hiddenWidth: 7, width: 5, queueLength: 24, temperature: 0.3, groupSize: 4 },
  ],
  "moco-v3": [
    { hiddenWidth: 6, width: 4 },
    {
      ...{ hiddenWidth: 7, width: 5, projectorLayers: 3, predictorLayers: 3 },
      ...{ predictorNorm: true, temperature: 0.3, positives: "apart" },
    },
  ],
  "byol": [{ hiddenWidth: 6, width: 4 }, { hiddenWidth: 7, width: 5 }],
  "swav": [
    { hiddenWidth: 6, width: 4, prototypes: 5, queueLength: 16 },
    {
      ...{ hiddenWidth: 7, width: 5, prototypes: 6, temperature: 0.3, epsilon: 0.03 },
      ...{ iterations: 2, freezeIterations: 9, queueLength: 24, queueStartEpoch: 3 },
      ...{ weigh: "pairs" },
    },
  ],
  "simclr": [
    { hiddenWidth: 6, width: 4 },
    { hiddenWidth: 7, width: 5, projectorLayers: 3, temperature: 0.3, positives: "apart" },
  ],
  "barlow-twins": [
    { projectorWidth: 6 },
    { projectorWidth: 7, projectorLayers: 2, redundancyWeight: 0.01, scale: 0.1 },
  ],
  "vicreg": [
    { expanderWidth: 6 },
    {
      ...{ expanderWidth: 7, expanderLayers: 2, invarianceWeight: 9 },
      ...{ varianceWeight: 8, covarianceWeight: 2 },
    },
  ],
  "dino": [
    { outputs: 6, hiddenWidth: 6, width: 4 },
    {
      ...{ outputs: 7, projectorLayers: 2, hiddenWidth: 7, width: 5, headBatchNorm: true },
      ...{ normalizeLastLayer: false, studentTemperature: 0.2, centerMomentum: 0.8 },
      ...{ freezeEpochs: 2, weigh: "pairs" },
    },
  ],
};

const isSame = (a: Uint8Array, b: Uint8Array) =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

for (const [name, [small, others]] of Object.entries(CHANGES)) {
  Deno.test(`every option of ${name} changes what is computed`, async () => {
    const method = await importMethod(name);
    assertEquals(
      Object.keys(others).sort(),
      Object.keys(method.manifest.options.properties!).sort(),
    );
    const count = method.manifest.views === 2 ? 2 : 3;
    const stepWith = (options: Options) => {
      const given = { backbone: smallBackbone, viewSizes: Array(count).fill(6), batchSize: 8 };
      const graph = buildMethodGraph(method, { ...given, options: { ...small, ...options } });
      return buildMethodStep(graph, { optimizer: sgd() }).built.gradients;
    };
    const before = stepWith({});
    assert(isSame(before, stepWith({})), "the same options, the same graph");
    for (const [option, value] of Object.entries(others)) {
      assert(!isSame(before, stepWith({ [option]: value })), `${option} changes nothing`);
    }
  });
}
