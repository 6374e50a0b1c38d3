import { assert, assertEquals } from "@std/assert";
import { drawCosts } from "../../../bench/cost/picture.ts";
import { requestOf } from "../../../bench/cost/request.ts";
import { totalOf, writeTables } from "../../../bench/cost/table.ts";
import { checkMethod } from "../../../core/method/mod.ts";
import simsiam from "../../../plugins/simsiam/mod.ts";

const kernel = {
  operator: "Mul",
  layer: "layer1.0.bn1",
  multiplyAdds: 0,
  bytes: 3.35e9,
  launches: 1,
};
const memory = { state: 1e9, slots: 1e9, passed: 0, batch: 0, activations: 2e9, models: {} };
const estimated = {
  name: "simsiam cifar",
  backbone: "resnet18",
  batchSize: 8,
  memory,
  rate: "tf32" as const,
  ours: [
    { ...kernel, model: "backward", runs: 3 },
    { ...kernel, layer: "layer2.1.bn1", model: "update", runs: 1 },
  ],
  peers: { tf32: [kernel, kernel], float16: [kernel] },
};

Deno.test("A preset's costs are summed as often as they occur, and shown beside PyTorch's", () => {
  assertEquals(totalOf(estimated.ours, ({ launches }) => launches), 4);
  const text = writeTables(estimated, false);
  assert(text.startsWith("simsiam cifar: resnet18, batch 8, 4.0 GB at the peak"));
  assert(/ours +0\.00 T multiply-adds +13\.4 GB moved +4 launches/.test(text));
  assert(/H100 SXM +4\.0 +2\.0 +1\.0 +2\.00 of PyTorch's TF32, 4\.00 of its AMP/.test(text));
  assert(!text.includes("counted"));
  const counted = { launches: 5, copies: 2 };
  assert(
    writeTables({ ...estimated, counted }, false).includes(
      "clears memory: 5 launches, and 2 copies on the device",
    ),
  );
});

Deno.test("Layers that are alike are one row of what makes the difference", () => {
  const text = writeTables(estimated, true);
  assert(/4\.0 +2\.0 +2\.0 +4 +2 {2}layer\*\.\*\.bn\*/.test(text), text);
  assert(/4\.0 +2\.0 +2\.0 +4 +2 {2}Mul/.test(text), text);
});

Deno.test("A preset's batch is cut to what a GPU takes, and its backbone may be another", () => {
  const method = checkMethod(simsiam, "simsiam");
  const run = {
    method: "simsiam",
    preset: "cifar",
    backbone: "",
    batch: 64,
    precision: "float32",
    target: "cuda",
  } as const;
  const { configuration, viewSizes, tuning, typed } = requestOf(method, run);
  assertEquals(
    [configuration.batchSize, configuration.backbone, viewSizes, tuning.provider, typed],
    [64, "resnet18", [32, 32], "cuda", true],
  );
  assertEquals(requestOf(method, { ...run, batch: 4096 }).configuration.batchSize, 512);
  const other = requestOf(method, { ...run, backbone: "resnet50" });
  assertEquals(other.configuration.backbone, "resnet50");
});

Deno.test("The picture shows shares of PyTorch's times by preset", async () => {
  const svg = await drawCosts([
    { name: "first", seconds: [2, 1, 0.5] },
    { name: "second", seconds: [3, 2, 1] },
  ]);
  assert(svg.startsWith("<svg"));
  assert(svg.includes("1 first, 2 second") && svg.includes("of AMP"));
});
