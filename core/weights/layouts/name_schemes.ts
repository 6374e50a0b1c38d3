/**
 * What libraries call the tensors of one and the same backbone.
 *
 * @module
 */
import type { Shape } from "../../engine/graph/shape.ts";
import { type Rename, type RenameTensor, toOwn, toPublished } from "./renames.ts";

/** Libraries of Python that have the backbones, each under names of its own. */
export type PythonLibrary = "torchvision" | "timm" | "mmpretrain" | "open_clip";

/** Names that a library gives the tensors of a family of backbones. */
export interface NameScheme {
  /** What reports call it, such as `mmpretrain's ViT`. */
  readonly name: string;
  /** The own name of a tensor; undefined if the backbone has no place for it. */
  readonly own: RenameTensor;
  /** The scheme's name of an own tensor; undefined if it is of another family. */
  readonly published: RenameTensor;
  /** Shape of a tensor there, by own name, where it has further axes of length 1. */
  publishedShape(name: string, shape: Shape): Shape;
}

function scheme(
  name: string,
  renames: readonly Rename[],
  publishedShape: NameScheme["publishedShape"] = (_, shape) => shape,
): NameScheme {
  return { name, own: toOwn(renames), published: toPublished(renames), publishedShape };
}

/**
 * The own names: torchvision's of ResNets, timm's of ViTs and ConvNeXts, open_clip's of CLIP's ViTs; mmpretrain's of ResNets
 * are the same.
 */
export const OWN_NAMES: NameScheme = {
  name: "torchvision, timm or open_clip",
  own: (name) => name,
  published: (name) => name,
  publishedShape: (_, shape) => shape,
};

/** `VisionTransformer` and `MoCoV3ViT` of mmpretrain, a pure renaming of timm's. */
const MMPRETRAIN_VIT = scheme("mmpretrain's ViT", [
  ["cls_token", "cls_token"],
  ["pos_embed", "pos_embed"],
  ["patch_embed.projection.", "patch_embed.proj."],
  ["layers.{i}.ln1.", "blocks.{i}.norm1."],
  ["layers.{i}.attn.qkv.", "blocks.{i}.attn.qkv."],
  ["layers.{i}.attn.proj.", "blocks.{i}.attn.proj."],
  ["layers.{i}.ln2.", "blocks.{i}.norm2."],
  ["layers.{i}.ffn.layers.0.0.", "blocks.{i}.mlp.fc1."],
  ["layers.{i}.ffn.layers.1.", "blocks.{i}.mlp.fc2."],
  ["ln1.", "norm."],
]);

/** `ConvNeXt` of mmpretrain, a pure renaming of timm's. */
const MMPRETRAIN_CONVNEXT = scheme("mmpretrain's ConvNeXt", [
  ["downsample_layers.0.{j}.", "stem.{j}."],
  ["downsample_layers.{s}.{j}.", "stages.{s}.downsample.{j}."],
  ["stages.{s}.{b}.depthwise_conv.", "stages.{s}.blocks.{b}.conv_dw."],
  ["stages.{s}.{b}.norm.", "stages.{s}.blocks.{b}.norm."],
  ["stages.{s}.{b}.pointwise_conv1.", "stages.{s}.blocks.{b}.mlp.fc1."],
  ["stages.{s}.{b}.pointwise_conv2.", "stages.{s}.blocks.{b}.mlp.fc2."],
  ["stages.{s}.{b}.gamma", "stages.{s}.blocks.{b}.gamma"],
  ["norm3.", "head.norm."],
]);

/** `VisionTransformer` of torchvision, a pure renaming of timm's. */
const TORCHVISION_VIT = scheme("torchvision's ViT", [
  ["class_token", "cls_token"],
  ["encoder.pos_embedding", "pos_embed"],
  ["conv_proj.", "patch_embed.proj."],
  ["encoder.layers.encoder_layer_{i}.ln_1.", "blocks.{i}.norm1."],
  ["encoder.layers.encoder_layer_{i}.self_attention.in_proj_weight", "blocks.{i}.attn.qkv.weight"],
  ["encoder.layers.encoder_layer_{i}.self_attention.in_proj_bias", "blocks.{i}.attn.qkv.bias"],
  ["encoder.layers.encoder_layer_{i}.self_attention.out_proj.", "blocks.{i}.attn.proj."],
  ["encoder.layers.encoder_layer_{i}.ln_2.", "blocks.{i}.norm2."],
  ["encoder.layers.encoder_layer_{i}.mlp.0.", "blocks.{i}.mlp.fc1."],
  ["encoder.layers.encoder_layer_{i}.mlp.3.", "blocks.{i}.mlp.fc2."],
  ["encoder.ln.", "norm."],
]);

/** `ConvNeXt` of torchvision, whose scales have the axes of a map. */
const TORCHVISION_CONVNEXT = scheme("torchvision's ConvNeXt", [
  ["features.0.{j}.", "stem.{j}."],
  ...[0, 1, 2, 3].flatMap((stage): Rename[] => [
    [`features.${2 * stage}.{j}.`, `stages.${stage}.downsample.{j}.`],
    [`features.${2 * stage + 1}.{b}.block.0.`, `stages.${stage}.blocks.{b}.conv_dw.`],
    [`features.${2 * stage + 1}.{b}.block.2.`, `stages.${stage}.blocks.{b}.norm.`],
    [`features.${2 * stage + 1}.{b}.block.3.`, `stages.${stage}.blocks.{b}.mlp.fc1.`],
    [`features.${2 * stage + 1}.{b}.block.5.`, `stages.${stage}.blocks.{b}.mlp.fc2.`],
    [`features.${2 * stage + 1}.{b}.layer_scale`, `stages.${stage}.blocks.{b}.gamma`],
  ]),
  ["classifier.0.", "head.norm."],
], (name, shape) => name.endsWith(".gamma") ? [...shape, 1, 1] : shape);

/** torchvision's ResNet as `nn.Sequential(*list(resnet.children())[:-1])`, as lightly's examples build it. */
const SEQUENCE_OF_RESNET = scheme("a sequence of torchvision's ResNet", [
  ["0.", "conv1."],
  ["1.", "bn1."],
  ["4.", "layer1."],
  ["5.", "layer2."],
  ["6.", "layer3."],
  ["7.", "layer4."],
]);

/** All schemes, the own names first. */
export const NAME_SCHEMES: readonly NameScheme[] = [
  OWN_NAMES,
  MMPRETRAIN_VIT,
  MMPRETRAIN_CONVNEXT,
  TORCHVISION_VIT,
  TORCHVISION_CONVNEXT,
  SEQUENCE_OF_RESNET,
];

/** Schemes of libraries; backbones of none of them have their own names there. */
const LIBRARIES: Readonly<Record<PythonLibrary, readonly NameScheme[]>> = {
  torchvision: [TORCHVISION_VIT, TORCHVISION_CONVNEXT],
  timm: [],
  mmpretrain: [MMPRETRAIN_VIT, MMPRETRAIN_CONVNEXT],
  open_clip: [],
};

/**
 * What a library calls the tensors of a backbone.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { schemeOf } from "./name_schemes.ts";
 *
 * assertEquals(schemeOf("mmpretrain", ["norm.weight"]).published("norm.weight"), "ln1.weight");
 * assertEquals(schemeOf("timm", ["norm.weight"]).published("norm.weight"), "norm.weight");
 * ```
 *
 * @param names the own names of its tensors
 */
export function schemeOf(library: PythonLibrary, names: Iterable<string>): NameScheme {
  const own = [...names];
  return LIBRARIES[library].find(({ published }) =>
    own.every((name) => published(name) !== undefined)
  ) ?? OWN_NAMES;
}
