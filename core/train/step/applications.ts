/**
 * How what a method asks for is applied to its views: at once, or part by part where gradients are accumulated.
 *
 * @module
 */
import type { Value } from "../../engine/graph/value.ts";
import type { Permutation } from "../../method/method.ts";
import { makePermutation, type PermutationInputs } from "./permutation.ts";

/** How the networks and permutations of a method are applied. */
export interface Applications {
  /**
   * Applies a part of a network: the backbone, or a perceptron.
   *
   * @param part its name, such as `projector`
   * @param x what it is applied to, `[N,...]`
   * @param apply builds what it gives, `[N,...]`
   */
  network(part: string, x: Value, apply: () => Value): Value;
  /** A permutation of the batch under a name. */
  permutation(name: string, inputs: PermutationInputs): Permutation;
}

/** All of a batch at once. */
export const DIRECT: Applications = {
  network: (_part, _x, apply) => apply(),
  permutation: (_name, inputs) => makePermutation(inputs),
};
