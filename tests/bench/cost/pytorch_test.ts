import { assert, assertEquals } from "@std/assert";
import { pytorchCosts } from "../../../bench/cost/pytorch.ts";
import { backbone } from "../../../core/backbones/mod.ts";
import { checkMethod } from "../../../core/method/mod.ts";
import { buildMethodGraph } from "../../../core/train/mod.ts";
import mocoV3 from "../../../plugins/moco-v3/mod.ts";
import simsiam from "../../../plugins/simsiam/mod.ts";

const graph = buildMethodGraph(checkMethod(simsiam, "simsiam"), {
  backbone: backbone("resnet18", { stem: "small" }),
  viewSizes: [32, 32],
  batchSize: 8,
  options: { projectorWidth: 64, predictorWidth: 16 },
});

Deno.test("PyTorch's kernels multiply as often as a network does, forward and backward", () => {
  const costs = pytorchCosts(graph, { optimizer: "sgd", mixedPrecision: false });
  const sum = costs.reduce((total, { multiplyAdds }) => total + multiplyAdds, 0);
  const share = sum / (2 * 8 * 3 * 0.5563e9);
  assert(share > 0.99 && share < 1.01, `${share}`);
});

Deno.test("PyTorch's batch norm moves eight passes in two kernels, and counts batches in one", () => {
  const costs = pytorchCosts(graph, { optimizer: "sgd", mixedPrecision: false });
  const first = costs.filter(({ operator, layer }) =>
    operator === "BatchNormalization" && layer === "backbone.bn1"
  );
  // Both views go through it at once.
  const pass = 4 * (2 * 8) * 64 * 32 * 32;
  assertEquals(first.map(({ bytes }) => bytes), [3 * pass, 16, 5 * pass]);
});

Deno.test("PyTorch's mixed precision halves what activations move, and unscales and casts", () => {
  const bytes = (mixedPrecision: boolean, operator: string) =>
    pytorchCosts(graph, { optimizer: "sgd", mixedPrecision })
      .filter((cost) => cost.operator === operator).map((cost) => cost.bytes);
  assertEquals(bytes(true, "Relu"), bytes(false, "Relu").map((full) => full / 2));
  assertEquals([bytes(true, "unscale").length, bytes(false, "unscale").length], [1, 0]);
});

Deno.test("PyTorch's momentum encoder has no backward pass, and one average of lists", () => {
  const other = buildMethodGraph(checkMethod(mocoV3, "moco-v3"), {
    backbone: backbone("resnet18", { stem: "small" }),
    viewSizes: [32, 32],
    batchSize: 8,
    options: {},
  });
  const costs = pytorchCosts(other, { optimizer: "lars", mixedPrecision: false });
  const kernels = (layer: string) =>
    costs.filter((cost) => cost.operator === "Conv" && cost.layer === layer).length;
  // Both views at once: forward, backward by the input and by the weight.
  assertEquals(kernels("backbone.layer1.0.conv1"), 3);
  assertEquals(kernels("momentum_encoder.backbone.layer1.0.conv1"), 1);
  assertEquals(costs.filter(({ operator }) => operator === "average").length, 1);
});
