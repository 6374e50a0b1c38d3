/**
 * Which backbones a state dict fits.
 *
 * @module
 */
import { isFloat } from "../engine/graph/dtype.ts";
import { sameShape, type Shape } from "../engine/graph/shape.ts";
import { input } from "../engine/graph/value.ts";
import { type Declaration, Scope } from "../engine/nn/scope.ts";
import type { BackboneSpec, StateDictTypes } from "./backbone.ts";
import { backbone, FAMILIES } from "./registry.ts";

/** What a backbone declares. */
export interface DeclaredBackbone {
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** Shape of the tokens of one image: 1, their number, their width. */
  readonly tokens: Shape;
}

/** What a backbone declares for images of `size` pixels in each direction. */
export function declareBackbone(
  spec: Pick<BackboneSpec, "applyTokens">,
  size: number,
): DeclaredBackbone {
  const scope = new Scope();
  const tokens = spec.applyTokens(scope, input("images", "float32", [1, 3, size, size]));
  return { declarations: scope.declarations, tokens: tokens.shape };
}

/** The first tensor of a network that a state dict has not, or has in another shape; counts of batches are not read. */
export function findMisfit(
  weights: StateDictTypes,
  declarations: DeclaredBackbone["declarations"],
): Declaration | undefined {
  return [...declarations.values()].find(({ name, value }) => {
    const found = weights.get(name);
    return isFloat(value.dtype) && (found === undefined || !sameShape(found.shape, value.shape));
  });
}

/** A backbone that a state dict fits, and the image size by its shapes. */
export interface RecognizedBackbone {
  /** The backbone, built with the options that the shapes tell. */
  readonly spec: BackboneSpec;
  /** Of the images that a ViT's positions are for, which are resampled for others; there is none of networks without. */
  readonly size?: number;
}

/** Smallest images, in pixels, that every backbone of variable size takes. */
const ANY_SIZE = 64;

/** Names that the backbones of all families have, by which one of them is found in a file that holds more. */
export function namesOfFamilies(): ReadonlySet<string> {
  return new Set(FAMILIES.flatMap(({ members }) => {
    const smallest = backbone(Object.keys(members)[0]!);
    return [...declareBackbone(smallest, smallest.inputSize).declarations.keys()];
  }));
}

/**
 * Finds the backbones that a state dict fits, by names and shapes. Some fit two, which then differ in numbers that no
 * shape tells, such as the heads of MoCo v3's ViT-S and timm's.
 *
 * @param weights without what is before the backbone's own names
 */
export function recognizeBackbones(weights: StateDictTypes): RecognizedBackbone[] {
  return FAMILIES.filter(({ mark }) => weights.has(mark)).flatMap((family) => {
    const told = family.shapesTell(weights);
    if (told === undefined) return [];
    const { options, size } = told;
    return Object.keys(family.members).flatMap((name) => {
      const spec = backbone(name, { ...options, ...(size !== undefined && { imageSize: size }) });
      const { declarations } = declareBackbone(spec, size ?? ANY_SIZE);
      if (findMisfit(weights, declarations) !== undefined) return [];
      return [{ spec, ...(size !== undefined && { size }) }];
    });
  });
}
