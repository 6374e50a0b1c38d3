/**
 * ConvNeXt networks, under timm's names.
 *
 * @module
 */
import type { Value } from "../engine/graph/value.ts";
import { conv2d } from "../engine/nn/conv2d.ts";
import { convNextBlock } from "../engine/nn/convnext_block.ts";
import { constantInitializer, truncatedNormalInitializer } from "../engine/nn/initializers.ts";
import { layerNorm, layerNorm2d } from "../engine/nn/layer_norm.ts";
import { tokensOf } from "../engine/nn/map_tokens.ts";
import type { Scope } from "../engine/nn/scope.ts";
import { globalAveragePool } from "../engine/ops/global_average_pool.ts";
import type { BackboneFamily, BackboneMember } from "./backbone.ts";

/** What a ConvNeXt is made of. */
export interface ConvNextConfig {
  /** Blocks in each of the stages. */
  readonly depths: readonly number[];
  /** Channels of each stage. */
  readonly widths: readonly number[];
  /** Initial scale of each block's branch per channel (default 1e-6). */
  readonly layerScale?: number;
}

/** What a ConvNeXt makes of images. */
export interface ConvNextOutputs {
  /** Normalised mean of the last map over its pixels, `[N, width]`. */
  readonly features: Value;
  /** The map `[N, C, H, W]` that each stage ends with. */
  readonly maps: readonly Value[];
}

/** What layer normalisation adds to the variance. */
const EPSILON = 1e-6;

/** A convolution that looks at each patch once. */
function patchConvolution(
  scope: Scope,
  name: string,
  x: Value,
  channels: number,
  patch: number,
): Value {
  return conv2d(scope, name, x, {
    channels,
    kernel: patch,
    stride: patch,
    bias: true,
    weightInitializer: truncatedNormalInitializer(0.02),
    biasInitializer: constantInitializer(0),
  });
}

/**
 * A ConvNeXt without its classifier (Liu et al. 2022), as timm's `ConvNeXt`: maps are 4, 8, 16 and 32 times smaller than
 * the images, and features are pooled first and normalised then, by `head.norm`.
 *
 * @param images `[N, 3, H, W]`
 */
export function convNext(scope: Scope, images: Value, config: ConvNextConfig): ConvNextOutputs {
  const { depths, widths, layerScale = 1e-6 } = config;
  let x = scope.enter("stem", (stem) => {
    const patches = patchConvolution(stem, "0", images, widths[0]!, 4);
    return layerNorm2d(stem, "1", patches, { epsilon: EPSILON });
  });
  const maps = depths.map((depth, stage) =>
    scope.enter(`stages.${stage}`, (inner) => {
      if (stage > 0) {
        const normed = layerNorm2d(inner, "downsample.0", x, { epsilon: EPSILON });
        x = patchConvolution(inner, "downsample.1", normed, widths[stage]!, 2);
      }
      for (let i = 0; i < depth; i++) {
        x = convNextBlock(inner, `blocks.${i}`, x, { layerScale, epsilon: EPSILON });
      }
      return x;
    })
  );
  const features = layerNorm(scope, "head.norm", globalAveragePool(x), { epsilon: EPSILON });
  return { features, maps };
}

function member(description: string, config: ConvNextConfig): BackboneMember {
  return {
    description,
    build: () => ({
      width: config.widths.at(-1)!,
      apply: (scope, images) => convNext(scope, images, config).features,
      applyTokens: (scope, images) => tokensOf(convNext(scope, images, config).maps.at(-1)!),
    }),
  };
}

/** ConvNeXts by timm's names. */
export const convNextFamily: BackboneFamily = {
  title: "ConvNeXts",
  mark: "stem.0.weight",
  offers: [],
  members: {
    convnext_tiny: member("ConvNeXt-T, 28 M parameters", {
      depths: [3, 3, 9, 3],
      widths: [96, 192, 384, 768],
    }),
    convnext_base: member("ConvNeXt-B, 88 M parameters", {
      depths: [3, 3, 27, 3],
      widths: [128, 256, 512, 1024],
    }),
  },
  shapesTell: () => ({}),
  library: "timm",
  python(library, name) {
    switch (library) {
      case "timm":
        return `model = timm.create_model("${name}", num_classes=0)`;
      case "torchvision":
        return `model = torchvision.models.${name}(); model.classifier[2] = torch.nn.Identity()`;
      case "open_clip":
        return undefined;
      case "mmpretrain":
        return `model = mmpretrain.models.ConvNeXt(arch="${name.replace("convnext_", "")}")`;
    }
  },
};
