/**
 * Methods of self-supervised learning: the interface of plugins, their manifests, loading them by name or address, and
 * the configuration of a run.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bundledMethods } from "../../plugins/mod.ts";
 * import { loadMethodByName, presetOf, resolveConfiguration } from "./mod.ts";
 *
 * const method = await loadMethodByName("simsiam", bundledMethods);
 * const configuration = resolveConfiguration(presetOf(method.manifest, "cifar"), { epochs: 100 });
 * assertEquals([configuration.backbone, configuration.epochs], ["resnet18", 100]);
 * ```
 *
 * @module
 */
export { type Configuration, configurationSchema, DEFAULT_CONFIGURATION } from "./configuration.ts";
export { dataOptions } from "./configuration/data_options.ts";
export { optimizationOptions } from "./configuration/optimization_options.ts";
export { pairOptions } from "./configuration/pair_options.ts";
export { runOptions } from "./configuration/run_options.ts";
export {
  checkMethod,
  type LoadedMethod,
  loadMethod,
  loadMethodByName,
  type LoadMethodOptions,
  type MethodAtAddress,
  type TrainableMethod,
} from "./load.ts";
export {
  API_VERSION,
  type LossRange,
  type Manifest,
  type ManifestLike,
  manifestSchema,
  type OptionsOf,
  parseManifest,
} from "./manifest.ts";
export type {
  Buffer,
  Encoder,
  FreezeOptions,
  Method,
  MethodContext,
  MethodOutputs,
  Network,
  NetworkOptions,
  Permutation,
  Queue,
  Role,
  TrainedNetwork,
} from "./method.ts";
export { createMethod, type NewMethodOptions } from "./new_method.ts";
export { PluginError, PluginRefusal } from "./plugin_error.ts";
export { type ConfigurationFile, readConfiguration } from "./read_configuration.ts";
export {
  type PartialConfiguration,
  presetOf,
  resolveConfiguration,
} from "./resolve_configuration.ts";
export type { DType } from "../engine/graph/dtype.ts";
export type { Shape } from "../engine/graph/shape.ts";
export type { Value } from "../engine/graph/value.ts";
export type { Initializer } from "../engine/nn/initializers.ts";
export type { MlpLayer } from "../engine/nn/mlp.ts";
