/**
 * Backbones by name.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import type { Value } from "../engine/graph/value.ts";
import type { Scope } from "../engine/nn/scope.ts";
import { reshape } from "../engine/ops/reshape.ts";
import { transpose } from "../engine/ops/transpose.ts";
import { nearestName } from "../schema/nearest_name.ts";
import type { Backbone } from "./backbone.ts";
import { convNext, type ConvNextConfig } from "./convnext.ts";
import { resNet, type ResNetConfig, resNetWidth } from "./resnet.ts";
import {
  visionTransformer,
  type VisionTransformerConfig,
  visionTransformerTokens,
} from "./vision_transformer.ts";

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

/** Choices that ResNets alone offer; the others take nothing but the defaults. */
export type BackboneOptions = Pick<ResNetConfig, "stem" | "zeroInitResidual">;

type Entry =
  & { readonly description: string }
  & (
    | { readonly resNet: ResNetConfig }
    | { readonly visionTransformer: VisionTransformerConfig }
    | { readonly convNext: ConvNextConfig }
  );

const ENTRIES: Readonly<Record<string, Entry>> = {
  resnet18: {
    description: "ResNet-18, 11 M parameters",
    resNet: { block: "basic", depths: [2, 2, 2, 2] },
  },
  resnet34: {
    description: "ResNet-34, 21 M parameters",
    resNet: { block: "basic", depths: [3, 4, 6, 3] },
  },
  resnet50: {
    description: "ResNet-50 with the stride in the 3x3 convolution, 24 M parameters",
    resNet: { block: "bottleneck", depths: [3, 4, 6, 3] },
  },
  vit_tiny_patch16_224: {
    description: "ViT-Ti/16, 3 heads, 5.5 M parameters",
    visionTransformer: { patch: 16, width: 192, depth: 12, heads: 3 },
  },
  vit_small_patch16_224: {
    description: "ViT-S/16, 6 heads, 22 M parameters",
    visionTransformer: { patch: 16, width: 384, depth: 12, heads: 6 },
  },
  vit_base_patch16_224: {
    description: "ViT-B/16, 12 heads, 86 M parameters",
    visionTransformer: { patch: 16, width: 768, depth: 12, heads: 12 },
  },
  mocov3_vit_small: {
    description: "MoCo v3's ViT-S/16: 12 heads, fixed positions and patch embedding",
    visionTransformer: { patch: 16, width: 384, depth: 12, heads: 12, variant: "mocov3" },
  },
  mocov3_vit_base: {
    description: "MoCo v3's ViT-B/16: 12 heads, fixed positions and patch embedding",
    visionTransformer: { patch: 16, width: 768, depth: 12, heads: 12, variant: "mocov3" },
  },
  convnext_tiny: {
    description: "ConvNeXt-T, 28 M parameters",
    convNext: { depths: [3, 3, 9, 3], widths: [96, 192, 384, 768] },
  },
  convnext_base: {
    description: "ConvNeXt-B, 88 M parameters",
    convNext: { depths: [3, 3, 27, 3], widths: [128, 256, 512, 1024] },
  },
};

/** Names of all backbones. */
export const backboneNames: readonly string[] = Object.keys(ENTRIES);

/** The pixels of a map `[N, C, H, W]` as tokens `[N, H · W, C]`. */
function pixelsOf(map: Value): Value {
  const [count, width] = map.shape as [number, number];
  return transpose(reshape(map, [count, width, -1]), [0, 2, 1]);
}

function build(
  entry: Entry,
  options: BackboneOptions,
): Pick<BackboneSpec, "width" | "apply" | "applyTokens"> {
  if ("resNet" in entry) {
    const config = { ...entry.resNet, ...options };
    return {
      width: resNetWidth(config),
      apply: (scope, images) => resNet(scope, images, config).features,
      applyTokens: (scope, images) => pixelsOf(resNet(scope, images, config).maps.at(-1)!),
    };
  }
  if ("visionTransformer" in entry) {
    const config = entry.visionTransformer;
    return {
      width: config.width,
      apply: (scope, images) => visionTransformer(scope, images, config),
      applyTokens: (scope, images) => visionTransformerTokens(scope, images, config),
    };
  }
  const config = entry.convNext;
  return {
    width: config.widths.at(-1)!,
    apply: (scope, images) => convNext(scope, images, config).features,
    applyTokens: (scope, images) => pixelsOf(convNext(scope, images, config).maps.at(-1)!),
  };
}

/**
 * The backbone of a name.
 *
 * ```ts
 * import { backbone } from "./registry.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(backbone("resnet18", { stem: "small" }).width, 512);
 * ```
 *
 * @throws {TypeError} if there is none of this name, or it does not offer what the options ask for
 */
export function backbone(name: string, options: BackboneOptions = {}): BackboneSpec {
  const entry = Object.hasOwn(ENTRIES, name) ? ENTRIES[name] : undefined;
  if (entry === undefined) {
    throw new GenviewTypeError(
      `Cannot build backbone "${name}": there is none of this name, the nearest is "${
        nearestName(name, backboneNames)
      }" (known are ${backboneNames.join(", ")})`,
    );
  }
  const asked = [
    ...(options.stem === "small" ? ['stem "small"'] : []),
    ...(options.zeroInitResidual ? ["zeroInitResidual"] : []),
  ];
  if (!("resNet" in entry) && asked.length > 0) {
    throw new GenviewTypeError(
      `Cannot build backbone "${name}": only ResNets offer ${asked.join(" and ")}`,
    );
  }
  return { name, inputSize: 224, description: entry.description, ...build(entry, options) };
}
