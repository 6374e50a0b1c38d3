/**
 * What is expected of a run's numbers, by what the program that trains it knew at its start: the same that the terminal
 * shows.
 *
 * @module
 */
import { join } from "node:path";
import { loadMethodByName } from "../../method/load.ts";
import type { LossRange } from "../../method/manifest.ts";
import { isGenviewError } from "../../errors/mod.ts";
import { type KnownNames, parseStart, type RunStart, START_FILE } from "../../train/mod.ts";
import type { Bands } from "../api/runs.ts";
import { readPlainJson } from "./plain_file.ts";

/** What is expected of a run's numbers. */
export interface Expectations {
  /** What the loss is expected to be, where that is known. */
  readonly lossRange?: LossRange;
  /** Spread of embeddings that are uniform on the sphere, where it is known. */
  readonly uniformSpread?: number;
  /** What was known at the start, if the run's program kept it. */
  readonly start?: RunStart;
}

/** Manifests' ranges of losses by the names of bundled methods. */
const RANGES = new Map<string, LossRange | undefined>();

/** The range that a bundled method's manifest has: that of its first preset. */
async function rangeOf(
  method: string,
  methods: KnownNames["methods"],
): Promise<LossRange | undefined> {
  // A name from a run's folder never leads to another file or to the network.
  if (!Object.hasOwn(methods, method)) return undefined;
  if (!RANGES.has(method)) {
    RANGES.set(method, (await loadMethodByName(method, methods)).manifest.lossRange);
  }
  return RANGES.get(method);
}

/** What a run's program knew at its start; undefined if it kept nothing that can be read. */
export function readStart(folder: string): RunStart | undefined {
  const path = join(folder, START_FILE);
  try {
    const found = readPlainJson(path);
    return found === undefined ? undefined : parseStart(found, path);
  } catch (error) {
    // The run is shown all the same: what is known of it beside is not of this file.
    if (isGenviewError(error)) return undefined;
    throw error;
  }
}

/**
 * What is expected of a run's numbers. Of runs without `start.json` the manifest of a bundled method is asked, whose range
 * is that of the method's first preset.
 */
export async function expectationsOf(
  folder: string,
  method: string | undefined,
  methods: KnownNames["methods"],
): Promise<Expectations> {
  const start = readStart(folder);
  if (start !== undefined) {
    const { lossRange, uniformSpread } = start;
    return {
      start,
      ...(uniformSpread !== undefined && { uniformSpread }),
      ...(lossRange && { lossRange }),
    };
  }
  const lossRange = method === undefined ? undefined : await rangeOf(method, methods);
  return lossRange === undefined ? {} : { lossRange };
}

/** Share of the spread of uniform embeddings from which on a network counts as healthy. */
export const HEALTHY_SHARE = 0.5;

/** The bands of the loss of a generator's stage, which has no embeddings that could collapse. */
export function bandsOfStage(prefix: string, { lossRange }: Expectations): Bands[] {
  if (lossRange === undefined) return [];
  const { random, healthy } = lossRange;
  return [{ metric: `${prefix}loss`, random, healthy }];
}

/** The bands of a run's metrics. */
export function bandsOf({ lossRange, uniformSpread }: Expectations): Bands[] {
  return [
    ...(lossRange
      ? [{
        metric: "loss",
        random: lossRange.random,
        healthy: lossRange.healthy,
        collapsed: lossRange.collapsed,
      }]
      : []),
    // No embeddings on the sphere spread further than uniform ones.
    ...(uniformSpread !== undefined
      ? [{
        metric: "spread",
        healthy: [HEALTHY_SHARE * uniformSpread, uniformSpread] as const,
        collapsed: 0,
      }]
      : []),
  ];
}
