import { assert, assertEquals } from "@std/assert";
import { withTarget } from "../../../../core/engine/graph/target.ts";
import simsiam from "../../../../plugins/simsiam/mod.ts";
import { backbone } from "../../../../core/backbones/mod.ts";
import { adamW, sgd } from "../../../../core/engine/optim/mod.ts";
import { checkMethod } from "../../../../core/method/mod.ts";
import { stepMemory } from "../../../../core/train/memory/step_memory.ts";
import { buildAccumulatedGraph } from "../../../../core/train/step/accumulation/accumulated_graph.ts";
import { buildAccumulatedStep } from "../../../../core/train/step/accumulation/accumulated_step.ts";
import { buildMethodGraph, countParameters } from "../../../../core/train/step/method_graph.ts";
import { buildMethodStep } from "../../../../core/train/step/method_step.ts";
import byol from "../../../../plugins/byol/mod.ts";

const METHOD = checkMethod(byol, "byol");
const OPTIONS = {
  backbone: backbone("resnet18"),
  viewSizes: [64, 64],
  batchSize: 16,
  options: { hiddenWidth: 32, width: 16 },
};

Deno.test("stepMemory() counts parameters, slots and gradients of a step by their bytes", () => {
  const graph = buildMethodGraph(METHOD, OPTIONS);
  const parameters = 4 * countParameters(graph);
  const one = stepMemory(buildMethodStep(graph, { optimizer: sgd(), typed: true }));
  assertEquals(one.slots, parameters);
  assert(one.state > 1.9 * parameters && one.state < 2.1 * parameters, "with a momentum encoder");
  assert(one.passed >= parameters && one.passed < 1.1 * parameters);
  assertEquals(Object.keys(one.models), ["gradients", "update"]);
  const two = stepMemory(buildMethodStep(graph, { optimizer: adamW(), typed: true }));
  assert(two.slots >= 2 * parameters && two.slots < 2.01 * parameters);
});

Deno.test("stepMemory() of micro-batches has their intermediate values, and what networks give of all", () => {
  const graph = buildMethodGraph(METHOD, OPTIONS);
  const whole = stepMemory(buildMethodStep(graph, { optimizer: sgd(), typed: true }));
  const accumulated = buildAccumulatedGraph(METHOD, { ...OPTIONS, deviceBatchSize: 4 });
  const parts = stepMemory(buildAccumulatedStep(accumulated, { optimizer: sgd(), typed: true }));
  assertEquals(Object.keys(parts.models), ["forward", "loss", "backward", "update"]);
  assert(
    parts.activations < 0.6 * whole.activations,
    `${parts.activations} of ${whole.activations}`,
  );
  assertEquals([parts.state, parts.slots], [whole.state, whole.slots]);
  const views = 2 * 3 * 64 * 64 * 4;
  assert(parts.batch > 4 * views && parts.batch < 16 * views, `${parts.batch}`);
});

Deno.test("stepMemory() knows that activations of float16 take less", () => {
  const activationsIn = (precision: "float32" | "float16") =>
    withTarget({ provider: "cuda" }, () => {
      const graph = buildMethodGraph(checkMethod(simsiam, "simsiam"), {
        backbone: backbone("resnet18"),
        viewSizes: [96, 96],
        batchSize: 32,
        options: { projectorWidth: 64, predictorWidth: 16 },
      });
      const step = buildMethodStep(graph, { optimizer: sgd(), precision, typed: true });
      return stepMemory(step).activations;
    });
  const share = activationsIn("float16") / activationsIn("float32");
  assert(share > 0.45 && share < 0.9, `${share}`);
});
