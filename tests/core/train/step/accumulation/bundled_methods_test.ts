import { assert, assertEquals } from "@std/assert";
import { checkMethod } from "../../../../../core/method/load.ts";
import { buildAccumulatedGraph } from "../../../../../core/train/step/accumulation/accumulated_graph.ts";
import { buildMethodGraph } from "../../../../../core/train/step/method_graph.ts";
import { bundledMethods } from "../../../../../plugins/mod.ts";
import { BATCH, smallBackbone } from "../../small_methods.ts";
import { bundledRun } from "./bundled_runs.ts";
import { accumulatedSteps, plainSteps } from "./small_accumulation.ts";

for (const [name, address] of Object.entries(bundledMethods)) {
  Deno.test(`${name} in one micro-batch takes the steps of the whole batch, and goes on in several`, async () => {
    const plugin = await import(new URL("./mod.ts", address).href);
    const run = bundledRun(checkMethod(plugin.default, name));
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
