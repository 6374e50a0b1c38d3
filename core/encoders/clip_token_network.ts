/**
 * CLIP's image towers as networks that make tokens.
 *
 * @module
 */
import { clipEvaluationView } from "../data/clip_preprocessing.ts";
import { type ClipSessionOptions, createClipSession } from "./clip_encoder.ts";
import type { ClipModel } from "../backbones/clip_models.ts";
import { openClipTensors } from "./clip_file.ts";
import type { TokenNetwork } from "./token_encoder.ts";

/**
 * A tower of CLIP with the weights of a file: tokens as GenView takes them, of ViTs after the last normalisation and
 * without the class token, of ConvNeXts the last stage's map.
 *
 * @param weights path of a safetensors or pth file; it must stay where it is
 * @param options.name what reports and folders call it (default `MODEL-WEIGHTS`)
 */
export function clipTokenNetwork(
  model: ClipModel,
  weights: string,
  { name = `${model.name}-${model.pretrained}`, precision = "float32" }: {
    readonly name?: string;
    readonly precision?: NonNullable<ClipSessionOptions["precision"]>;
  } = {},
): TokenNetwork {
  const side = Math.floor(model.inputSize / model.patch);
  return {
    name,
    weightsFile: weights,
    view: clipEvaluationView(model.inputSize, model.normalize),
    grid: [side, side],
    width: model.width,
    async createSession(images, build, options = {}) {
      using file = await openClipTensors(weights);
      return await createClipSession(file, images, ({ tokens }) => build(tokens), {
        model,
        precision,
        ...options,
      });
    },
  };
}
