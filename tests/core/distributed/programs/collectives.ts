/**
 * Checks every collective on each rank, on every type of elements or on the one that an argument names. A further argument
 * gives the longest message, so that short ones are cut.
 *
 * @module
 */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type CollectiveArray,
  inProcessGroup,
  type ProcessGroup,
  type Reduction,
} from "../../../../core/distributed/mod.ts";

type Make = (values: readonly number[]) => CollectiveArray;

const REDUCED: Readonly<Record<string, Make>> = {
  Float64Array: (values) => Float64Array.from(values),
  Float32Array: (values) => Float32Array.from(values),
  Int32Array: (values) => Int32Array.from(values),
  BigInt64Array: (values) => BigInt64Array.from(values.map(BigInt)),
  Int16Array: (values) => Int16Array.from(values),
  Int8Array: (values) => Int8Array.from(values),
  Uint8Array: (values) => Uint8Array.from(values),
};

const MOVED: Readonly<Record<string, Make>> = {
  ...REDUCED,
  Float16Array: (values) => Float16Array.from(values),
  Uint16Array: (values) => Uint16Array.from(values),
};

const LENGTHS = [0, 5, 1000];

/** Values of a rank that fit into a byte, and no two ranks have the same. */
function valuesOf(rank: number, length: number): number[] {
  return Array.from({ length }, (_, i) => (i * 7 + rank * 3 + 1) % 13);
}

function expected(size: number, length: number, reduction: Reduction): number[] {
  const all = Array.from({ length: size }, (_, rank) => valuesOf(rank, length));
  return valuesOf(0, length).map((_, i) => {
    const column = all.map((values) => values[i]!);
    const sum = column.reduce((a, b) => a + b, 0);
    return reduction === "max" ? Math.max(...column) : reduction === "mean" ? sum / size : sum;
  });
}

/** All kinds of arrays, or the one that was named. */
function kinds(all: Readonly<Record<string, Make>>): Make[] {
  const named = Deno.args[0];
  return named === undefined ? Object.values(all) : [all[named]!];
}

async function checkReductions(group: ProcessGroup): Promise<void> {
  for (const make of kinds(REDUCED)) {
    for (const length of LENGTHS) {
      const isFloat = /Float/.test(make([])[Symbol.toStringTag]);
      for (const reduction of isFloat ? ["sum", "mean", "max"] as const : ["sum", "max"] as const) {
        const whole = make(expected(group.size, length, reduction));
        const data = make(valuesOf(group.rank, length));
        await group.allReduce(data, reduction);
        assertEquals(data, whole);
        const again = make(valuesOf(group.rank, length));
        group.blocking.allReduce(again, reduction);
        assertEquals(again, whole);

        const parts = length * group.size;
        const part = make(
          expected(group.size, parts, reduction).slice(
            group.rank * length,
            (group.rank + 1) * length,
          ),
        );
        const given = make(valuesOf(group.rank, parts));
        assertEquals(group.blocking.reduceScatter(given, reduction), part);
        const target = make(new Array(length).fill(0));
        assertEquals(group.blocking.reduceScatter(given, reduction, target) === target, true);
        assertEquals(target, part);
      }
    }
  }
}

async function checkMoves(group: ProcessGroup): Promise<void> {
  const { rank, size } = group;
  for (const make of kinds(MOVED)) {
    for (const length of LENGTHS) {
      const all = make(
        Array.from({ length: size }, (_, each) => valuesOf(each, length)).flat(),
      );
      const data = make(valuesOf(rank, length));
      assertEquals(await group.allGather(data), all);
      assertEquals(group.blocking.allGather(data), all);
      const target = make(new Array(length * size).fill(0));
      assertEquals(await group.allGather(data, target) === target, true);
      assertEquals(target, all);
      for (const root of [0, size - 1]) {
        const sent = make(valuesOf(rank, length));
        await group.broadcast(sent, root);
        assertEquals(sent, make(valuesOf(root, length)));
      }
    }
  }
}

/** A part of a buffer leaves the rest alone. */
async function checkViews(group: ProcessGroup): Promise<void> {
  const whole = new Float32Array(8).fill(1);
  await group.allReduce(whole.subarray(2, 5), "sum");
  const { size } = group;
  assertEquals(whole, Float32Array.of(1, 1, size, size, size, 1, 1, 1));
}

async function checkValues(group: ProcessGroup): Promise<void> {
  const ranks = Array.from({ length: group.size }, (_, rank) => rank);
  const value = (rank: number) => ({ rank, text: "ü".repeat(rank), list: [rank, null] });
  assertEquals(await group.allGatherValues(value(group.rank)), ranks.map(value));
  await assertRejects(() => group.allGatherValues(undefined), TypeError, "found undefined");
  assertEquals(
    await group.allGatherBytes(new Uint8Array(group.rank).fill(group.rank)),
    ranks.map((rank) => new Uint8Array(rank).fill(rank)),
  );
}

/** Calls that are not awaited one by one run in their order, and blocking ones between them do not mix with them. */
async function checkOrder(group: ProcessGroup): Promise<void> {
  const awaited = Array.from({ length: 20 }, (_, i) => Float32Array.of(i));
  const pending = awaited.map((data) => group.allReduce(data, "sum"));
  const blocked = Float64Array.of(100);
  for (let i = 0; i < 5; i++) group.blocking.allReduce(blocked, "mean");
  await Promise.all([...pending, group.barrier()]);
  assertEquals(awaited.map((data) => data[0]), awaited.map((_, i) => i * group.size));
  assertEquals(blocked[0], 100);
}

/** What is counted, blocking calls among it. */
async function checkStatistics(group: ProcessGroup): Promise<void> {
  const before = group.statistics;
  await group.allReduce(new Float32Array(100), "max");
  await group.allGather(new Uint8Array(7));
  group.blocking.allGather(new Float64Array(2));
  await group.barrier();
  const { calls, bytes, seconds } = group.statistics;
  assertEquals([calls - before.calls, bytes - before.bytes], [4, 423]);
  assertEquals(seconds > before.seconds, true);
}

function checkRefusals(group: ProcessGroup): void {
  const { blocking } = group;
  assertThrows(() => blocking.allReduce(new Float16Array(1), "sum"), TypeError, "half precision");
  assertThrows(() => blocking.allReduce(new Int32Array(1), "mean"), TypeError, "reduce by sum");
  assertThrows(
    () => blocking.allGather(new Int32Array(2), new Int32Array(1)),
    RangeError,
    `the target must have ${2 * group.size} elements, found 1`,
  );
  assertThrows(
    () => blocking.reduceScatter(new Int32Array(group.size + 1), "sum"),
    RangeError,
    `an equal part for each of ${group.size} ranks`,
  );
  const detached = new Float32Array(4);
  detached.buffer.transfer(0);
  assertThrows(() => blocking.allReduce(detached, "sum"), TypeError, "found a detached one");
  const whole = new Float32Array(2 * group.size);
  assertThrows(
    () => blocking.allGather(whole.subarray(0, 2), whole),
    RangeError,
    "the target must not overlap the data",
  );
}

if (import.meta.main) {
  const longest = Deno.args[1];
  const options = longest === undefined ? {} : { longestMessage: Number(longest) };
  await inProcessGroup(async (group) => {
    if (group === undefined) throw new Error("No group");
    await checkReductions(group);
    await checkMoves(group);
    await checkViews(group);
    await checkValues(group);
    await checkOrder(group);
    await checkStatistics(group);
    checkRefusals(group);
    const { rank, size, localRank, localSize, library } = group;
    // In one write, which no other rank's can come between.
    const line = `${JSON.stringify({ rank, size, localRank, localSize, library })}\n`;
    Deno.stdout.writeSync(new TextEncoder().encode(line));
  }, options);
}
