/**
 * Checks work in shares on each rank; with the argument `fail`, that an error of one ends all.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  gatherParts,
  inProcessGroup,
  inShares,
  type ProcessGroup,
} from "../../../../core/distributed/mod.ts";

type Event = { readonly kind: "progress" | "note"; readonly value: number };

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function checkParts(group: ProcessGroup): Promise<void> {
  // The first rank has nothing.
  const own = new Int32Array(3 * group.rank).fill(group.rank);
  const expected = Array.from({ length: group.size }, (_, rank) => new Array(3 * rank).fill(rank));
  assertEquals(await gatherParts(group, own), Int32Array.from(expected.flat()));
  assertEquals(await gatherParts(undefined, own), own);
}

async function checkEvents(group: ProcessGroup): Promise<void> {
  const taken: (readonly [number, Event])[] = [];
  const result = await inShares<Event, number>(group, async ({ report }) => {
    report({ kind: "progress", value: 0 });
    for (let value = 0; value < 3; value++) report({ kind: "note", value });
    await pause(50 * (group.rank + 1));
    for (let value = 1; value < 30; value++) report({ kind: "progress", value });
    return group.rank;
  }, { interval: 10, take: (event, rank) => taken.push([rank, event]) });
  assertEquals(result, group.rank);
  for (let rank = 0; rank < group.size; rank++) {
    const own = taken.filter(([of]) => of === rank).map(([, event]) => event);
    const notes = own.filter(({ kind }) => kind === "note").map(({ value }) => value);
    assertEquals(notes, group.rank === 0 ? [0, 1, 2] : []);
    assertEquals(own.at(-1), group.rank === 0 ? { kind: "progress", value: 29 } : undefined);
    // Progress that follows progress takes its place.
    assertEquals(own.length, group.rank === 0 ? 5 : 0);
  }
}

async function checkStop(group: ProcessGroup): Promise<void> {
  const told = group.rank === group.size - 1 ? AbortSignal.timeout(50) : undefined;
  const stopped = await inShares<Event, boolean>(group, async ({ signal }) => {
    while (!signal.aborted) await pause(5);
    return signal.aborted;
  }, { interval: 10, signal: told });
  assertEquals(stopped, true);
}

if (import.meta.main) {
  await inProcessGroup(async (group) => {
    if (group === undefined) throw new Error("No group");
    if (Deno.args[0] === "fail") {
      return await inShares<Event, void>(group, async ({ signal }) => {
        if (group.rank === 1) throw new Error("the share of rank 1 is spoilt");
        while (!signal.aborted) await pause(5);
      });
    }
    await checkParts(group);
    await checkEvents(group);
    await checkStop(group);
    if (group.rank === 0) console.log("all shares are done");
  });
}
