/**
 * Layers, under the names and with the initial values of PyTorch's. Each is a function of a scope, a name and a tensor;
 * applied twice under one name, it is the same layer with the same parameters.
 *
 * @module
 */
export { type Declaration, type PlaceOptions, Scope, type ScopeOptions } from "./scope.ts";
export * from "./initializers.ts";
export { attention, type AttentionOptions } from "./attention.ts";
export { batchNorm, type BatchNormOptions } from "./batch_norm.ts";
export { conv2d, type Conv2dOptions } from "./conv2d.ts";
export { convNextBlock, type ConvNextBlockOptions } from "./convnext_block.ts";
export { feedForward, type FeedForwardOptions } from "./feed_forward.ts";
export { groupNorm, type GroupNormOptions } from "./group_norm.ts";
export { layerNorm, layerNorm2d, type LayerNormOptions } from "./layer_norm.ts";
export { linear, type LinearOptions } from "./linear.ts";
export { mapOf, tokensOf } from "./map_tokens.ts";
export { mlp, type MlpLayer } from "./mlp.ts";
export { patchEmbedding, type PatchEmbeddingOptions } from "./patch_embedding.ts";
export { type PatchGrid, sineCosinePositions } from "./sine_cosine_positions.ts";
export { transformerBlock, type TransformerBlockOptions } from "./transformer_block.ts";
