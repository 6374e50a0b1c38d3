/**
 * Networks that turn images into features, under the names of torchvision's and timm's state dicts.
 *
 * @module
 */
export type { Backbone } from "./backbone.ts";
export { convNext, type ConvNextConfig, type ConvNextOutputs } from "./convnext.ts";
export { backbone, backboneNames, type BackboneOptions, type BackboneSpec } from "./registry.ts";
export {
  residualBlock,
  type ResidualBlockOptions,
  resNet,
  type ResNetConfig,
  type ResNetOutputs,
  resNetWidth,
} from "./resnet.ts";
export { visionTransformer, type VisionTransformerConfig } from "./vision_transformer.ts";
