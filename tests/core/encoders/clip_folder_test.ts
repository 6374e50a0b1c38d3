import { assertEquals, assertRejects } from "@std/assert";
import { clipVisionTransformerTower } from "../../../core/backbones/clip_vision_transformer.ts";
import { ClipEncoder } from "../../../core/encoders/clip_encoder.ts";
import { openTokenNetwork } from "../../../core/encoders/open_token_network.ts";
import { TokenEncoder } from "../../../core/encoders/token_encoder.ts";
import { CLIP_NORMALIZATION } from "../../../core/data/views/presets.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { assertSmall, hashedImages, withFolder } from "../backbones/clip_golden.ts";
import { relativeError } from "../engine/nn/relative_error.ts";
import {
  EMBEDDING,
  hashedTransformer,
  SIZE,
  TINY,
  writeHashedFolder,
} from "./hashed_clip_folder.ts";

const GOLDEN = new URL(
  "../../../fixtures/golden/generator_image_encoder.safetensors",
  import.meta.url,
).pathname;

Deno.test("writeClipFolder() writes what transformers' CLIPVisionModelWithProjection makes the same embeddings of", () =>
  withFolder(async (path) => {
    const parameters = await writeHashedFolder(path("generator"));
    const own = [...hashedTransformer().values()].reduce((sum, { data }) => sum + data.length, 0);
    assertEquals(parameters, own + EMBEDDING * TINY.width);
    const { tensors } = await readSafetensors(GOLDEN);
    const tower = clipVisionTransformerTower({ ...TINY, embedding: EMBEDDING });
    using encoder = await ClipEncoder.create(path("generator/image_encoder/model.safetensors"), {
      model: { ...tower, inputSize: SIZE, normalize: CLIP_NORMALIZATION },
      batchSize: 2,
    });
    const { tokens, pooled } = await encoder.encode(hashedImages(SIZE));
    assertSmall({
      tokens: relativeError(tokens.data, tensors.get("tokens")!.data),
      pooled: relativeError(pooled.data, tensors.get("embeddings")!.data),
    });
  }));

Deno.test("openTokenNetwork() opens a folder of transformers' of any size, and resamples its positions", () =>
  withFolder(async (path) => {
    await writeHashedFolder(path("generator"));
    const model = path("generator/image_encoder");
    const network = await openTokenNetwork({ model });
    assertEquals([network.name, network.grid, network.width], ["image_encoder", [4, 4], 16]);
    assertEquals([network.view.size, network.view.normalize], [SIZE, CLIP_NORMALIZATION]);
    using encoder = await TokenEncoder.create(network, { batchSize: 2 });
    const { tensors } = await readSafetensors(GOLDEN);
    const tokens = await encoder.encode(hashedImages(SIZE));
    const error = relativeError(tokens.data, tensors.get("tokens")!.data);
    assertSmall({ tokens: error, pooled: 0 });

    const large = await openTokenNetwork({ model, imageSize: 24 });
    assertEquals([large.grid, large.view.size], [[6, 6], 24]);
    using larger = await TokenEncoder.create(large, { batchSize: 2 });
    assertEquals((await larger.encode(hashedImages(24))).shape, [2, 36, 16]);
    await assertRejects(
      () => openTokenNetwork({ model, imageSize: 26 }),
      RangeError,
      "patches of 4 pixels must tile them",
    );
  }));

Deno.test("openTokenNetwork() refuses a tower of unknown numbers that no configuration describes", () =>
  withFolder(async (path) => {
    await writeHashedFolder(path("generator"));
    const weights = path("generator/image_encoder/model.safetensors");
    const config = path("generator/image_encoder/config.json");
    const said = JSON.parse(await Deno.readTextFile(config));
    await Deno.writeTextFile(config, JSON.stringify({ ...said, layer_norm_eps: 1e-6 }));
    await assertRejects(
      () => openTokenNetwork({ model: weights }),
      TypeError,
      "epsilon of layer normalisations must be 0.00001",
    );
    await Deno.remove(config);
    await assertRejects(
      () => openTokenNetwork({ model: weights }),
      TypeError,
      "must describe its vision transformer, found other tensors in transformers's names and no configuration",
    );
  }));

Deno.test("writeClipFolder() replaces nothing", () =>
  withFolder(async (path) => {
    await writeHashedFolder(path("generator"));
    await assertRejects(() => writeHashedFolder(path("generator")), Deno.errors.AlreadyExists);
  }));
