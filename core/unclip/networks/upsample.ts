/**
 * Maps at another size, each pixel its nearest neighbour, under a convolution: diffusers' `Upsample2D`.
 *
 * @module
 */
import { currentTarget } from "../../engine/graph/target.ts";
import { float32 } from "../../engine/graph/tensor.ts";
import { constant, type Value } from "../../engine/graph/value.ts";
import { torchDefault } from "../../engine/nn/initializers.ts";
import type { Scope } from "../../engine/nn/scope.ts";
import { cast } from "../../engine/ops/cast.ts";
import { concat } from "../../engine/ops/concat.ts";
import { conv } from "../../engine/ops/conv.ts";
import { matMul } from "../../engine/ops/mat_mul.ts";
import { reshape } from "../../engine/ops/reshape.ts";
import { resize } from "../../engine/ops/resize.ts";
import { transpose } from "../../engine/ops/transpose.ts";
import { conv3x3 } from "./resnet_block.ts";

/** Name of the convolution. */
const NAME = "upsamplers.0.conv";

/** Nearest neighbours at another size, and a convolution by 3x3 pixels. */
export function upsample(scope: Scope, x: Value, size: readonly [number, number]): Value {
  return conv3x3(scope, NAME, resize(x, { size, mode: "nearest" }), x.shape[1]!);
}

/** Even and odd: pixels of a doubled map, by what their positions leave when they are divided by two. */
const PHASES = [0, 1] as const;

/** Where a tap of three meets the map that was doubled, in pixels from the first that the phase's windows meet. */
function met(phase: number, tap: number): number {
  return Math.floor((tap + 1 - phase) / 2);
}

/** For each of 9 taps the one of 4 that takes it, for the pixels of a phase of each axis: `[9, 4]`. */
function takenTaps(down: number, across: number): Value {
  const rows = Array.from({ length: 9 }, (_, tap) => {
    const at = 2 * met(down, Math.floor(tap / 3)) + met(across, tap % 3);
    return Array.from({ length: 4 }, (_, i) => i === at ? 1 : 0);
  });
  return constant(float32([9, 4], rows.flat()));
}

/** A convolution of a doubled map from the map itself: each phase by a kernel of 2x2, whose taps sum those that meet one pixel. */
function convOfDoubled(x: Value, weight: Value, bias: Value): Value {
  const [images, channels, height, width] = x.shape as [number, number, number, number];
  const [outputs] = weight.shape as [number];
  const phases = PHASES.flatMap((down) =>
    PHASES.map((across) => {
      const taps = cast(takenTaps(down, across), weight.dtype);
      const kernel = matMul(reshape(weight, [outputs * channels, 9]), taps);
      const pads = [1 - down, 1 - across, down, across];
      return conv(x, reshape(kernel, [outputs, channels, 2, 2]), { pads, bias });
    })
  );
  const apart = reshape(concat(phases, { axis: 1 }), [images, 2, 2, outputs, height, width]);
  const woven = transpose(apart, [0, 3, 4, 1, 5, 2]);
  return reshape(woven, [images, outputs, 2 * height, 2 * width]);
}

/**
 * {@linkcode upsample} to twice the size, in 4 multiplications instead of 9 where weights are fixed, on the CPU
 * (`GraphTarget.fixedWeights`): its kernels are summed once, as the model is loaded. With 96 channels at 12 x 12 pixels it
 * takes 0.7 of the time. It weaves a copy of the map together, which costs more than it gains where maps are large and have
 * few channels, as those of the autoencoder.
 */
export function upsampleSmall(scope: Scope, x: Value, size: readonly [number, number]): Value {
  const isDoubled = size.every((length, axis) => length === 2 * x.shape[axis + 2]!);
  if (!isDoubled || !currentTarget().fixedWeights) return upsample(scope, x, size);
  const channels = x.shape[1]!;
  return scope.enter(NAME, (layer) => {
    const initial = torchDefault(9 * channels);
    const weight = layer.parameter("weight", [channels, channels, 3, 3], initial);
    return convOfDoubled(x, weight, layer.parameter("bias", [channels], initial));
  });
}
