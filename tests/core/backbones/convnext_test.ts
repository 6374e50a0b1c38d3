import { assertEquals } from "@std/assert";
import { nodesLeadingTo } from "../../../core/engine/graph/node.ts";
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

// The golden's variances are too large to tell one small number from another.
Deno.test("convNext() adds 1e-6 to the variance in every normalisation", () => {
  const { features } = convNext(new Scope(), input("images", "float32", [2, 3, 32, 32]), config);
  const epsilons = nodesLeadingTo([features], false)
    .filter(({ op }) => op.type === "LayerNormalization")
    .map(({ attributes }) => (attributes as { readonly epsilon: number }).epsilon);
  assertEquals(epsilons, new Array(10).fill(1e-6));
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
