import { assertEquals } from "@std/assert";
import type { ProcessGroup } from "../../../../core/distributed/mod.ts";
import {
  type PartialConfiguration,
  resolveConfiguration,
} from "../../../../core/method/resolve_configuration.ts";
import { rankWarnings, RunRanks } from "../../../../core/train/run/run_ranks.ts";
import type { TrainEvent } from "../../../../core/train/run/train_event.ts";

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
