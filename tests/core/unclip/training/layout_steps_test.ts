import type { Normalization } from "../../../../core/data/views/recipe.ts";
import { layoutLoss, TEACHER } from "../../../../core/unclip/training/layout_loss.ts";
import { readSafetensors } from "../../../../core/weights/safetensors.ts";
import { hashedTensor } from "../../engine/nn/hashed_values.ts";
import { assertFollows, pixelsOf, type StepsSetup } from "./stage_golden.ts";

/** What reference/layout_steps.py ran. */
interface Setup extends StepsSetup {
  readonly imageSize: number;
  readonly patch: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly layoutWidth: number;
  readonly tokenWeight: number;
  readonly mean: Normalization["mean"];
  readonly std: Normalization["std"];
}

const GOLDEN = new URL("../../../../fixtures/golden/layout_steps", import.meta.url).pathname;

Deno.test("layoutLoss() is trained as open_clip's VisionTransformer in PyTorch", async () => {
  const setup: Setup = JSON.parse(await Deno.readTextFile(`${GOLDEN}.json`));
  const { tensors } = await readSafetensors(`${GOLDEN}.safetensors`);
  const { batchSize, imageSize: size, patch, width, layers, heads, mean, std } = setup;
  const { layoutWidth, tokenWeight } = setup;
  const graph = layoutLoss({
    config: { patch, width, layers, heads },
    normalize: { mean, std },
    ...{ batchSize, size, layoutWidth, tokenWeight, target: { provider: "cpu" } },
  });
  await assertFollows({ setup, tensors }, "layout", graph, (step) => ({
    images: pixelsOf(`${step}/images`, [batchSize, size, size, 3]),
    layouts: hashedTensor(`${step}/layouts`, [batchSize, layoutWidth], 1.7),
  }), `${TEACHER}.`);
});
