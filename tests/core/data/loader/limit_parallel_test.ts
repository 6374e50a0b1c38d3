import { assertEquals, assertRejects } from "@std/assert";
import { limitParallel } from "../../../../core/data/loader/limit_parallel.ts";

Deno.test("limitParallel() runs so many tasks at once, in the order of their coming", async () => {
  const limit = limitParallel(2);
  const started: number[] = [];
  let running = 0;
  let most = 0;
  const results = await Promise.all([0, 1, 2, 3, 4].map((i) =>
    limit(async () => {
      started.push(i);
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return i * i;
    })
  ));
  assertEquals(results, [0, 1, 4, 9, 16]);
  assertEquals(started, [0, 1, 2, 3, 4]);
  assertEquals(most, 2);
});

Deno.test("limitParallel() goes on after a task that fails", async () => {
  const limit = limitParallel(1);
  const failing = limit(() => Promise.reject(new RangeError("no")));
  const next = limit(() => Promise.resolve("yes"));
  await assertRejects(() => failing, RangeError, "no");
  assertEquals(await next, "yes");
});
