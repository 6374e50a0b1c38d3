/**
 * Residual networks, under torchvision's names.
 *
 * @module
 */
import type { Value } from "../engine/graph/value.ts";
import { batchNorm } from "../engine/nn/batch_norm.ts";
import { conv2d, type Conv2dOptions } from "../engine/nn/conv2d.ts";
import { constantInitializer, kaimingNormal } from "../engine/nn/initializers.ts";
import { tokensOf } from "../engine/nn/map_tokens.ts";
import type { Scope } from "../engine/nn/scope.ts";
import { add } from "../engine/ops/add.ts";
import { globalAveragePool } from "../engine/ops/global_average_pool.ts";
import { maxPool } from "../engine/ops/max_pool.ts";
import { relu } from "../engine/ops/relu.ts";
import type { BackboneFamily, BackboneMember } from "./backbone.ts";

/** What a ResNet is made of. */
export interface ResNetConfig {
  /** Blocks of two 3x3 convolutions, or of 1x1, 3x3 and 1x1 with four times the channels outside. */
  readonly block: "basic" | "bottleneck";
  /** Blocks in each of the stages. */
  readonly depths: readonly number[];
  /** Channels inside the blocks of each stage (default 64, 128, 256, 512). */
  readonly channels?: readonly number[];
  /**
   * First layers: 7x7 of stride 2 and a max-pool of stride 2 (default), or 3x3 of stride 1 without a pool, for images
   * of up to 64 pixels (He et al. 2016, section 4.2).
   */
  readonly stem?: "imagenet" | "small";
  /** Whether the last scale of every block starts at zero, so that blocks start as identity (default false). */
  readonly zeroInitResidual?: boolean;
}

/** What a ResNet makes of images. */
export interface ResNetOutputs {
  /** Mean of the last map over its pixels, `[N, width]`. */
  readonly features: Value;
  /** The map `[N, C, H, W]` that each stage ends with. */
  readonly maps: readonly Value[];
}

/** Place and shape of one block. */
export interface ResidualBlockOptions {
  /** Kind of the block. */
  readonly block: ResNetConfig["block"];
  /** Channels inside the block. */
  readonly channels: number;
  /** Stride of its 3x3 convolution, the first of two in a basic block (default 1). */
  readonly stride?: number;
  /** Whether its last scale starts at zero (default false). */
  readonly zeroInitResidual?: boolean;
}

const DEFAULT_CHANNELS = [64, 128, 256, 512];

/** How many times wider a block is outside than inside. */
const EXPANSION = { basic: 1, bottleneck: 4 } as const;

/** Coordinates of a ResNet's features. */
export function resNetWidth({ block, channels = DEFAULT_CHANNELS }: ResNetConfig): number {
  return channels.at(-1)! * EXPANSION[block];
}

interface UnitOptions extends Pick<Conv2dOptions, "channels" | "kernel" | "stride"> {
  readonly scale?: number;
}

/** A convolution without bias and its batch normalisation. */
function unit(
  scope: Scope,
  names: readonly [conv: string, norm: string],
  x: Value,
  { scale = 1, ...convolution }: UnitOptions,
): Value {
  const y = conv2d(scope, names[0], x, {
    ...convolution,
    padding: (convolution.kernel - 1) / 2,
    weightInitializer: kaimingNormal({ fan: "out" }),
  });
  return batchNorm(scope, names[1], y, { weightInitializer: constantInitializer(scale) });
}

/**
 * One residual block (He et al. 2016, figure 5), as torchvision's `BasicBlock` and `Bottleneck`: a bottleneck strides
 * in its 3x3 convolution, and where shapes change a strided 1x1 convolution `downsample` leads around the block.
 *
 * @param x `[N, C, H, W]`
 * @returns `[N, channels, H / stride, W / stride]`, four times the channels for a bottleneck
 */
export function residualBlock(
  scope: Scope,
  name: string,
  x: Value,
  { block, channels, stride = 1, zeroInitResidual = false }: ResidualBlockOptions,
): Value {
  return scope.enter(name, (inner) => {
    const out = channels * EXPANSION[block];
    const kernels = block === "basic" ? [3, 3] : [1, 3, 1];
    const strided = kernels.indexOf(3);
    const branch = kernels.reduce((y, kernel, i) => {
      const last = i === kernels.length - 1;
      const normed = unit(inner, [`conv${i + 1}`, `bn${i + 1}`], y, {
        channels: last ? out : channels,
        kernel,
        stride: i === strided ? stride : 1,
        scale: last && zeroInitResidual ? 0 : 1,
      });
      return last ? normed : relu(normed);
    }, x);
    const around = stride === 1 && x.shape[1] === out
      ? x
      : unit(inner, ["downsample.0", "downsample.1"], x, { channels: out, kernel: 1, stride });
    return relu(add(branch, around));
  });
}

function stem(scope: Scope, images: Value, kind: "imagenet" | "small", channels: number): Value {
  const small = kind === "small";
  const shape = { channels, kernel: small ? 3 : 7, stride: small ? 1 : 2 };
  const y = relu(unit(scope, ["conv1", "bn1"], images, shape));
  return small ? y : maxPool(y, { kernel: 3, strides: 2, pads: 1 });
}

/**
 * A residual network without its classifier (He et al. 2016), as torchvision's `ResNet`.
 *
 * @param images `[N, 3, H, W]`
 */
export function resNet(scope: Scope, images: Value, config: ResNetConfig): ResNetOutputs {
  const { block, depths, channels = DEFAULT_CHANNELS, zeroInitResidual = false } = config;
  const maps: Value[] = [];
  let x = stem(scope, images, config.stem ?? "imagenet", channels[0]!);
  depths.forEach((depth, stage) => {
    scope.enter(`layer${stage + 1}`, (layer) => {
      for (let i = 0; i < depth; i++) {
        const stride = stage > 0 && i === 0 ? 2 : 1;
        const options = { block, channels: channels[stage]!, stride, zeroInitResidual };
        x = residualBlock(layer, String(i), x, options);
      }
    });
    maps.push(x);
  });
  return { features: globalAveragePool(x), maps };
}

function member(description: string, entry: ResNetConfig): BackboneMember {
  return {
    description,
    build(options) {
      const config = { ...entry, ...options };
      return {
        width: resNetWidth(config),
        apply: (scope, images) => resNet(scope, images, config).features,
        applyTokens: (scope, images) => tokensOf(resNet(scope, images, config).maps.at(-1)!),
      };
    },
  };
}

/** ResNets by torchvision's names. */
export const resNetFamily: BackboneFamily = {
  title: "ResNets",
  mark: "bn1.weight",
  offers: ["stem", "zeroInitResidual"],
  members: {
    resnet18: member("ResNet-18, 11 M parameters", { block: "basic", depths: [2, 2, 2, 2] }),
    resnet34: member("ResNet-34, 21 M parameters", { block: "basic", depths: [3, 4, 6, 3] }),
    resnet50: member("ResNet-50 with the stride in the 3x3 convolution, 24 M parameters", {
      block: "bottleneck",
      depths: [3, 4, 6, 3],
    }),
  },
  // The stem shows in its kernel.
  shapesTell: (weights) =>
    weights.get("conv1.weight")?.shape[2] === 3 ? { options: { stem: "small" } } : {},
  library: "torchvision",
  python(library, name, weights) {
    const [width, , kernel] = weights.get("conv1.weight")?.shape ?? [];
    if (library === "open_clip") return undefined;
    if (library === "mmpretrain") {
      const kind = kernel === 3 ? "ResNet_CIFAR" : "ResNet";
      return `model = mmpretrain.models.${kind}(depth=${name.replace("resnet", "")})`;
    }
    const stem = kernel === 3
      ? `; model.conv1 = torch.nn.Conv2d(3, ${width}, 3, 1, 1, bias=False); model.maxpool = torch.nn.Identity()`
      : "";
    return library === "timm"
      ? `model = timm.create_model("${name}", num_classes=0)${stem}`
      : `model = torchvision.models.${name}()${stem}; model.fc = torch.nn.Identity()`;
  },
};
