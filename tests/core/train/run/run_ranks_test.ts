import { assertEquals, assertRejects } from "@std/assert";
import { datasetOf } from "../../../../core/data/mod.ts";
import type { ProcessGroup } from "../../../../core/distributed/mod.ts";
import {
  type PartialConfiguration,
  resolveConfiguration,
} from "../../../../core/method/resolve_configuration.ts";
import { rankWarnings, RunRanks } from "../../../../core/train/run/run_ranks.ts";
import type { TrainEvent } from "../../../../core/train/run/train_event.ts";
import { tinyRun } from "../ranks/tiny_run.ts";

/** As much of a group as is asked here. */
function groupOf(rank: number, size: number): ProcessGroup {
  return { rank, size } as ProcessGroup;
}

Deno.test("rankWarnings() say what another number of processes changes", () => {
  const of = (changes: PartialConfiguration, size: number, ranks?: number) =>
    rankWarnings({
      configuration: resolveConfiguration({ batchSize: 32, ...changes }),
      ...(size > 1 && { group: groupOf(0, size) }),
    }, { ...(ranks !== undefined && { ranks }) });
  const same = "batches are still of 32 images, and the learning rate is as it was";
  assertEquals(of({}, 2, 2), []);
  assertEquals(of({}, 1), []);
  assertEquals(of({}, 2, 4), [`resumed on 2 processes, begun on 4: ${same}`]);
  assertEquals(of({}, 1, 4), [`resumed on 1 process, begun on 4: ${same}`]);
  assertEquals(of({ syncBatchNorm: false }, 2), [
    `resumed on 2 processes, begun on 1: ${same}; batch norm takes its statistics of 16 images now, and took them of 32`,
  ]);
  assertEquals(of({ deviceBatchSize: 8 }, 2, 4), [
    `resumed on 2 processes, begun on 4: ${same}; batch norm takes its statistics of 16 images now, and took them of 32`,
  ]);
  assertEquals(rankWarnings({ configuration: resolveConfiguration({}) }, undefined), []);
});

Deno.test("RunRanks.reporter() hands on everything of the first process, and warnings of the others", () => {
  const told: TrainEvent[] = [];
  const events = [{ kind: "note", message: "a" }, { kind: "warning", message: "b" }] as const;
  for (const group of [undefined, groupOf(0, 2), groupOf(1, 2)]) {
    const report = new RunRanks(group).reporter((event) => void told.push(event))!;
    events.forEach(report);
  }
  assertEquals(told, [...events, ...events, { kind: "warning", message: "rank 1: b" }]);
  assertEquals(new RunRanks(groupOf(1, 2)).reporter(undefined), undefined);
});

Deno.test("RunRanks.checkSameRun() refuses what one process alone has, or has in another order", async () => {
  const options = tinyRun("run");
  const { dataset } = options;
  const evaluated = { ...options, evaluate: () => Promise.resolve({}) };
  const backwards = datasetOf(
    dataset.name,
    dataset.length,
    (i) => dataset.sample(dataset.length - 1 - i),
  );
  const covered = { ...dataset, coverage: { matched: 1, total: 24, samplesByCount: [23, 1] } };
  const coveredLess = { ...covered, coverage: { ...covered.coverage, matched: 0 } };
  const check = async (first: typeof options, second: typeof options) => {
    const said: unknown[] = [];
    const tell = <T>(value: T) => Promise.resolve([...said, said.push(value) && value] as T[]);
    const ranks = (rank: number) =>
      new RunRanks({ ...groupOf(rank, 2), allGatherValues: tell } as ProcessGroup);
    await ranks(0).checkSameRun(first);
    await ranks(1).checkSameRun(second);
  };
  await check(options, tinyRun("run"));
  const refused = (first: typeof options, second: typeof options, found: string) =>
    assertRejects(() => check(first, second), TypeError, found);
  await refused(options, evaluated, 'an evaluation is "not there" on rank 0 and "there" on rank 1');
  const { pairEncoder } = tinyRun("run", { weighted: true });
  await refused({ ...options, ...(pairEncoder && { pairEncoder }) }, options, "a pair encoder is");
  await refused(options, { ...options, dataset: backwards }, "the images' names and labels is");
  await refused(
    { ...options, dataset: covered },
    { ...options, dataset: coveredLess },
    "with variations is 1 on rank 0 and 0 on rank 1",
  );
});
