/**
 * Tables of what training steps cost.
 *
 * @module
 */
import {
  ACCELERATORS,
  addCosts,
  kernelSeconds,
  type NamedCost,
} from "../../core/engine/ort/mod.ts";
import { NO_COST } from "../../core/engine/ort/mod.ts";
import type { StepCost, StepMemory } from "../../core/train/mod.ts";
import type { Counted } from "./count_launches.ts";

/** Both sides of a preset. */
export interface Estimated {
  /** Method and preset. */
  readonly name: string;
  readonly backbone: string;
  readonly batchSize: number;
  readonly memory: StepMemory;
  /** What our products are computed in. */
  readonly rate: "tf32" | "float16";
  readonly ours: readonly StepCost[];
  /** Launches and copies of a step that were counted. */
  readonly counted?: Counted;
  /** PyTorch's kernels in TF32, and under automatic mixed precision. */
  readonly peers: Readonly<Record<"tf32" | "float16", readonly NamedCost[]>>;
}

/** Sum of what is asked of each cost, as often as it occurs in a step. */
export function totalOf(
  costs: readonly (NamedCost & { readonly runs?: number })[],
  of: (cost: NamedCost) => number,
): number {
  return costs.reduce((sum, cost) => sum + (cost.runs ?? 1) * of(cost), 0);
}

const GPU = ACCELERATORS.h100;

/** A column of milliseconds. */
const ms = (seconds: number) => (1e3 * seconds).toFixed(1).padStart(8);
const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1).padStart(8);

/** A name in which the numbers of layers are left out, so that alike layers are one row. */
function layerKind(layer: string): string {
  return layer === "" ? "(none)" : layer.replaceAll(/\d+/g, "*");
}

interface Row {
  readonly name: string;
  readonly ours: number;
  readonly peer: number;
  readonly launches: number;
  readonly peerLaunches: number;
}

/** Sums of both sides by some name, the largest difference first. */
function compareBy({ rate, ours, peers }: Estimated, nameOf: (cost: NamedCost) => string): Row[] {
  const names = new Set([...ours, ...peers[rate]].map(nameOf));
  const seconds = (cost: NamedCost) => kernelSeconds(cost, GPU, rate);
  return [...names].map((name) => {
    const mine = ours.filter((cost) => nameOf(cost) === name);
    const theirs = peers[rate].filter((cost) => nameOf(cost) === name);
    return {
      name,
      ours: totalOf(mine, seconds),
      peer: totalOf(theirs, seconds),
      launches: totalOf(mine, ({ launches }) => launches),
      peerLaunches: totalOf(theirs, ({ launches }) => launches),
    };
  }).sort((a, b) => Math.abs(b.ours - b.peer) - Math.abs(a.ours - a.peer));
}

const SHOWN_ROWS = 14;

function writeRows(title: string, rows: readonly Row[]): string {
  const lines = rows.slice(0, SHOWN_ROWS).map(({ name, ours, peer, launches, peerLaunches }) =>
    `    ${ms(ours)} ${ms(peer)} ${ms(ours - peer)}  ${String(launches).padStart(6)} ` +
    `${String(peerLaunches).padStart(6)}  ${name}`
  );
  return `  ${title} (H100, ms; launches)\n        ours  PyTorch     more    ours PyTorch\n${
    lines.join("\n")
  }`;
}

function countedLines({ counted }: Estimated): string[] {
  if (counted === undefined) return [];
  const { launches, copies } = counted;
  return [
    `  counted on the stand-in, with what clears memory: ${launches} launches, and ${copies} copies on the device`,
  ];
}

/** The costs of a preset, with what makes the difference if asked for. */
export function writeTables(estimated: Estimated, nodes: boolean): string {
  const { name, backbone, batchSize, memory, rate, ours, peers } = estimated;
  const all = (costs: readonly (NamedCost & { readonly runs?: number })[]) =>
    costs.reduce((sum, cost) => {
      let total = sum;
      for (let i = 0; i < (cost.runs ?? 1); i++) total = addCosts(total, cost);
      return total;
    }, NO_COST);
  const resident = memory.state + memory.slots + memory.passed + memory.batch + memory.activations;
  const sides = [["ours", ours], ["PyTorch", peers.tf32], ["PyTorch AMP", peers.float16]] as const;
  const totals = sides.map(([side, costs]) => {
    const { multiplyAdds, bytes, launches } = all(costs);
    return `  ${side.padEnd(12)} ${(multiplyAdds / 1e12).toFixed(2).padStart(7)} T multiply-adds` +
      `${gigabytes(bytes)} GB moved ${String(launches).padStart(6)} launches`;
  });
  const times = Object.values(ACCELERATORS).map((gpu) => {
    const [mine, tf32, amp] = [
      totalOf(ours, (cost) => kernelSeconds(cost, gpu, rate)),
      totalOf(peers.tf32, (cost) => kernelSeconds(cost, gpu, "tf32")),
      totalOf(peers.float16, (cost) => kernelSeconds(cost, gpu, "float16")),
    ];
    return `  ${gpu.name.padEnd(16)}${ms(mine)}${ms(tf32)}${ms(amp)}   ${
      (mine! / tf32!).toFixed(2)
    } of PyTorch's TF32, ${(mine! / amp!).toFixed(2)} of its AMP`;
  });
  return [
    `${name}: ${backbone}, batch ${batchSize}, ${gigabytes(resident).trim()} GB at the peak`,
    ...totals,
    ...countedLines(estimated),
    "                      ours    TF32     AMP   ms a step, estimated",
    ...times,
    ...(nodes
      ? [
        writeRows("by layer", compareBy(estimated, ({ layer }) => layerKind(layer))),
        writeRows("by operator", compareBy(estimated, ({ operator }) => operator)),
      ]
      : []),
  ].join("\n");
}
