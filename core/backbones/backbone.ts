/**
 * What backbones have in common, and how a family of them is described.
 *
 * @module
 */
import type { TensorType } from "../engine/graph/tensor.ts";
import type { Value } from "../engine/graph/value.ts";
import type { Scope } from "../engine/nn/scope.ts";
import type { PythonLibrary } from "../weights/layouts/name_schemes.ts";

/** A network that turns images into features. */
export interface Backbone {
  /** Name by which it is known. */
  readonly name: string;
  /** Coordinates of a feature. */
  readonly width: number;
  /**
   * Features `[N,width]` of images `[N,3,H,W]`. Names within the scope are the keys of torchvision's or timm's state
   * dict; a second application in the same scope shares all parameters, also at another size.
   */
  apply(scope: Scope, images: Value): Value;
}

/** A backbone that is known by name. */
export interface BackboneSpec extends Backbone {
  /** Height and width of the images that it was published for, in pixels. */
  readonly inputSize: number;
  /** What it is, in a line. */
  readonly description: string;
  /**
   * Tokens `[N, P, width]` of images `[N, 3, H, W]`, row by row: of ResNets and ConvNeXts the pixels of the last map
   * before it is pooled, of ViTs the patches' normalised tokens. Names within the scope are those of `apply`.
   */
  applyTokens(scope: Scope, images: Value): Value;
}

/** Choices that some families offer; the others take nothing but the defaults. */
export interface BackboneOptions {
  /** First layers of a ResNet: for images of 224 pixels (default) or of up to 64. */
  readonly stem?: "imagenet" | "small";
  /** Whether the last scale of every block of a ResNet starts at zero, so that blocks start as identity (default false). */
  readonly zeroInitResidual?: boolean;
  /**
   * Height and width in pixels of the images that the positions of a ViT are parameters for (default those of the first
   * images that it is applied to); those of other sizes are resampled. It says nothing to networks without positions.
   */
  readonly imageSize?: number;
}

/** Types of a state dict's tensors, by name. */
export type StateDictTypes = ReadonlyMap<string, TensorType>;

/** What the shapes of a state dict tell of its network. */
export interface ShapesTell {
  readonly options?: BackboneOptions;
  /** Height and width in pixels of the images that its positions are parameters for, where it has any. */
  readonly size?: number;
}

/** One backbone of a family. */
export interface BackboneMember {
  /** What it is, in a line. */
  readonly description: string;
  build(
    options: BackboneOptions,
  ):
    & Pick<BackboneSpec, "width" | "apply" | "applyTokens">
    & Partial<Pick<BackboneSpec, "inputSize">>;
}

/** Backbones of one kind: their names, and what tells their state dicts from others. */
export interface BackboneFamily {
  /** What errors call its networks, such as `ResNets`. */
  readonly title: string;
  /** A tensor that every state dict of the family has, and none of another family. */
  readonly mark: string;
  /** Options that its networks offer. */
  readonly offers: readonly (keyof BackboneOptions)[];
  /** Its networks by name. */
  readonly members: Readonly<Record<string, BackboneMember>>;
  /** What the shapes of a state dict with the mark tell; undefined if no network of the family can have them. */
  shapesTell(weights: StateDictTypes): ShapesTell | undefined;
  /** The library whose names its networks have here. */
  readonly library: PythonLibrary;
  /**
   * Python by which a library builds the network that a member's state dict in that library's names loads into strictly;
   * undefined if the library has no such network.
   *
   * @param name one of the members
   * @param weights its state dict, in the own names
   */
  python(library: PythonLibrary, name: string, weights: StateDictTypes): string | undefined;
}
