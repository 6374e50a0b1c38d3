/**
 * What reference/unclip_networks.py wrote, and networks of hashed weights to compare with it.
 *
 * @module
 */
import { join } from "node:path";
import { ConfigFile } from "../../../../core/weights/config_file.ts";
import {
  createNetworkSession,
  type NetworkGraph,
  type NetworkOptions,
} from "../../../../core/unclip/network_session.ts";
import type { StoredNetwork } from "../../../../core/unclip/network_weights.ts";
import type { Shape } from "../../../../core/engine/graph/shape.ts";
import type { Tensor } from "../../../../core/engine/graph/tensor.ts";
import type { Scope } from "../../../../core/engine/nn/scope.ts";
import { openTensors } from "../../../../core/weights/open_tensors.ts";
import { readSafetensors, writeSafetensors } from "../../../../core/weights/safetensors.ts";
import { hashedParameter } from "../../engine/nn/hashed_values.ts";

const GOLDEN = new URL("../../../../fixtures/golden/unclip_networks", import.meta.url).pathname;

/** The golden of all networks. */
export interface NetworkGolden {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The configuration of a network. */
  config(name: string): ConfigFile;
  /** Shapes of a network's parameters. */
  entries(name: string): Readonly<Record<string, Shape>>;
}

/** Reads the golden. */
export async function readNetworkGolden(): Promise<NetworkGolden> {
  const { tensors } = await readSafetensors(`${GOLDEN}.safetensors`);
  const { networks } = JSON.parse(await Deno.readTextFile(`${GOLDEN}.json`));
  return {
    tensors,
    config: (name) => new ConfigFile(`${name}/config.json`, networks[name].config),
    entries: (name) => networks[name].entries,
  };
}

/** Writes a file of hashed weights; each may have another name, shape and type than it is hashed by. */
export async function writeNetwork(
  path: string,
  entries: Readonly<Record<string, Shape>>,
  store: (name: string, value: Tensor<"float32">) => readonly [string, Tensor] = (name, value) => [
    name,
    value,
  ],
): Promise<void> {
  const stored = Object.entries(entries).map(([name, shape]) =>
    store(name, hashedParameter(name, shape))
  );
  await writeSafetensors(path, stored);
}

/** A network to be run once. */
export interface NetworkRun {
  readonly entries: Readonly<Record<string, Shape>>;
  readonly network: StoredNetwork;
  readonly build: (scope: Scope) => NetworkGraph;
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly store?: Parameters<typeof writeNetwork>[2];
  readonly options?: NetworkOptions;
}

/** Runs a network of hashed weights, which it reads from a file. */
export async function runNetwork(run: NetworkRun): Promise<Record<string, Tensor>> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "model.safetensors");
    await writeNetwork(path, run.entries, run.store);
    using file = await openTensors(path);
    using session = await createNetworkSession(file, run.network, run.build, {
      threads: 1,
      ...run.options,
    });
    return await session.run(run.feeds);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The nearest float16 of each element. */
export function halved(value: Tensor<"float32">): Tensor<"float16"> {
  return { ...value, dtype: "float16", data: Float16Array.from(value.data) };
}
