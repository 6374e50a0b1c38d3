/**
 * The symbolic training pass of a method whose batch is larger than what a device takes at once.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../../../errors/mod.ts";
import { nodesLeadingTo, readBy, resolve } from "../../../engine/graph/node.ts";
import type { Value } from "../../../engine/graph/value.ts";
import type { Declaration } from "../../../engine/nn/scope.ts";
import { viewName } from "../../../engine/optim/step_names.ts";
import type { LoadedMethod } from "../../../method/load.ts";
import { type AppliedMethod, applyMethod, type MethodGraphOptions } from "../method_graph.ts";
import { type Application, MicroApplications, WholeApplications } from "./cuts.ts";
import { SampleRows } from "./sample_rows.ts";

/** What a method is applied to, and in what parts. */
export interface AccumulatedGraphOptions extends MethodGraphOptions {
  /** Samples that the device takes at once, a micro-batch; they divide the batch. */
  readonly deviceBatchSize: number;
}

/** A view as a micro-batch reads it. */
export interface MicroView {
  /** Index of the view. */
  readonly view: number;
  /** The permutation of the whole batch in whose order its samples come; their own when left out. */
  readonly permutation?: string;
  /** The input, `[M,3,H,W]`. */
  readonly value: Value;
}

/** A method's graphs for a micro-batch of M samples, and for the whole batch. */
export interface AccumulatedGraph {
  /** Samples in a micro-batch. */
  readonly deviceBatchSize: number;
  /** Micro-batches in a batch. */
  readonly microBatches: number;
  /** The method applied to a micro-batch. */
  readonly micro: AppliedMethod;
  /** The method applied to the whole batch, where what networks give is an input. */
  readonly whole: AppliedMethod;
  /** What the whole batch takes over, as far as anything depends on it, in order. */
  readonly cuts: readonly Application[];
  /** The views of a micro-batch. */
  readonly views: readonly MicroView[];
  /** All parameters and buffers, in the order of their declaration; those that both graphs have are the whole batch's. */
  readonly declarations: readonly Declaration[];
  /** The buffers that networks write, as they are after a micro-batch, by name. */
  readonly running: ReadonlyMap<string, Value>;
  /** Whether parameters of networks stay as they are in a step, as a micro-batch finds it, by name. */
  readonly frozen: ReadonlyMap<string, Value>;
}

/** The values without which some others cannot be computed, and which no operator makes. */
export function leavesOf(values: readonly Value[]): Set<Value> {
  const nodes = nodesLeadingTo(values, true);
  return new Set([...values, ...nodes.flatMap(readBy)].map(resolve));
}

/** All that the whole batch's graph computes. */
export function wholeOutputs({ whole }: Pick<AccumulatedGraph, "whole">): Value[] {
  const { loss, embeddings, metrics = {}, scope, frozen } = whole;
  return [
    loss,
    embeddings,
    ...Object.values(metrics),
    ...scope.written.values(),
    ...frozen.values(),
  ];
}

function checkDeviceBatchSize(deviceBatchSize: number, batchSize: number): void {
  const divides = Number.isInteger(deviceBatchSize) && deviceBatchSize >= 1 &&
    batchSize % deviceBatchSize === 0;
  if (divides) return;
  throw new GenviewRangeError(
    `Cannot accumulate gradients: --device-batch-size must divide --batch-size ${batchSize}, found ${deviceBatchSize}`,
  );
}

/**
 * Samples in a micro-batch of a configuration; undefined where the device takes the whole batch at once.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { microBatchSize } from "./accumulated_graph.ts";
 *
 * assertEquals(microBatchSize({ batchSize: 256, deviceBatchSize: 64 }), 64);
 * assertEquals(microBatchSize({ batchSize: 256, deviceBatchSize: 0 }), undefined);
 * assertEquals(microBatchSize({ batchSize: 32, deviceBatchSize: 64 }), undefined);
 * ```
 *
 * @throws {RangeError} if micro-batches do not fill a batch
 */
export function microBatchSize(
  { batchSize, deviceBatchSize }: {
    readonly batchSize: number;
    readonly deviceBatchSize: number;
  },
): number | undefined {
  if (deviceBatchSize === 0 || deviceBatchSize >= batchSize) return undefined;
  checkDeviceBatchSize(deviceBatchSize, batchSize);
  return deviceBatchSize;
}

/** Inputs of a graph that are the same for all samples. */
function fixedInputs({ scope, scheduled, counters }: AppliedMethod): Set<string> {
  const scalars = [...scheduled.values(), ...counters];
  return new Set([
    ...scope.declarations.keys(),
    ...scalars.flatMap(({ source }) => source.kind === "input" ? [source.name] : []),
  ]);
}

/** Checks that the whole batch's graph reads no pixels, which are never there all at once. */
function checkPixels({ views }: AppliedMethod, leaves: ReadonlySet<Value>): void {
  const read = views.findIndex((view) => leaves.has(view));
  if (read === -1) return;
  throw new GenviewTypeError(
    `Cannot accumulate gradients: the method must read views through its networks alone, found that its loss reads ` +
      `view ${read} itself, counted from 0; set --device-batch-size 0`,
  );
}

/** The conditions under which parameters of networks are frozen, which no samples may decide. */
function frozenNetworks(
  { frozen }: AppliedMethod,
  own: ReadonlyMap<string, Declaration>,
  fixed: ReadonlySet<string>,
): Map<string, Value> {
  const found = [...frozen].filter(([name]) => !own.has(name));
  for (const [name, value] of found) {
    const decided = [...leavesOf([value])].every(({ source }) =>
      source.kind !== "input" || fixed.has(source.name)
    );
    if (decided) continue;
    throw new GenviewTypeError(
      `Cannot accumulate gradients: whether "${name}" is frozen must not depend on samples of the batch; ` +
        "set --device-batch-size 0",
    );
  }
  return new Map(found);
}

/**
 * Builds the training pass of a method for micro-batches. What it gives for the whole batch is what the method gives, but
 * that batch norm takes its statistics from a micro-batch, as on several devices without SyncBN.
 *
 * @throws {RangeError} if the micro-batch does not divide the batch
 * @throws {TypeError} if the method mixes samples before a network, or reads views without one, or for what
 * `buildMethodGraph` throws
 */
export function buildAccumulatedGraph(
  method: LoadedMethod,
  { deviceBatchSize, ...options }: AccumulatedGraphOptions,
): AccumulatedGraph {
  const { batchSize, viewSizes } = options;
  checkDeviceBatchSize(deviceBatchSize, batchSize);
  const viewOf = ({ source }: Value) => {
    const found = viewSizes.findIndex((_, i) =>
      source.kind === "input" && source.name === viewName(i)
    );
    return found === -1 ? undefined : found;
  };
  const sizes = { micro: deviceBatchSize, whole: batchSize };
  const microApplications = new MicroApplications(viewOf);
  const micro = applyMethod(method, { ...options, batchSize: deviceBatchSize }, microApplications);
  const wholeApplications = new WholeApplications(microApplications, sizes, viewOf);
  const whole = applyMethod(method, options, wholeApplications);
  wholeApplications.finish();

  const shuffled = [...wholeApplications.shuffled.values()];
  const views = micro.views.map((value, view) => ({ view, value }));
  const fixed = fixedInputs(micro);
  const rows = new SampleRows(sizes, [
    ...views.map(({ view, value }) => ({ micro: value, whole: whole.views[view]! })),
    ...shuffled,
  ], fixed);
  const { applications } = wholeApplications;
  for (const { part, read, given } of applications) rows.add(part, read, given);

  const leaves = leavesOf(wholeOutputs({ whole }));
  checkPixels(whole, leaves);
  const own = whole.scope.declarations;
  return {
    deviceBatchSize,
    microBatches: batchSize / deviceBatchSize,
    micro,
    whole,
    cuts: applications.filter(({ given }) => leaves.has(given.whole)),
    views: [
      ...views,
      ...shuffled.map(({ permutation, view, micro: value }) => ({ permutation, view, value })),
    ],
    declarations: [...micro.scope.declarations.values()].map((declaration) =>
      own.get(declaration.name) ?? declaration
    ),
    running: new Map([...micro.scope.written].filter(([name]) => !own.has(name))),
    frozen: frozenNetworks(micro, own, fixed),
  };
}
