import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClipEncoder } from "../../../core/encoders/clip_encoder.ts";
import { clipTokenNetwork } from "../../../core/encoders/clip_token_network.ts";
import { clipVisionTransformerTower } from "../../../core/backbones/clip_vision_transformer.ts";
import { TokenEncoder } from "../../../core/encoders/token_encoder.ts";
import { CLIP_NORMALIZATION } from "../../../core/data/views/presets.ts";
import { tensor } from "../../../core/engine/graph/tensor.ts";
import { tokenScores } from "../../../core/masking/scores.ts";
import { hashedTensor } from "../engine/nn/hashed_values.ts";
import {
  hashedImages,
  readTowerGolden,
  withFolder,
  writeEntries,
} from "../backbones/clip_golden.ts";

const TOWER = clipVisionTransformerTower({
  patch: 14,
  width: 80,
  layers: 3,
  heads: 2,
  embedding: 64,
});
const MODEL = {
  ...TOWER,
  name: "tiny",
  pretrained: "hashed",
  inputSize: 56,
  normalize: CLIP_NORMALIZATION,
  description: "a small tower",
};

async function withNetwork(
  use: (network: ReturnType<typeof clipTokenNetwork>, path: string) => Promise<void>,
): Promise<void> {
  const { entries } = await readTowerGolden("clip_towers", "open_clip");
  await withFolder(async (path) => {
    await writeEntries(path("model.safetensors"), entries);
    await use(clipTokenNetwork(MODEL, path("model.safetensors")), path("model.safetensors"));
  });
}

Deno.test("TokenEncoder gives the tokens of ClipEncoder, and says their grid", () =>
  withNetwork(async (network, path) => {
    const { name, grid, width, view } = network;
    assertEquals([name, grid, width, view.size], ["tiny-hashed", [4, 4], 80, 56]);
    using tokens = await TokenEncoder.create(network, { batchSize: 2 });
    using clip = await ClipEncoder.create(path, { model: MODEL, batchSize: 2 });
    const images = hashedImages(56);
    assertEquals(await tokens.encode(images), (await clip.encode(images)).tokens);
  }));

Deno.test("TokenEncoder with a component gives the scores of its tokens", () =>
  withNetwork(async (network) => {
    const component = hashedTensor("projection", [80]).data;
    using tokens = await TokenEncoder.create(network, { batchSize: 2 });
    using scores = await TokenEncoder.create(network, { batchSize: 2, component });
    const images = hashedImages(56);
    const expected = tokenScores(await tokens.encode(images), component);
    const found = await scores.encode(images);
    assertEquals(found.shape, expected.shape);
    found.data.forEach((score, i) => assert(Math.abs(score - expected.data[i]!) < 1e-4));
    const one = tensor("uint8", [1, 56, 56, 3], images.data.slice(0, 56 * 56 * 3));
    assertEquals((await scores.encode(one)).data, found.data.slice(0, 16));
  }));

Deno.test("TokenEncoder refuses a component and images that do not fit", () =>
  withNetwork(async (network) => {
    await assertRejects(
      () => TokenEncoder.create(network, { batchSize: 1, component: new Float32Array(3) }),
      RangeError,
      "Cannot score the tokens of tiny-hashed: the component must have their 80 features, found 3",
    );
    using tokens = await TokenEncoder.create(network, { batchSize: 1 });
    await assertRejects(
      () => tokens.encode(hashedImages(56)),
      RangeError,
      "Cannot encode uint8[2,56,56,3]: at most uint8[1,56,56,3] fits",
    );
  }));
