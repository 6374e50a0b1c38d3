/**
 * Backbones that were trained here, as networks that make tokens.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { evaluationView } from "../data/views/presets.ts";
import type { EvaluationRecipe } from "../data/views/recipe.ts";
import { isFloat } from "../engine/graph/dtype.ts";
import { sameShape } from "../engine/graph/shape.ts";
import { formatType, type Tensor, type TensorType } from "../engine/graph/tensor.ts";
import { input } from "../engine/graph/value.ts";
import { type Declaration, Scope } from "../engine/nn/scope.ts";
import { encodeModel } from "../engine/onnx/encode_model.ts";
import { Session } from "../engine/ort/mod.ts";
import {
  backbone,
  backboneNames,
  type BackboneOptions,
  type BackboneSpec,
} from "../backbones/registry.ts";
import type { TokenNetwork } from "./token_encoder.ts";

/** Types of a state dict's tensors, by name. */
export type StateDictTypes = ReadonlyMap<string, TensorType>;

type Declarations = ReadonlyMap<string, Declaration>;

/** Images up to this many pixels are taken whole; larger ones lose their borders, as in evaluation. */
const SMALL = 64;

/** How a backbone's images are cut, by default as evaluation cuts them. */
function defaultView(size: number, normalize: EvaluationRecipe["normalize"]): EvaluationRecipe {
  const view = evaluationView(size, { normalize });
  return size <= SMALL ? { ...view, shorterSide: size } : view;
}

/** What a backbone declares for images of a size, and the shape of its tokens. */
function declarationsOf(
  spec: BackboneSpec,
  size: number,
): { readonly declarations: Declarations; readonly shape: readonly number[] } {
  const scope = new Scope();
  const map = spec.applyTokens(scope, input("images", "float32", [1, 3, size, size]));
  return { declarations: scope.declarations, shape: map.shape };
}

/** The first tensor of a network that a state dict has not, or has in another shape; counts of batches are not read. */
function misfit(weights: StateDictTypes, declarations: Declarations): Declaration | undefined {
  return [...declarations.values()].find(({ name, value }) => {
    const found = weights.get(name);
    return isFloat(value.dtype) && (found === undefined || !sameShape(found.shape, value.shape));
  });
}

/** Height and width of the images that a ViT's positions fit, if the state dict has any. */
function positionsSize(weights: StateDictTypes): number | undefined {
  const positions = weights.get("pos_embed")?.shape[1];
  const patch = weights.get("patch_embed.proj.weight")?.shape[3];
  if (positions === undefined || patch === undefined) return undefined;
  return Math.sqrt(positions - 1) * patch;
}

/** A backbone that a state dict is of, and the size of images that it says. */
export interface RecognizedBackbone {
  readonly spec: BackboneSpec;
  /** Of ViTs; others take any size. */
  readonly size?: number;
}

/**
 * Finds the backbones that a state dict fits, by names and shapes. Some fit two, which then differ in numbers that no shape tells,
 * such as the heads of MoCo v3's ViT-S and timm's.
 *
 * @param weights without what is before the backbone's own names
 */
export function recognizeBackbones(weights: StateDictTypes): RecognizedBackbone[] {
  const size = positionsSize(weights);
  if (size !== undefined && !Number.isInteger(size)) return [];
  // Only a ResNet has a choice of stems, which shows in its first kernel.
  const small = weights.get("conv1.weight")?.shape[2] === 3;
  const options: BackboneOptions = small ? { stem: "small" } : {};
  const first = weights.has("conv1.weight")
    ? /^resnet/
    : weights.has("pos_embed")
    ? /vit_/
    : /^convnext/;
  return backboneNames.filter((name) => first.test(name)).flatMap((name) => {
    const spec = backbone(name, options);
    const { declarations } = declarationsOf(spec, size ?? 64);
    if (misfit(weights, declarations) !== undefined) return [];
    return [{ spec, ...(size !== undefined && { size }) }];
  });
}

/** What {@linkcode backboneTokenNetwork} is told. */
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
  const { declarations, shape } = declarationsOf(spec, size);
  const problem = misfit(weights, declarations);
  if (problem !== undefined) {
    const found = weights.get(problem.name);
    throw new GenviewTypeError(
      `Cannot encode by ${name}: "${problem.name}" must be ${
        formatType(problem.value.type)
      }, found ${found === undefined ? "none" : formatType(found)}`,
    );
  }
  const [, count, width] = shape as [number, number, number];
  const side = Math.sqrt(count);
  return {
    name,
    ...(weightsFile !== undefined && { weightsFile }),
    view: defaultView(size, normalize),
    grid: [side, side],
    width,
    async createSession(images, build, options = {}) {
      const outputs = build(spec.applyTokens(new Scope(), images));
      return await Session.create(encodeModel({ outputs, initializers: weights }), options);
    },
  };
}
