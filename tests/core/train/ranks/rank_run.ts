/**
 * Trains a tiny run on several ranks, as the JSON of its argument says; the first rank writes what is reported.
 *
 * @module
 */
import { join } from "node:path";
import type { Dataset } from "../../../../core/data/dataset.ts";
import { datasetOf } from "../../../../core/data/mod.ts";
import { inProcessGroup, type ProcessGroup } from "../../../../core/distributed/mod.ts";
import { train } from "../../../../core/train/run/train.ts";
import { interruptSignal } from "../../../../tasks/cli/interrupt_signal.ts";
import { type TinyChanges, tinyRun } from "./tiny_run.ts";

/** What a rank does. */
export interface RankRun {
  /** Folder of the run. */
  readonly output: string;
  readonly changes?: TinyChanges;
  readonly resume?: string;
  /** After which the first rank is told to stop. */
  readonly stopAfter?: number;
  /** Folder in which each rank writes its number of process, and the first one what has happened. */
  readonly told?: string;
  /** The rank that is started with another seed. */
  readonly apart?: number;
  /** The rank whose images are gone in the second epoch. */
  readonly fails?: number;
}

/** A line in one write, which no other rank's can come between. */
function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** The samples, which the first epoch alone can read. */
function gone(dataset: Dataset): Dataset {
  return datasetOf(dataset.name, dataset.length, (index) => {
    const { source, ...sample } = dataset.sample(index);
    if (source.kind !== "rendered") return { source, ...sample };
    const render = (epoch: number) =>
      epoch === 0 ? source.render(epoch) : Promise.reject(new Error("the disk is gone"));
    return { ...sample, source: { ...source, render } };
  });
}

async function run(
  { output, changes, resume, stopAfter, told, apart, fails }: RankRun,
  group: ProcessGroup | undefined,
): Promise<void> {
  const rank = group?.rank ?? 0;
  if (told !== undefined) Deno.writeTextFileSync(join(told, `rank-${rank}`), String(Deno.pid));
  const controller = new AbortController();
  using interrupt = interruptSignal(() => say(`rank ${rank} is told to stop`));
  const options = tinyRun(output, {
    ...changes,
    configuration: { ...changes?.configuration, ...(apart === rank && { seed: 1 }) },
  });
  const result = await train({
    ...options,
    ...(group && { group }),
    ...(resume !== undefined && { resume }),
    ...(fails === rank && { dataset: gone(options.dataset) }),
    // A metric that takes all ranks.
    evaluate: async ({ group }) => {
      const ranks = Float64Array.of(1);
      await group?.allReduce(ranks, "sum");
      return { ranks: ranks[0]! };
    },
    signal: AbortSignal.any([controller.signal, interrupt.signal]),
    report: (event) => {
      if (event.kind === "step" && event.step === stopAfter) controller.abort();
      if (event.kind === "note" || event.kind === "warning") say(`${event.kind}: ${event.message}`);
      if (told !== undefined) {
        Deno.writeTextFileSync(join(told, "events"), `${event.kind}\n`, { append: true });
      }
    },
  });
  if (rank === 0) say(JSON.stringify(result));
}

if (import.meta.main) {
  await inProcessGroup((group) => run(JSON.parse(Deno.args[0]!) as RankRun, group));
}
