/**
 * A method applied to a part of the batch, networks and all, and to the whole batch, which takes over what networks give.
 *
 * @module
 */
import { GenviewRangeError } from "../../../errors/mod.ts";
import { nodesLeadingTo, readBy, resolve } from "../../../engine/graph/node.ts";
import { currentRanks, currentTarget, withTarget } from "../../../engine/graph/target.ts";
import type { Value } from "../../../engine/graph/value.ts";
import type { Declaration } from "../../../engine/nn/scope.ts";
import { viewName } from "../../../engine/optim/step_names.ts";
import type { LoadedMethod } from "../../../method/load.ts";
import type { SharedInputs } from "../context_inputs.ts";
import { type AppliedMethod, applyMethod, type MethodGraphOptions } from "../method_graph.ts";
import {
  type Application,
  MicroApplications,
  type OwnPart,
  type ShuffledView,
  WholeApplications,
} from "./cuts.ts";
import type { PermutationInputs } from "../permutation.ts";
import { notInParts } from "./refusal.ts";
import { SampleRows } from "./sample_rows.ts";

/** What a method is applied to, and how large a part of it. */
export interface PartOptions extends MethodGraphOptions {
  /** Samples of a part. */
  readonly partSize: number;
  /** Permutations of the whole batch that there are already, by name. */
  readonly permutations?: Map<string, PermutationInputs>;
  /** This part of a view in the order of a permutation of the whole batch; an input when left out. */
  readonly shuffled?: (permutation: string, view: Value) => Value;
}

/** A method's graphs for a part of the batch, and for the whole batch. */
export interface PartGraphs {
  /** The method applied to a part. */
  readonly micro: AppliedMethod;
  /** The method applied to the whole batch, which reads what networks give. */
  readonly whole: AppliedMethod;
  /** What networks give, in order. */
  readonly applications: readonly Application[];
  /** Views in the order of a permutation of the whole batch. */
  readonly shuffled: readonly ShuffledView[];
  /** All parameters and buffers, in the order of their declaration; those that both graphs have are the whole batch's. */
  readonly declarations: readonly Declaration[];
  /** The buffers that networks write, as they are after a part, by name. */
  readonly running: ReadonlyMap<string, Value>;
  /** Whether parameters of networks stay as they are in a step, as a part finds it, by name. */
  readonly frozen: ReadonlyMap<string, Value>;
}

/** The values without which some others cannot be computed, and which no operator makes. */
export function leavesOf(values: readonly Value[]): Set<Value> {
  const nodes = nodesLeadingTo(values, true);
  return new Set([...values, ...nodes.flatMap(readBy)].map(resolve));
}

/** All that the whole batch's graph computes. */
export function wholeOutputs({ whole }: { readonly whole: AppliedMethod }): Value[] {
  const { loss, embeddings, metrics = {}, scope, frozen } = whole;
  return [
    loss,
    embeddings,
    ...Object.values(metrics),
    ...scope.written.values(),
    ...frozen.values(),
  ];
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
  throw notInParts(
    `the method must read views through its networks alone, found that its loss reads view ${read} itself, counted from 0`,
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
    throw notInParts(
      `whether "${name}" is frozen must not depend on samples of the batch, found that it does`,
    );
  }
  return new Map(found);
}

/**
 * Samples of each process's part of a batch.
 *
 * @throws {RangeError} if they do not divide it
 */
export function rankBatchSize(batchSize: number, ranks: number): number {
  if (batchSize % ranks === 0) return batchSize / ranks;
  throw new GenviewRangeError(
    `Cannot share a batch among processes: ${ranks} must divide --batch-size, found ${batchSize}`,
  );
}

/**
 * Applies a method to a part of the batch and to the whole batch. What it gives for the whole batch is what the method
 * gives, but that batch norm takes its statistics from a part.
 *
 * @param ownPart what an application gives of this process's part of the batch
 * @throws {TypeError} if the method mixes samples before a network, or reads views without one, or for what
 * `buildMethodGraph` throws
 */
export function applyInParts(
  method: LoadedMethod,
  { partSize, permutations, shuffled: shuffledPart, ...options }: PartOptions,
  ownPart: OwnPart,
): PartGraphs {
  const { batchSize, viewSizes } = options;
  const viewOf = ({ source }: Value) => {
    const found = viewSizes.findIndex((_, i) =>
      source.kind === "input" && source.name === viewName(i)
    );
    return found === -1 ? undefined : found;
  };
  const sizes = { micro: partSize, whole: batchSize };
  const microApplications = new MicroApplications(viewOf, shuffledPart);
  const micro = applyMethod(method, { ...options, batchSize: partSize }, microApplications);
  const wholeApplications = new WholeApplications(microApplications, sizes, viewOf, ownPart);
  const shared: SharedInputs = {
    ranks: currentRanks(),
    scalars: micro.inputs,
    declarations: micro.scope.declarations,
    ...(permutations && { permutations }),
  };
  const replicated = currentRanks() > 1;
  const whole = withTarget(
    { ...currentTarget(), replicated },
    () => applyMethod(method, options, wholeApplications, shared),
  );
  wholeApplications.finish();

  const shuffled = [...wholeApplications.shuffled.values()];
  const fixed = fixedInputs(micro);
  const rows = new SampleRows(sizes, [
    ...micro.views.map((value, view) => ({ micro: value, whole: whole.views[view]! })),
    ...shuffled,
  ], fixed);
  const { applications } = wholeApplications;
  for (const { part, read, given } of applications) rows.add(part, read, given);

  checkPixels(whole, leavesOf(wholeOutputs({ whole })));
  const own = whole.scope.declarations;
  return {
    micro,
    whole,
    applications,
    shuffled,
    declarations: [...micro.scope.declarations.values()].map((declaration) =>
      own.get(declaration.name) ?? declaration
    ),
    running: new Map([...micro.scope.written].filter(([name]) => !own.has(name))),
    frozen: frozenNetworks(micro, own, fixed),
  };
}
