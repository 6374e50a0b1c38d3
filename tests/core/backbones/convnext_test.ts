import { assertEquals } from "@std/assert";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import { convNext } from "../../../core/backbones/convnext.ts";
import { type Build, checkInference, checkTraining } from "../engine/nn/network_golden.ts";

const config = { depths: [1, 1, 2, 1], widths: [8, 16, 24, 32] };

const network: Build = (scope, inputs) => ({
  features: convNext(scope, inputs.images!, config).features,
});

Deno.test("convNext() trains as timm's", async () => {
  await checkTraining("network_convnext", network);
});

Deno.test("convNext() infers as timm's", async () => {
  await checkInference("network_convnext", network);
});

Deno.test("convNext() makes maps 4, 8, 16 and 32 times smaller than the images", () => {
  const images = input("images", "float32", [2, 3, 96, 64]);
  const { maps, features } = convNext(new Scope(), images, config);
  assertEquals(maps.map(({ shape }) => shape.slice(1)), [
    [8, 24, 16],
    [16, 12, 8],
    [24, 6, 4],
    [32, 3, 2],
  ]);
  assertEquals(features.shape, [2, 32]);
});
