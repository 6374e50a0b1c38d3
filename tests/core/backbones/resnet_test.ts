import { assert, assertEquals } from "@std/assert";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import { residualBlock, resNet, resNetWidth } from "../../../core/backbones/resnet.ts";
import { type Build, checkInference, checkTraining } from "../engine/nn/network_golden.ts";

const depths = [2, 2, 2, 2];
const images = input("images", "float32", [2, 3, 64, 64]);

const resNet18: Build = (scope, inputs) => ({
  features: resNet(scope, inputs.images!, { block: "basic", depths }).features,
});

const smallResNet18: Build = (scope, inputs) => ({
  features: resNet(scope, inputs.images!, { block: "basic", depths, stem: "small" }).features,
});

const bottlenecks: Build = (scope, inputs) => {
  const block = { block: "bottleneck", channels: 16 } as const;
  const strided = residualBlock(scope, "0", inputs.images!, { ...block, stride: 2 });
  return { features: residualBlock(scope, "1", strided, block) };
};

Deno.test("resNet() trains as torchvision's resnet18", async () => {
  await checkTraining("network_resnet18", resNet18);
});

Deno.test("resNet() infers as torchvision's resnet18", async () => {
  await checkInference("network_resnet18", resNet18);
});

Deno.test("resNet() with the small stem trains as torchvision's without max-pool", async () => {
  await checkTraining("network_resnet18_small", smallResNet18);
});

Deno.test("resNet() with the small stem infers as torchvision's without max-pool", async () => {
  await checkInference("network_resnet18_small", smallResNet18);
});

Deno.test("residualBlock() trains as torchvision's Bottleneck", async () => {
  await checkTraining("network_bottleneck", bottlenecks);
});

Deno.test("residualBlock() infers as torchvision's Bottleneck", async () => {
  await checkInference("network_bottleneck", bottlenecks);
});

Deno.test("resNet() makes maps 4, 8, 16 and 32 times smaller, or with the small stem 1, 2, 4 and 8", () => {
  const config = { block: "bottleneck", depths: [1, 1, 1, 1] } as const;
  const { maps, features } = resNet(new Scope(), images, config);
  assertEquals(maps.map(({ shape }) => shape.slice(1)), [
    [256, 16, 16],
    [512, 8, 8],
    [1024, 4, 4],
    [2048, 2, 2],
  ]);
  assertEquals(features.shape, [2, resNetWidth(config)]);
  const small = resNet(new Scope(), images, { ...config, stem: "small" });
  assertEquals(small.maps.map(({ shape }) => shape[2]), [64, 32, 16, 8]);
});

Deno.test("resNet() draws convolutions by Kaiming's normal of the fan out", () => {
  const scope = new Scope();
  resNet(scope, images, { block: "basic", depths: [1, 1] });
  const weight = scope.initialize(0).get("layer2.0.conv1.weight")!;
  assertEquals(weight.shape, [128, 64, 3, 3]);
  const values = weight.data as Float32Array;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
  const wanted = Math.sqrt(2 / (128 * 9));
  assert(Math.abs(deviation / wanted - 1) < 0.01, `deviation ${deviation}, not ${wanted}`);
});

Deno.test("resNet() starts the last scale of each block at zero if asked to, and no other", () => {
  const zeroScales = (block: "basic" | "bottleneck", zeroInitResidual: boolean) => {
    const scope = new Scope();
    resNet(scope, images, { block, depths: [1, 1], zeroInitResidual });
    return [...scope.initialize(0)].filter(([name, { data }]) =>
      name.endsWith("weight") && data.every((value) => value === 0)
    ).map(([name]) => name);
  };
  assertEquals(zeroScales("basic", false), []);
  assertEquals(zeroScales("basic", true), ["layer1.0.bn2.weight", "layer2.0.bn2.weight"]);
  assertEquals(zeroScales("bottleneck", true), ["layer1.0.bn3.weight", "layer2.0.bn3.weight"]);
});
