import { assert, assertEquals } from "@std/assert";
import { clipVisionConfig } from "../../../core/backbones/clip_vision_backbones.ts";
import { clipVisionTransformer } from "../../../core/backbones/clip_vision_transformer.ts";
import { backbone } from "../../../core/backbones/registry.ts";
import { elementCount } from "../../../core/engine/graph/shape.ts";
import { float32, type Tensor } from "../../../core/engine/graph/tensor.ts";
import { input } from "../../../core/engine/graph/value.ts";
import { Scope } from "../../../core/engine/nn/scope.ts";
import { runGraph } from "../../run_graph.ts";
import { hashedParameters, hashedTensor } from "../engine/nn/hashed_values.ts";
import { relativeError } from "../engine/nn/relative_error.ts";

const NAME = "clip_vit_tiny_patch8_64";
const images = input("images", "float32", [2, 3, 16, 16]);

/** The rows of a joint parameter that a tower has as a parameter of its own. */
function towerParameters(scope: Scope, own: Readonly<Record<string, Tensor>>) {
  return Object.fromEntries([...scope.declarations].map(([name, { value: { shape } }]) => {
    const [, whole, from] = /^visual\.(.+?)(?:\[(\d+):\d+\])?$/.exec(name)!;
    if (whole === "proj") {
      const identity = float32([128, 128], new Float32Array(128 * 128));
      for (let i = 0; i < 128; i++) identity.data[129 * i] = 1;
      return [name, identity];
    }
    const start = Number(from ?? 0) * elementCount(shape.slice(1));
    const data = own[whole!]!.data as Float32Array<ArrayBuffer>;
    return [name, float32(shape, data.slice(start, start + elementCount(shape)))];
  }));
}

Deno.test("clip_vit_tiny_patch8_64 gives the class token and the tokens of CLIP's tower", async () => {
  const scope = new Scope();
  const spec = backbone(NAME, { imageSize: 16 });
  const outputs = { features: spec.apply(scope, images), tokens: spec.applyTokens(scope, images) };
  const own = hashedParameters(scope);
  const pixels = hashedTensor("images", images.shape);
  const made = await runGraph(outputs, { ...own, images: pixels });

  const towerScope = new Scope();
  const config = { ...clipVisionConfig(NAME)!, embedding: 128 };
  const tower = clipVisionTransformer(towerScope, images, config);
  const feeds = { ...towerParameters(towerScope, own), images: pixels };
  const expected = await runGraph({ features: tower.pooled, tokens: tower.tokens }, feeds);
  for (const name of ["features", "tokens"] as const) {
    const error = relativeError(made[name]!.data, expected[name]!.data);
    assert(error < 1e-5, `${name} differ by ${error} of their norm`);
  }
});

Deno.test("clip_vit_tiny_patch8_64_mean has the mean token behind the class token", async () => {
  const scope = new Scope();
  const spec = backbone(`${NAME}_mean`, { imageSize: 16 });
  const outputs = { features: spec.apply(scope, images), tokens: spec.applyTokens(scope, images) };
  assertEquals([spec.width, outputs.features.shape], [256, [2, 256]]);
  const feeds = { ...hashedParameters(scope), images: hashedTensor("images", images.shape) };
  const { features, tokens } = await runGraph(outputs, feeds);
  const data = tokens!.data as Float32Array;
  const mean = Float32Array.from({ length: 128 }, (_, k) => {
    const values = [0, 1, 2, 3].map((token) => data[token * 128 + k]!);
    return values.reduce((sum, value) => sum + value) / 4;
  });
  const error = relativeError((features!.data as Float32Array).subarray(128, 256), mean);
  assert(error < 1e-5, `the mean differs by ${error} of its norm`);
});

Deno.test("CLIP's backbones share their positions among images of several sizes", () => {
  const scope = new Scope();
  const { apply, inputSize } = backbone(NAME);
  apply(scope, input("large", "float32", [1, 3, 64, 64]));
  const count = scope.declarations.size;
  const small = apply(scope, input("small", "float32", [1, 3, 32, 32]));
  assertEquals([inputSize, small.shape, scope.declarations.size], [64, [1, 128], count]);
  assertEquals(scope.declarations.get("positional_embedding")!.value.shape, [65, 128]);
});
