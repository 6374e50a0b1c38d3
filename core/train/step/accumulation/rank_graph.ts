/**
 * The symbolic training pass of a method that several processes share: each has the networks' results of a part of the
 * batch, and the loss of the whole batch from those of all processes.
 *
 * The rows that networks give are gathered, and from there on every process computes what one would. So a method needs to
 * know nothing of processes: whatever its loss compares or sums over the batch, its queue and its prototypes see the whole.
 * The gradient comes back to each process's rows as that of `torch.distributed.nn.functional.all_gather` does.
 *
 * What is computed everywhere would cost each process more, the more there are. So the SDK's losses that compare the rows of
 * a batch with each other (`infoNce`, `multiPositive`, and what Barlow Twins and VICReg sum over pairs of coordinates) share
 * the rows: this graph is built for a target that is `replicated`. Other losses, which take a time that grows with the batch
 * and not with its square, and what plugins compute themselves, are computed everywhere.
 *
 * @module
 */
import { currentRanks } from "../../../engine/graph/target.ts";
import type { Value } from "../../../engine/graph/value.ts";
import { allGather } from "../../../engine/ops/all_gather.ts";
import { gather } from "../../../engine/ops/gather.ts";
import { ownRows } from "../../../engine/ops/own_rows.ts";
import type { LoadedMethod } from "../../../method/load.ts";
import type { MethodGraphOptions } from "../method_graph.ts";
import type { StepGraph } from "../method_step.ts";
import { type PermutationInputs, permutationInputs } from "../permutation.ts";
import { applyInParts, rankBatchSize } from "./parts.ts";

/**
 * Builds the training pass of one of several processes, of the target's `ranks`. What it gives is what the method gives for
 * the batch of all of them, but that batch norm, unless it is synchronised, takes its statistics from the process's part.
 *
 * @throws {RangeError} if the processes do not divide the batch
 * @throws {TypeError} if the method mixes samples before a network, or reads views without one, or for what
 * `buildMethodGraph` throws
 */
export function buildRankGraph(method: LoadedMethod, options: MethodGraphOptions): StepGraph {
  const { batchSize } = options;
  const permutations = new Map<string, PermutationInputs>();
  const orderOf = (name: string): Value => {
    const known = permutations.get(name) ?? permutationInputs(name, batchSize);
    permutations.set(name, known);
    return known.order;
  };
  const { micro, whole, declarations, running, frozen } = applyInParts(method, {
    ...options,
    partSize: rankBatchSize(batchSize, currentRanks()),
    permutations,
    shuffled: (permutation, view) =>
      ownRows(gather(allGather(view), orderOf(permutation), { axis: 0, unique: true })),
  }, (_index, given) => given);
  return {
    ...whole,
    scope: {
      declarations: new Map(declarations.map((declaration) => [declaration.name, declaration])),
      written: new Map([...running, ...whole.scope.written]),
    },
    views: micro.views,
    constraints: new Map([...micro.constraints, ...whole.constraints]),
    frozen: new Map([...frozen, ...whole.frozen]),
  };
}
