import { assert, assertEquals } from "@std/assert";
import { backbone } from "../../../../core/backbones/mod.ts";
import { withTarget } from "../../../../core/engine/graph/target.ts";
import { adamW, pieceLengthFor, sgd } from "../../../../core/engine/optim/mod.ts";
import { addCosts, type Cost, NO_COST } from "../../../../core/engine/ort/mod.ts";
import { checkMethod } from "../../../../core/method/mod.ts";
import {
  buildAccumulatedGraph,
  buildMethodGraph,
  type StepCost,
  stepCosts,
} from "../../../../core/train/mod.ts";
import { buildMethodStep } from "../../../../core/train/step/method_step.ts";
import { buildAccumulatedStep } from "../../../../core/train/step/accumulation/accumulated_step.ts";
import simsiam from "../../../../plugins/simsiam/mod.ts";

const method = checkMethod(simsiam, "simsiam");
const given = {
  backbone: backbone("resnet18", { stem: "small" }),
  viewSizes: [32, 32],
  batchSize: 8,
  options: { projectorWidth: 64, predictorWidth: 16 },
};

function total(costs: readonly StepCost[]): Cost {
  return costs.reduce((sum, cost) => {
    let all = sum;
    for (let i = 0; i < cost.runs; i++) all = addCosts(all, cost);
    return all;
  }, NO_COST);
}

Deno.test("stepCosts() counts three products for each convolution of both views, but for the images' gradient", () => {
  const step = buildMethodStep(buildMethodGraph(method, given), {
    optimizer: adamW(),
    typed: true,
  });
  const { multiplyAdds } = total(stepCosts(step));
  // ResNet-18 with a stem of 3x3 takes 0.5563 G multiply-adds for an image of 32 px.
  const share = multiplyAdds / (2 * 8 * 3 * 0.5563e9);
  assert(share > 0.99 && share < 1.01, `${share}`);
});

Deno.test("stepCosts() counts as many launches for the update of packed parameters as for a few", () => {
  const launches = (pieceLength: number) => {
    const options = { optimizer: adamW(), typed: true, pieceLength };
    const step = buildMethodStep(buildMethodGraph(method, given), options);
    return total(stepCosts(step).filter(({ model }) => model === "update")).launches;
  };
  assert(launches(0) > 900);
  assert(launches(pieceLengthFor("cuda")) < 40, `${launches(pieceLengthFor("cuda"))}`);
});

Deno.test("stepCosts() counts few launches in a step of ResNet-18 on CUDA", () => {
  const step = withTarget(
    { provider: "cuda" },
    () =>
      buildMethodStep(buildMethodGraph(method, given), {
        optimizer: sgd(),
        typed: true,
        pieceLength: pieceLengthFor("cuda"),
      }),
  );
  const { launches } = total(stepCosts(step));
  assert(launches < 760, `${launches}`);
});

Deno.test("stepCosts() counts what micro-batches do as often as they do it", () => {
  const graph = buildAccumulatedGraph(method, { ...given, deviceBatchSize: 2 });
  const step = buildAccumulatedStep(graph, { optimizer: adamW(), typed: true });
  const costs = stepCosts(step);
  assertEquals(
    [...new Set(costs.map(({ model, runs }) => `${model} ${runs}`))],
    ["forward 4", "loss 1", "backward 4", "update 1"],
  );
  // Backward computes forward anew.
  const share = total(costs).multiplyAdds / (2 * 8 * 4 * 0.5563e9);
  assert(share > 0.98 && share < 1.02, `${share}`);
});
