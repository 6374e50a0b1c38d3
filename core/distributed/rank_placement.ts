/**
 * Where each of the processes of a machine computes.
 *
 * @module
 */
import { cpus } from "node:os";
import {
  checkDevice,
  type Device,
  type Placement,
  resolveDevice,
  trustDevice,
} from "../engine/ort/mod.ts";
import { nvidiaDevices } from "../engine/ort/nvidia_devices.ts";
import type { ReadVariable } from "./launcher.ts";
import type { ProcessGroup } from "./process_group.ts";

/** Place of a process among those of its machine. */
export type LocalPlace = Pick<ProcessGroup, "localRank" | "localSize">;

/** What is asked for of all processes. */
export interface AskedPlacement {
  /** `auto`, `cpu`, `cuda`, `cuda:N` or `webgpu`. */
  readonly device: string;
  /** Options of its execution provider, each as `NAME=VALUE`. */
  readonly providerOption: readonly string[];
  /** Threads of each process; its share of the cores when 0. */
  readonly threads: number;
}

/** How many GPUs CUDA counts: schedulers hide those of other jobs. */
function visibleGpus(): number {
  const named = readPermitted("CUDA_VISIBLE_DEVICES");
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

/** A variable of the environment, where the permission to read it is there. */
function readPermitted(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}

/** Cores of the machine, where the permission to ask is there; those that this process may use otherwise. */
function machineCores(): number {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "cpus" });
  return state === "granted" ? cpus().length : navigator.hardwareConcurrency;
}

/**
 * The share of a process of its machine's cores. Slurm says how many each task has. Where Open MPI's mpirun has bound
 * processes to cores, as it does unless told not to, those that this one may use are not those of all.
 *
 * @param read of the environment
 * @param own cores that this process may use
 * @param all cores of the machine
 */
export function shareOfCores(
  localSize: number,
  read: ReadVariable,
  own: number,
  all: number,
): number {
  const task = read("SLURM_STEP_NUM_TASKS") === undefined ? undefined : read("SLURM_CPUS_PER_TASK");
  const isBound = read("OMPI_MCA_orte_bound_at_launch") === "1";
  const share = task !== undefined ? Number(task) : (isBound ? all : own) / localSize;
  return Math.max(1, Math.min(own, Math.floor(share)));
}

/**
 * The threads of a process: its share of the cores of its machine, unless a number is given.
 *
 * @param threads a number, or 0
 * @param place among the processes of its machine; alone if left out, where 0 stays, which is all cores
 */
export function rankThreads(
  threads: number,
  place: Pick<LocalPlace, "localSize"> | undefined,
): number {
  if (threads > 0 || place === undefined) return threads;
  const own = navigator.hardwareConcurrency;
  return shareOfCores(place.localSize, readPermitted, own, machineCores());
}

/**
 * The device and the threads of a process. Several on a machine take its GPUs by turns, unless a device is named by its
 * number, and share its cores, unless a number of threads is given.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rankPlacement } from "./rank_placement.ts";
 *
 * const asked = { device: "cpu", providerOption: [], threads: 3 };
 * const { device, threads } = rankPlacement(asked, { localRank: 1, localSize: 2 });
 * assertEquals([device.provider, threads], ["cpu", 3]);
 * ```
 *
 * @param place among the processes of its machine; alone if left out
 * @throws {TypeError} if the device cannot be used
 */
export function rankPlacement(
  { device, providerOption, threads }: AskedPlacement,
  place: LocalPlace | undefined,
): Placement {
  if (place === undefined) return { device: resolveDevice(device, providerOption), threads };
  return {
    device: localDevice(device, place, providerOption),
    threads: rankThreads(threads, place),
  };
}

/**
 * The device and the threads of a process as {@linkcode rankPlacement} finds them, once the device is known to compute
 * rightly.
 *
 * @throws {TypeError} if the device cannot be used
 * @throws {GenviewError} if operators are wrong on it; the message names them
 */
export async function openRankPlacement(
  asked: AskedPlacement,
  place: LocalPlace | undefined,
): Promise<Placement> {
  const placement = rankPlacement(asked, place);
  await trustDevice(placement.device);
  return placement;
}
