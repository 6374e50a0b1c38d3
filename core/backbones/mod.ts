/**
 * Networks that turn images into features, under the names of torchvision's, timm's and open_clip's state dicts.
 *
 * @module
 */
export type { Backbone, BackboneOptions, BackboneSpec, StateDictTypes } from "./backbone.ts";
export { clipConvNext, type ClipConvNextConfig, clipConvNextTower } from "./clip_convnext.ts";
export { type ClipLayoutName } from "./clip_layouts.ts";
export {
  type ClipModel,
  clipModel,
  clipModelNames,
  clipModelOfKind,
  clipPretrainedNames,
  type ClipWeightsKind,
  clipWeightsKind,
  resizedClipModel,
} from "./clip_models.ts";
export { type ClipOutputs, type ClipTower } from "./clip_tower.ts";
export { clipVisionConfig } from "./clip_vision_backbones.ts";
export {
  type ClipTokens,
  clipTokens,
  type ClipVisionTowerConfig,
  clipVisionTransformer,
  type ClipVisionTransformerConfig,
  clipVisionTransformerTower,
} from "./clip_vision_transformer.ts";
export { clipStateDict, type Declarations, readClipWeights } from "./clip_weights.ts";
export { convNext, type ConvNextConfig, type ConvNextOutputs } from "./convnext.ts";
export { recognizeBackbones, type RecognizedBackbone } from "./recognize_backbones.ts";
export { backbone, backboneNames } from "./registry.ts";
export {
  residualBlock,
  type ResidualBlockOptions,
  resNet,
  type ResNetConfig,
  type ResNetOutputs,
  resNetWidth,
} from "./resnet.ts";
export {
  visionTransformer,
  type VisionTransformerConfig,
  visionTransformerTokens,
} from "./vision_transformer.ts";
