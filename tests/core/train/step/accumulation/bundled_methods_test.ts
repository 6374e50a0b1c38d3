import { assert, assertEquals } from "@std/assert";
import { viewRecipes } from "../../../../../core/data/views/named_views.ts";
import { checkMethod, type LoadedMethod } from "../../../../../core/method/load.ts";
import {
  presetOf,
  resolveConfiguration,
} from "../../../../../core/method/resolve_configuration.ts";
import { buildAccumulatedGraph } from "../../../../../core/train/step/accumulation/accumulated_graph.ts";
import { buildMethodGraph } from "../../../../../core/train/step/method_graph.ts";
import { bundledMethods } from "../../../../../plugins/mod.ts";
import { BATCH, SIZE, smallBackbone } from "../../small_methods.ts";
import { accumulatedSteps, plainSteps, type SmallRun } from "./small_accumulation.ts";

/** Widths, prototypes and queues of a method, at most so many. */
const LARGEST = 16;

/** A method at a small size, with its first preset's options and number of views. */
function smallRun(method: LoadedMethod): SmallRun {
  const configuration = resolveConfiguration(presetOf(method.manifest, undefined));
  const given = { ...method.manifest.options.properties, ...configuration.options };
  const options = Object.entries(given).flatMap(([name, value]) => {
    const number = typeof value === "number" ? value : (value as { default?: unknown }).default;
    return Number.isInteger(number) && Number(number) > 2 * LARGEST ? [[name, LARGEST]] : [];
  });
  const views = viewRecipes({ ...configuration, imageSize: 32 });
  const shared = ["learning_rate", "weight_decay", "average_rate", "scheduled.temperature"];
  const scheduled = Object.keys(configuration.scheduled).map((name) => `scheduled.${name}`);
  return {
    method,
    backbone: smallBackbone,
    viewSizes: views.map(() => SIZE),
    methodOptions: { ...configuration.options, ...Object.fromEntries(options) },
    scalars: Object.fromEntries([...shared, ...scheduled].map((name) => [name, 0.05])),
  };
}

for (const [name, address] of Object.entries(bundledMethods)) {
  Deno.test(`${name} in one micro-batch takes the steps of the whole batch, and goes on in several`, async () => {
    const plugin = await import(new URL("./mod.ts", address).href);
    const run = smallRun(checkMethod(plugin.default, name));
    const expected = await plainSteps(run, 2);
    const found = await accumulatedSteps(run, BATCH, 2);
    for (const [i, { loss }] of expected.results.entries()) {
      assert(
        Math.abs(found.results[i]!.loss - loss) < 1e-5,
        `loss ${i}: ${found.results[i]!.loss}`,
      );
    }
    for (const [tensor, { data }] of expected.weights) {
      const other = found.weights.get(tensor)!.data;
      data.forEach((value, i) =>
        assert(Math.abs(Number(value) - Number(other[i])) < 1e-5, `${tensor}[${i}]`)
      );
    }
    const parts = await accumulatedSteps(run, 4, 2);
    for (const { loss, gradientNorm } of parts.results) {
      assert(Number.isFinite(loss) && gradientNorm > 0, `${loss} ${gradientNorm}`);
    }
    const options = { backbone: smallBackbone, viewSizes: run.viewSizes!, batchSize: BATCH };
    const whole = buildMethodGraph(run.method, { ...options, options: run.methodOptions! });
    const { declarations } = buildAccumulatedGraph(run.method, {
      ...options,
      options: run.methodOptions!,
      deviceBatchSize: 4,
    });
    assertEquals(declarations.map((each) => each.name), [...whole.scope.declarations.keys()]);
  });
}
