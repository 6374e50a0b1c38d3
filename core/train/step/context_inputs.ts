/**
 * The inputs of a method's graph that exist because its plugin asks for them.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";
import { input, type Value } from "../../engine/graph/value.ts";
import type { Declaration } from "../../engine/nn/scope.ts";
import { allGather } from "../../engine/ops/all_gather.ts";
import { EPOCH, pairWeightsName, scheduledName, STEP } from "../../engine/optim/step_names.ts";
import { type PermutationInputs, permutationInputs } from "./permutation.ts";

/** Two views of each sample, and how much each such pair weighs. */
export interface WeightedPair {
  /** Indices of the views, ascending. */
  readonly views: readonly [first: number, second: number];
  /** The weights, `[N]`. */
  readonly weights: Value;
  /** The input that they come by: they themselves, or those of this process's part of the batch. */
  readonly input: Value;
}

/** The value of a key, made the first time that it is asked for. */
function known<T>(values: Map<string, T>, key: string, make: () => T): T {
  const found = values.get(key) ?? make();
  values.set(key, found);
  return found;
}

/** What inputs have in common with those of another process or another part of the batch. */
export interface SharedInputs {
  /** Processes that have a part of the batch each, and its pairs' weights (default 1). */
  readonly ranks?: number;
  /** The inputs of a part of the batch, whose scalars are the same. */
  readonly scalars?: ContextInputs;
  /** Parameters and buffers of a part of the batch, which are the same, by full name. */
  readonly declarations?: ReadonlyMap<string, Declaration>;
  /** Permutations of the batch that there are already, by name. */
  readonly permutations?: Map<string, PermutationInputs>;
}

/** Declares inputs as they are asked for, each once. */
export class ContextInputs {
  /** Scalars that schedules set, by name. */
  readonly scheduled: Map<string, Value>;
  /** Permutations that are drawn for each step, by name. */
  readonly permutations: Map<string, PermutationInputs>;
  readonly #batchSize: number;
  readonly #views: number;
  readonly #ranks: number;
  readonly #pairs = new Map<string, WeightedPair>();
  readonly #counters: Map<string, Value>;

  /**
   * The inputs of a batch of so many samples in so many views.
   *
   * @param shared what they have in common with others
   */
  constructor(
    batchSize: number,
    views: number,
    { ranks = 1, scalars, permutations }: SharedInputs = {},
  ) {
    this.#batchSize = batchSize;
    this.#views = views;
    this.#ranks = ranks;
    this.scheduled = scalars?.scheduled ?? new Map();
    this.permutations = permutations ?? new Map();
    this.#counters = scalars === undefined ? new Map() : scalars.#counters;
    this.#pair(0, 1);
  }

  /** The pairs whose weights are read, views 0 and 1 first. */
  get pairs(): readonly WeightedPair[] {
    return [...this.#pairs.values()];
  }

  /** The counts that are read. */
  get counters(): readonly Value[] {
    return [...this.#counters.values()];
  }

  /** Steps taken so far. */
  get step(): Value {
    return known(this.#counters, STEP, () => input(STEP, "float32", []));
  }

  /** Epochs begun before this one. */
  get epoch(): Value {
    return known(this.#counters, EPOCH, () => input(EPOCH, "float32", []));
  }

  /** A scalar that a schedule sets. */
  scalar(name: string): Value {
    return known(this.scheduled, name, () => input(scheduledName(name), "float32", []));
  }

  /** A permutation of the batch. */
  permutation(name: string): PermutationInputs {
    return known(this.permutations, name, () => permutationInputs(name, this.#batchSize));
  }

  /**
   * The weights of the pairs of two views, `[N]`.
   *
   * @throws {RangeError} if they are no two views of the batch
   */
  weightsOfPair(first: number, second: number): Value {
    const isView = (index: number) => Number.isInteger(index) && index >= 0 && index < this.#views;
    if (!isView(first) || !isView(second) || first === second) {
      throw new GenviewRangeError(
        `Cannot weight pairs of views: they must be two of the ${this.#views}, counted from 0, found ${first} and ${second}`,
      );
    }
    return this.#pair(Math.min(first, second), Math.max(first, second)).weights;
  }

  /** The weights of the pairs of the first two views, `[N]`, also where there is one view only. */
  get pairWeights(): Value {
    return this.#pair(0, 1).weights;
  }

  #pair(first: number, second: number): WeightedPair {
    const name = pairWeightsName(first, second);
    return known(this.#pairs, name, () => {
      const own = input(name, "float32", [this.#batchSize / this.#ranks]);
      const weights = this.#ranks === 1 ? own : allGather(own);
      return { views: [first, second], weights, input: own };
    });
  }
}
