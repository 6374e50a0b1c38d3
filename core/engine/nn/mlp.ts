import { GenviewRangeError, GenviewTypeError } from "../../errors/mod.ts";
import { formatType } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import { gelu } from "../ops/gelu.ts";
import { relu } from "../ops/relu.ts";
import { batchNorm } from "./batch_norm.ts";
import type { Initializer } from "./initializers.ts";
import { layerNorm } from "./layer_norm.ts";
import { linear } from "./linear.ts";
import type { Scope } from "./scope.ts";

/** One layer of a perceptron: linear, then normalisation, then activation. */
export interface MlpLayer {
  /** Features that the layer makes. */
  readonly width: number;
  /** Whether the linear map has a bias (default false, as a normalisation would undo it). */
  readonly bias?: boolean;
  /** What follows the linear map (default "batch"). */
  readonly norm?: "batch" | "layer" | "none";
  /** Whether batch norm has a scale and an offset (default true); layer norm always has. */
  readonly affine?: boolean;
  /** What ends the layer (default "relu"). */
  readonly activation?: "relu" | "gelu" | "none";
  /** Initial weight (default: PyTorch's, uniform within 1/sqrt(fan in)). */
  readonly weightInitializer?: Initializer;
  /** Initial bias (default: PyTorch's, uniform within 1/sqrt(fan in)). */
  readonly biasInitializer?: Initializer;
  /** Rows of the weight of unit length, by themselves or scaled by a parameter that starts at one (default neither). */
  readonly weightNorm?: "unit" | "scaled";
}

/** What members of a layer that are words may be. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  norm: ["batch", "layer", "none"],
  activation: ["relu", "gelu", "none"],
  weightNorm: ["unit", "scaled"],
};

/** Refuses what an untyped plugin may hand over, and what would be taken for something else. */
function checkLayers(name: string, x: Value, layers: readonly MlpLayer[]): void {
  if (x.rank !== 2) {
    throw new GenviewTypeError(
      `Cannot apply perceptron "${name}": it takes [N,D], found ${formatType(x.type)}`,
    );
  }
  for (const [i, layer] of layers.entries()) {
    if (!Number.isInteger(layer.width) || layer.width < 1) {
      throw new GenviewRangeError(
        `Cannot apply perceptron "${name}": the width of layer ${i} must be a positive integer, found ${layer.width}`,
      );
    }
    for (const [member, words] of Object.entries(WORDS)) {
      const found = layer[member as keyof MlpLayer];
      if (found === undefined || words.includes(String(found))) continue;
      throw new GenviewTypeError(
        `Cannot apply perceptron "${name}": ${member} of layer ${i} must be ${
          words.join(" or ")
        }, found ${found}`,
      );
    }
  }
}

/** Applies what follows a layer's linear map. */
function normalize(head: Scope, i: number, x: Value, { norm = "batch", affine }: MlpLayer): Value {
  if (norm === "none") return x;
  if (norm === "layer") return layerNorm(head, `ln${i}`, x);
  return batchNorm(head, `bn${i}`, x, affine === undefined ? {} : { affine });
}

function activate(x: Value, { activation = "relu" }: MlpLayer): Value {
  if (activation === "none") return x;
  return activation === "relu" ? relu(x) : gelu(x);
}

/**
 * Multi-layer perceptron, such as the projectors and predictors of self-supervised methods. Its layers are named `fc0`,
 * `bn0` (or `ln0`), `fc1` and so on, as in mmpretrain's `NonLinearNeck`, and start as PyTorch's do.
 *
 * ```ts
 * import { input } from "../graph/value.ts";
 * import { mlp } from "./mlp.ts";
 * import { Scope } from "./scope.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const scope = new Scope({ training: true });
 * const features = input("features", "float32", [256, 512]);
 * const layers = [{ width: 128 }, { width: 64, norm: "none", activation: "none" }] as const;
 * assertEquals(mlp(scope, "projector", features, layers).shape, [256, 64]);
 * assertEquals(scope.declarations.has("projector.fc1.weight"), true);
 * ```
 *
 * @param x `[N, in]`
 * @returns `[N, width of the last layer]`
 * @throws {TypeError} if `x` is no matrix, or a layer asks for a normalisation or an activation that there is not
 * @throws {RangeError} if a width is no positive integer
 */
export function mlp(scope: Scope, name: string, x: Value, layers: readonly MlpLayer[]): Value {
  checkLayers(name, x, layers);
  return scope.enter(name, (head) =>
    layers.reduce((before, layer, i) => {
      const { width, bias = false, weightInitializer, biasInitializer, weightNorm } = layer;
      const mapped = linear(head, `fc${i}`, before, {
        width,
        bias,
        ...(weightInitializer && { weightInitializer }),
        ...(biasInitializer && { biasInitializer }),
        ...(weightNorm && { weightNorm }),
      });
      return activate(normalize(head, i, mapped, layer), layer);
    }, x));
}
