import type { Value } from "../graph/value.ts";
import { conv } from "../ops/conv.ts";
import { fansOf, type Initializer, torchDefault } from "./initializers.ts";
import type { Scope } from "./scope.ts";

/** Options of {@linkcode conv2d}. */
export interface Conv2dOptions {
  /** Channels of the output. */
  readonly channels: number;
  /** Height and width of the kernel. */
  readonly kernel: number;
  /** Steps between windows (default 1). */
  readonly stride?: number;
  /** Zeros around the input, on every side (default 0). */
  readonly padding?: number;
  /** Groups that channels are split into; as many as channels make a depthwise convolution (default 1). */
  readonly groups?: number;
  /** Whether a bias is added (default false). */
  readonly bias?: boolean;
  /** Initial weight (default: PyTorch's, uniform within 1/sqrt(fan in)). */
  readonly weightInitializer?: Initializer;
  /** Initial bias (default: PyTorch's, uniform within 1/sqrt(fan in)). */
  readonly biasInitializer?: Initializer;
  /** Whether weight and bias are trained (default true). */
  readonly trainable?: boolean;
}

/**
 * Convolution of images, as `torch.nn.Conv2d`: parameters `weight` `[channels, in / groups, kernel, kernel]` and, if
 * asked for, `bias` `[channels]`.
 *
 * @param x `[N, in, H, W]`
 * @returns `[N, channels, H', W']`
 */
export function conv2d(scope: Scope, name: string, x: Value, options: Conv2dOptions): Value {
  return scope.enter(name, (layer) => {
    const { channels, kernel, stride = 1, padding = 0, groups = 1, bias = false } = options;
    const { weightInitializer, biasInitializer, trainable = true } = options;
    const shape = [channels, x.shape[1]! / groups, kernel, kernel];
    const initial = torchDefault(fansOf(shape).fanIn);
    const weight = layer.parameter("weight", shape, weightInitializer ?? initial, { trainable });
    return conv(x, weight, {
      strides: stride,
      pads: padding,
      group: groups,
      ...(bias && {
        bias: layer.parameter("bias", [channels], biasInitializer ?? initial, { trainable }),
      }),
    });
  });
}
