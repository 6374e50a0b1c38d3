/**
 * Backbones that were trained here, as networks that make tokens.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { evaluationRecipe } from "../data/views/presets.ts";
import type { EvaluationRecipe } from "../data/views/recipe.ts";
import { withTarget } from "../engine/graph/target.ts";
import { formatType, type Tensor } from "../engine/graph/tensor.ts";
import { Scope } from "../engine/nn/scope.ts";
import { encodeModel } from "../engine/onnx/encode_model.ts";
import { CPU, Session } from "../engine/ort/mod.ts";
import type { BackboneSpec } from "../backbones/backbone.ts";
import { declareBackbone, findMisfit } from "../backbones/recognize_backbones.ts";
import type { TokenNetwork } from "./token_encoder.ts";

/** How {@linkcode backboneTokenNetwork} uses a backbone. */
export interface BackboneTokenOptions {
  /** What reports and folders call it (default the backbone's name). */
  readonly name?: string;
  /** File that the weights were read from. */
  readonly weightsFile?: string;
  /** Height and width of the images, in pixels. */
  readonly size: number;
  /** Statistics with which the images were normalised in training. */
  readonly normalize: EvaluationRecipe["normalize"];
}

/**
 * A backbone with weights in memory: tokens are the pixels of the last map of ResNets and ConvNeXts, before it is
 * pooled, and the normalised patch tokens of ViTs.
 *
 * @param weights the backbone's state dict
 * @throws {TypeError} if a tensor is missing or has another shape
 */
export function backboneTokenNetwork(
  spec: BackboneSpec,
  weights: ReadonlyMap<string, Tensor>,
  { name = spec.name, weightsFile, size, normalize }: BackboneTokenOptions,
): TokenNetwork {
  const { declarations, tokens } = declareBackbone(spec, size);
  const problem = findMisfit(weights, declarations);
  if (problem !== undefined) {
    const found = weights.get(problem.name);
    throw new GenviewTypeError(
      `Cannot encode by ${name}: "${problem.name}" must be ${
        formatType(problem.value.type)
      }, found ${found === undefined ? "none" : formatType(found)}`,
    );
  }
  const [, count, width] = tokens as [number, number, number];
  const side = Math.sqrt(count);
  return {
    name,
    ...(weightsFile !== undefined && { weightsFile }),
    view: evaluationRecipe(size, normalize),
    grid: [side, side],
    width,
    async createSession(images, build, options = {}) {
      const { provider } = options.device ?? CPU;
      const outputs = withTarget(
        { provider },
        () => build(spec.applyTokens(new Scope(), images)),
      );
      return await Session.create(encodeModel({ outputs, initializers: weights }), options);
    },
  };
}
