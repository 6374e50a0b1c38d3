import { assertEquals, assertRejects } from "@std/assert";
import { alternate, describeComparison, imagesPerSecond } from "../../bench/alternate.ts";
import { Peer } from "../../bench/peer.ts";

/** A side that answers every round with a line. */
function side(answer: string): Peer {
  return new Peer(Deno.execPath(), [
    "eval",
    `for await (const _ of Deno.stdin.readable) console.log("${answer}");`,
  ]);
}

const OPTIONS = { name: "nothing", rounds: 3, warmUp: 1, tolerance: 0.1 };

Deno.test("alternate() compares memory where the work lies in the processes' own, and nowhere else", async () => {
  await using ours = side("0.5 1 300 7");
  await using theirs = side("1 4 100 7");
  const times = { clock: [0.5, 1], processor: [1, 4] } as const;
  assertEquals(await alternate(ours, theirs, OPTIONS), { ...times, peakBytes: [300, 100] });
  assertEquals(await alternate(ours, theirs, { ...OPTIONS, hostMemory: false }), times);
});

Deno.test("alternate() refuses sides that do not do the same work", async () => {
  await using ours = side("1 1 1 7");
  await using theirs = side("1 1 1 8");
  await assertRejects(() => alternate(ours, theirs, OPTIONS), Error, "Cannot compare nothing");
});

Deno.test("alternate() takes differences of small figures by the size that is given", async () => {
  await using ours = side("1 1 1 0.001");
  await using theirs = side("1 1 1 -0.002");
  const options = { ...OPTIONS, smallest: 0.1 };
  assertEquals((await alternate(ours, theirs, options)).clock, [1, 1]);
  await assertRejects(
    () => alternate(ours, theirs, { ...options, smallest: 0.01 }),
    Error,
    "must agree within 0.1",
  );
});

Deno.test("describeComparison() writes a line of memory where it is known", () => {
  const times = { clock: [0.5, 1], processor: [1, 4] } as const;
  const describe = (peakBytes?: readonly [number, number]) =>
    describeComparison({ ...times, ...(peakBytes && { peakBytes }) }, "its", imagesPerSecond(8));
  const speeds = "  by the clock      2.00 times its speed (16.00 against 8.00 images/s)\n" +
    "  by the processor  4.00 times its speed (8.00 against 2.00 images/s)";
  assertEquals(describe(), speeds);
  assertEquals(
    describe([3 * 2 ** 29, 2 ** 30]),
    `${speeds}\n  peak memory       1.50 times its (1.50 against 1.00 GiB)`,
  );
});
