/**
 * Where each of the processes of a machine computes.
 *
 * @module
 */
import type { ProcessGroup } from "../../distributed/mod.ts";
import { checkDevice, type Device, type Placement, resolveDevice } from "../../engine/ort/mod.ts";
import { nvidiaDevices } from "../../engine/ort/nvidia_devices.ts";
import type { Configuration } from "../../method/configuration.ts";

/** Place of a process among those of its machine. */
type LocalPlace = Pick<ProcessGroup, "localRank" | "localSize">;

/** How many GPUs CUDA counts: schedulers hide those of other jobs. */
function visibleGpus(): number {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "CUDA_VISIBLE_DEVICES" });
  const named = state === "granted" ? Deno.env.get("CUDA_VISIBLE_DEVICES") : undefined;
  if (named !== undefined) return named.split(",").filter((each) => each.trim() !== "").length;
  return nvidiaDevices()?.names.length ?? 0;
}

/** The device of a process for which none is named by number: the GPUs of its machine by turns. */
function localDevice(text: string, { localRank }: LocalPlace, options: readonly string[]): Device {
  const gpus = text === "auto" || text === "cuda" ? visibleGpus() : 0;
  if (gpus === 0) return resolveDevice(text, options);
  const index = localRank % gpus;
  if (text === "auto" && !checkDevice({ provider: "cuda", index }).usable) {
    return resolveDevice(text, options);
  }
  return resolveDevice(`cuda:${index}`, options);
}

/** Cores of a process, where those of its machine are shared out. */
function localThreads(threads: number, { localSize }: LocalPlace): number {
  if (threads > 0) return threads;
  return Math.max(1, Math.floor(navigator.hardwareConcurrency / localSize));
}

/**
 * The device and the threads of a process. Several on a machine take its GPUs by turns, unless a device is named by its
 * number, and share its cores, unless a number of threads is given.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { DEFAULT_CONFIGURATION } from "../../method/configuration.ts";
 * import { rankPlacement } from "./rank_placement.ts";
 *
 * const chosen = { ...DEFAULT_CONFIGURATION, device: "cpu", threads: 3 };
 * const { device, threads } = rankPlacement(chosen, { localRank: 1, localSize: 2 });
 * assertEquals([device.provider, threads], ["cpu", 3]);
 * ```
 *
 * @param place among the processes of its machine; alone if left out
 * @throws {TypeError} if the device cannot be used
 */
export function rankPlacement(
  { device, providerOption, threads }: Pick<
    Configuration,
    "device" | "providerOption" | "threads"
  >,
  place: LocalPlace | undefined,
): Placement {
  if (place === undefined) return { device: resolveDevice(device, providerOption), threads };
  return {
    device: localDevice(device, place, providerOption),
    threads: localThreads(threads, place),
  };
}
