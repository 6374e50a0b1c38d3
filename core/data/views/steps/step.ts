/**
 * What an augmentation step is: everything about it stands in one record, in a file of its own.
 *
 * @module
 */
import type { DType } from "../../../engine/graph/dtype.ts";
import type { Tensor } from "../../../engine/graph/tensor.ts";
import type { Value } from "../../../engine/graph/value.ts";
import type { RandomStream } from "../../../engine/random/random_stream.ts";
import type { PropertySchema } from "../../../schema/schema.ts";
import type { WebAssemblyFunction } from "../../geometry/web_assembly.ts";
import type { PixelView } from "../../photometry/pixel_view.ts";

/** What all steps have. Methods rather than functions, so that a list may hold steps of different types. */
export interface SampledStep<Name extends string, Recipe, Sampled> {
  /** Field of the recipe that asks for the step, and of the parameters that hold its sample. */
  readonly name: Name;
  /** JSON Schema of its recipe. A list of two numbers is a range, which must rise. */
  readonly schema: PropertySchema;
  /** The sample of a view that the step leaves as it is. */
  readonly none: Sampled;
  /** Whether a recipe can sample anything else. */
  isUsed(recipe: Recipe): boolean;
  /** Whether a sample changes the view. */
  changes(sampled: Sampled): boolean;
  /**
   * Samples the parameters of one view, as plain data.
   *
   * @param size height and width of the view in pixels
   */
  sample(recipe: Recipe, random: RandomStream, size: number): Sampled;
}

/** A step on a view as an 8-bit image, on the host, after the crop, the resize and the flip; it may move pixels. */
export interface GeometricStep<Name extends string = string, Recipe = unknown, Sampled = unknown>
  extends SampledStep<Name, Recipe, Sampled> {
  /** Tells it from steps that change colours. */
  readonly kind: "geometric";
  /**
   * Moves or changes the pixels of a view, uint8 `[size, size, 3]`.
   *
   * @returns the pixels, in the same array or in a new one
   */
  movePixels(
    pixels: Uint8Array<ArrayBuffer>,
    size: number,
    sampled: Sampled,
    recipe: Recipe,
  ): Uint8Array<ArrayBuffer>;
  /** Moves the mask of a view, uint8 `[size, size]`, likewise; what comes in from outside is background. */
  moveMask(
    mask: Uint8Array<ArrayBuffer>,
    size: number,
    sampled: Sampled,
    recipe: Recipe,
  ): Uint8Array<ArrayBuffer>;
}

/** The dtype and the shape of one view's part of a packed tensor. */
export interface PackedType {
  /** Element type. */
  readonly dtype: DType;
  /** Without the batch. */
  readonly shape: readonly number[];
}

/** What a step's graph is built for. */
export interface StepGraph<Recipe> {
  /** What the recipe says of the step. */
  readonly recipe: Recipe;
  /** Height and width of the views in pixels. */
  readonly size: number;
  /** The packed parameters `[N, …]` by name. */
  readonly inputs: Readonly<Record<string, Value>>;
}

/** A step on large views on the CPU that changes each pixel by itself; see {@linkcode PixelView}. */
export interface PixelKernel<Recipe, Sampled> {
  /** Tells it from graphs. */
  readonly kind: "pixels";
  /** Inner loops of its own, in WebAssembly. */
  readonly functions?: readonly WebAssemblyFunction[];
  /** Adds the step to what is done to a view. */
  apply(view: PixelView, sampled: Sampled, recipe: Recipe): void;
}

/** A step on large views on the CPU that looks at neighbouring pixels, by a graph of its own. */
export interface GraphKernel<Recipe, Sampled> {
  /** Tells it from steps on this thread. */
  readonly kind: "graph";
  /**
   * The view float32 `[1,3,S,S]` after the step.
   *
   * @param strength float32 `[1]`, the number that was sampled
   * @param channelBlock channels that ONNX Runtime's kernels on this CPU block together
   */
  build(pixels: Value, strength: Value, recipe: Recipe, channelBlock: number): Value;
  /** The number that the graph takes. */
  strength(sampled: Sampled): number;
}

/** A step that changes colours, on the device: in a batched graph, and where it has a kernel faster on large views. */
export interface PhotometricStep<Name extends string = string, Recipe = unknown, Sampled = unknown>
  extends SampledStep<Name, Recipe, Sampled> {
  /** Tells it from steps that move pixels. */
  readonly kind: "photometric";
  /** Whether it comes after the normalisation, and so deals with normalised pixels. */
  readonly normalized?: boolean;
  /** Whether it commutes with affine maps of colours, as filters do whose weights add up to 1. */
  readonly commutes?: boolean;
  /** Tensors in which the samples of a batch enter graphs. */
  readonly packed: Readonly<Record<string, PackedType>>;
  /** One view's numbers in each of them. */
  pack(sampled: Sampled): Readonly<Record<string, readonly number[]>>;
  /**
   * Pixels float32 `[N,3,S,S]` after the step, in [0, 255] or normalised. A step that is a linear map of colours gives
   * `colorMap` in its place.
   */
  graph?(pixels: Value, graph: StepGraph<Recipe>): Value;
  /** The linear map of colours `[N,3,3]` that the step is. */
  colorMap?(graph: StepGraph<Recipe>): Value;
  /** Its way on large views on the CPU; without one, views of recipes that use it run through the batched graph. */
  readonly kernel?: PixelKernel<Recipe, Sampled> | GraphKernel<Recipe, Sampled>;
}

/** An augmentation step. */
export type AugmentationStep<Name extends string = string, Recipe = unknown, Sampled = unknown> =
  | GeometricStep<Name, Recipe, Sampled>
  | PhotometricStep<Name, Recipe, Sampled>;

/** Photometric parameters of a batch by name, as graphs take them. */
export type PackedPhotometry = Readonly<Record<string, Tensor>>;
