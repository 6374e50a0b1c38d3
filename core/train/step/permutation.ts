/**
 * Permutations of the samples of a batch, which are drawn outside of the graph for each step.
 *
 * @module
 */
import { formatType, type Tensor, tensor } from "../../engine/graph/tensor.ts";
import { input, type Value } from "../../engine/graph/value.ts";
import { gather } from "../../engine/ops/gather.ts";
import { inversePermutationName, permutationName } from "../../engine/optim/step_names.ts";
import { RandomStream } from "../../engine/random/random_stream.ts";
import { GenviewRangeError } from "../../errors/mod.ts";
import type { Permutation } from "../../method/method.ts";

/** The inputs of a permutation, int64 `[N]` both. */
export interface PermutationInputs {
  /** Which row comes to each place. */
  readonly order: Value;
  /** The order that undoes it. */
  readonly inverse: Value;
}

/** The inputs of a permutation of a batch under a name. */
export function permutationInputs(name: string, batchSize: number): PermutationInputs {
  return {
    order: input(permutationName(name), "int64", [batchSize]),
    inverse: input(inversePermutationName(name), "int64", [batchSize]),
  };
}

/** A permutation by its inputs. */
export function makePermutation({ order, inverse }: PermutationInputs): Permutation {
  const by = (places: Value) => (x: Value) => {
    if (x.shape[0] === places.shape[0]) return gather(x, places, { axis: 0, unique: true });
    throw new GenviewRangeError(
      `Cannot permute samples: there must be a row for each of ${places.shape[0]}, found ${
        formatType(x.type)
      }`,
    );
  };
  return { shuffle: by(order), restore: by(inverse) };
}

/**
 * The permutation of a step, and its inverse: the same for the same seed, name and step.
 *
 * @param step steps taken before
 */
export function drawPermutation(
  name: string,
  batchSize: number,
  { seed, step }: { readonly seed: number; readonly step: number },
): { readonly order: Tensor<"int64">; readonly inverse: Tensor<"int64"> } {
  const drawn = new RandomStream(seed, "permutation", name, step).permutation(batchSize);
  const order = BigInt64Array.from(drawn, BigInt);
  const inverse = new BigInt64Array(batchSize);
  drawn.forEach((from, to) => inverse[from] = BigInt(to));
  return {
    order: tensor("int64", [batchSize], order),
    inverse: tensor("int64", [batchSize], inverse),
  };
}
