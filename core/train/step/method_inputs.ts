/**
 * Which inputs the loss of a method depends on: views and pair weights that it ignores cost time and teach nothing.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { nodesLeadingTo, readBy } from "../../engine/graph/node.ts";
import type { Value } from "../../engine/graph/value.ts";
import type { Manifest } from "../../method/manifest.ts";
import type { WeightedPair } from "./context_inputs.ts";

/** What a loss reads of the inputs that it is offered. */
export interface UsedInputs {
  /** Indices of the views that the loss does not depend on. */
  readonly unusedViews: readonly number[];
  /** Whether the loss depends on the weights of the pairs. */
  readonly usesPairWeights: boolean;
}

/**
 * Checks the number of views against a manifest.
 *
 * @throws {TypeError} if the method takes another number of views
 */
export function checkViewCount(
  { name, views }: Pick<Manifest, "name" | "views">,
  found: number,
): void {
  if (views === undefined) return;
  const [least, most] = typeof views === "number" ? [views, views] : views;
  if (found >= least && found <= most) return;
  const rule = least === most ? String(least) : `${least} to ${most}`;
  throw new GenviewTypeError(
    `Cannot build method "${name}": it takes ${rule} views, found ${found}; choose other --views`,
  );
}

/** The values that a value depends on which no operator makes. */
function leavesOf(value: Value): Set<Value> {
  const nodes = nodesLeadingTo([value], true);
  return new Set([value, ...nodes.flatMap(readBy)]);
}

/**
 * The pairs of views whose weights a loss reads; the first alone where it reads none.
 *
 * @param pairs those that the method asked for
 */
export function pairsRead(loss: Value, pairs: readonly WeightedPair[]): readonly WeightedPair[] {
  const leaves = leavesOf(loss);
  const read = pairs.filter(({ input }) => leaves.has(input));
  return read.length > 0 ? read : pairs.slice(0, 1);
}

/**
 * Finds which views and whether pair weights reach the loss.
 *
 * @throws {TypeError} if the manifest says otherwise
 */
export function checkInputs(
  { name, views: count, usesPairWeights }: Pick<Manifest, "name" | "views" | "usesPairWeights">,
  loss: Value,
  views: readonly Value[],
  pairWeights: readonly Value[],
): UsedInputs {
  const leaves = leavesOf(loss);
  const used = pairWeights.some((weights) => leaves.has(weights));
  if (usesPairWeights !== undefined && usesPairWeights !== used) {
    throw new GenviewTypeError(
      `Cannot build method "${name}": its manifest has usesPairWeights ${usesPairWeights}, but its loss ${
        used ? "depends" : "does not depend"
      } on them; correct the manifest or the loss`,
    );
  }
  const unusedViews = views.flatMap((view, i) => leaves.has(view) ? [] : [i]);
  if (count !== undefined && unusedViews.length > 0) {
    throw new GenviewTypeError(
      `Cannot build method "${name}": its manifest has views ${
        JSON.stringify(count)
      }, but its loss ` +
        `does not depend on view ${unusedViews.join(", ")} of ${views.length}, counted from 0; ` +
        "correct the manifest or the loss",
    );
  }
  return { unusedViews, usesPairWeights: used };
}

/**
 * What is configured and computed in vain.
 *
 * @param views number of views
 * @param weighted whether pairs are weighted by their quality
 * @returns a sentence for each
 */
export function unusedInputs(
  { unusedViews, usesPairWeights, views }: UsedInputs & { readonly views: number },
  weighted: boolean,
): string[] {
  const sentences: string[] = [];
  if (unusedViews.length > 0) {
    sentences.push(
      `The method trains on ${views - unusedViews.length} of ${views} views: its loss does not ` +
        `depend on view ${unusedViews.join(", ")}, counted from 0`,
    );
  }
  if (weighted && !usesPairWeights) {
    sentences.push(
      "The method ignores the quality-driven weights of pairs: its loss does not depend on them",
    );
  }
  return sentences;
}
