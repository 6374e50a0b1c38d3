/**
 * Stable unCLIP's networks, ready to run on a publisher's file of weights.
 *
 * @module
 */
import { dirname } from "node:path";
import type { DType } from "../engine/graph/dtype.ts";
import { withTarget } from "../engine/graph/target.ts";
import type { Value } from "../engine/graph/value.ts";
import { Scope } from "../engine/nn/scope.ts";
import { encodeModel } from "../engine/onnx/encode_model.ts";
import { CPU, type Placement, Session } from "../engine/ort/mod.ts";
import type { TensorFile } from "../weights/tensor_file.ts";
import { networkInitializers, type StoredNetwork } from "./network_weights.ts";

/** How networks are run: on the CPU unless a device is given. */
export interface NetworkOptions extends Partial<Placement> {
  /**
   * Type that is computed in (default float32), whichever the weights are stored in. With float16, the statistics of group
   * and layer normalisation, the attention of texts, the waves of timesteps, and guidance stay in float32. float16 is for
   * CUDA: the CPU only emulates it.
   */
  readonly precision?: "float32" | "float16";
}

/** The part of a graph that a network's weights are for. */
export interface NetworkGraph {
  /** What the graph takes. */
  readonly inputs: readonly Value[];
  /** What the graph computes, by name. */
  readonly outputs: Readonly<Record<string, Value>>;
}

/**
 * Loads a graph around a network. The weights stay in their file: ONNX Runtime maps it into memory. They are converted as
 * they are loaded where they are stored in another type than is computed in.
 *
 * @param build makes the graph from a scope, whose element type is the precision's
 * @throws {TypeError} if the file does not fit the network; all that is wrong is listed
 */
export async function createNetworkSession(
  file: TensorFile,
  network: StoredNetwork,
  build: (scope: Scope) => NetworkGraph,
  { device = CPU, threads, precision = "float32" }: NetworkOptions = {},
): Promise<Session> {
  const dtype: DType = precision;
  const scope = new Scope({ dtype });
  const { provider } = device;
  const target = { provider, fixedWeights: provider === "cpu" };
  const { inputs, outputs } = withTarget(target, () => build(scope));
  const initializers = await networkInitializers(file, scope.declarations, network);
  return await Session.create(encodeModel({ inputs, outputs, initializers }), {
    device,
    threads,
    weightsFolder: dirname(await Deno.realPath(file.path)),
  });
}
