/**
 * What libraries call the tensors of one and the same backbone.
 *
 * @module
 */
import { type Rename, type RenameTensor, toOwn, toPublished } from "./renames.ts";

/** Names that a library gives the tensors of a family of backbones. */
export interface NameScheme {
  /** What reports call it, such as `mmpretrain's ViT`. */
  readonly name: string;
  /** The own name of a tensor; undefined if the backbone has no place for it. */
  readonly own: RenameTensor;
  /** The scheme's name of an own tensor; undefined if it is of another family. */
  readonly published: RenameTensor;
}

function scheme(name: string, renames: readonly Rename[]): NameScheme {
  return { name, own: toOwn(renames), published: toPublished(renames) };
}

/** The own names: torchvision's of ResNets, timm's of ViTs and ConvNeXts; mmpretrain's of ResNets are the same. */
export const OWN_NAMES: NameScheme = {
  name: "torchvision or timm",
  own: (name) => name,
  published: (name) => name,
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
  SEQUENCE_OF_RESNET,
];

/** mmpretrain's names of a backbone's tensors, given by their own names. */
export function mmpretrainScheme(names: Iterable<string>): NameScheme {
  const own = [...names];
  return [MMPRETRAIN_VIT, MMPRETRAIN_CONVNEXT].find(({ published }) =>
    own.every((name) => published(name) !== undefined)
  ) ?? OWN_NAMES;
}
