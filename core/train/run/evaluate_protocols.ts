/**
 * The protocols of an evaluation, one after another, from a network to results.
 *
 * @module
 */
import { describeDevice, DeviceTensor } from "../../engine/ort/mod.ts";
import {
  type BackboneFeatures,
  backboneFeatures,
  type PlacedBackbone,
} from "../../evaluate/evaluate_backbone.ts";
import type { Protocol } from "../../evaluate/protocols.ts";
import type { EvaluationResult } from "../../evaluate/results.ts";
import { cachedProbeResults, nearestNeighborResults } from "./cached_protocols.ts";
import type { FoundResult, ProtocolContext } from "./protocol_context.ts";
import { fineTuningResults, linearProbeResults } from "./trained_protocols.ts";

/** Runs protocols on one network; features are taken once for all that need them. */
export class Protocols implements Disposable {
  readonly #context: ProtocolContext;
  readonly #owned = new DisposableStack();
  #weights: ReadonlyMap<string, DeviceTensor> | undefined;
  #features: BackboneFeatures | undefined;

  /** @param context the network, the data, and how to go about it */
  constructor(context: ProtocolContext) {
    this.#context = context;
  }

  /** What a protocol finds. */
  async run(protocol: Protocol): Promise<EvaluationResult[]> {
    const { network: { device, recipe }, common, options: { seed } } = this.#context;
    return (await this.#found(protocol)).map((found) => ({
      ...common,
      ...found,
      imageSize: recipe.size,
      normalize: recipe.normalize,
      seed,
      device: describeDevice(device),
      at: new Date().toISOString(),
    }));
  }

  async #found(protocol: Protocol): Promise<FoundResult[]> {
    switch (protocol.kind) {
      case "knn":
        return await nearestNeighborResults(await this.#cached(), this.#context);
      case "probe":
        return await cachedProbeResults(await this.#cached(), protocol, this.#context);
      case "linear":
        return await linearProbeResults(this.#placed(), protocol, this.#context);
      case "semi":
      case "finetune":
        return await fineTuningResults(protocol, this.#context);
    }
  }

  /** The network on its device. */
  #placed(): PlacedBackbone {
    const { backbone, device, tensors } = this.#context.network;
    this.#weights ??= new Map(
      [...tensors].map(([name, value]) => [
        name,
        this.#owned.use(DeviceTensor.from(value, device)),
      ]),
    );
    return { backbone, device, weights: this.#weights };
  }

  async #cached(): Promise<BackboneFeatures> {
    const { network: { recipe, threads }, data, options, group } = this.#context;
    const { strict, onWarning, onFeatures: onProgress } = options;
    this.#features ??= await backboneFeatures(this.#placed(), {
      ...{ ...data, recipe, strict, threads, onWarning, onProgress, group },
    });
    return this.#features;
  }

  /** Releases the weights on the device. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}
