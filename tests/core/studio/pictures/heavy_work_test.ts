import { assert, assertEquals, assertRejects } from "@std/assert";
import { HeavyWork } from "../../../../core/studio/pictures/heavy_work.ts";

const never = new AbortController().signal;

/** Work that ends when it is told to, and says how often it began. */
function stoppable() {
  const gate = Promise.withResolvers<void>();
  const state = { begun: 0, aborted: false };
  const work = async (signal: AbortSignal) => {
    state.begun++;
    signal.addEventListener("abort", () => {
      state.aborted = true;
      gate.resolve();
    });
    await gate.promise;
    signal.throwIfAborted();
    return state.begun;
  };
  return { state, work, end: gate.resolve };
}

Deno.test("HeavyWork runs one at a time, and one for all who ask for the same", async () => {
  const heavy = new HeavyWork(never);
  const [first, second] = [stoppable(), stoppable()];
  const asked = [heavy.run("a", never, first.work), heavy.run("a", never, first.work)];
  const other = heavy.run("b", never, second.work);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals([first.state.begun, second.state.begun], [1, 0]);
  first.end();
  second.end();
  assertEquals(await Promise.all([...asked, other]), [1, 1, 1]);
  assertEquals(second.state.begun, 1);
});

Deno.test("HeavyWork is cancelled when nobody waits any more, and goes on while somebody does", async () => {
  const heavy = new HeavyWork(never);
  const { state, work } = stoppable();
  const [one, two] = [new AbortController(), new AbortController()];
  const asked = [heavy.run("a", one.signal, work), heavy.run("a", two.signal, work)];
  await new Promise((resolve) => setTimeout(resolve, 5));
  one.abort(new Error("gone"));
  await assertRejects(() => asked[0]!, Error, "gone");
  assertEquals(state.aborted, false);
  two.abort(new Error("gone too"));
  await assertRejects(() => asked[1]!, Error, "gone too");
  assert(state.aborted);
  // Whoever asks now begins anew.
  assertEquals(await heavy.run("a", never, () => Promise.resolve(7)), 7);
});

Deno.test("HeavyWork goes on after what has failed, and ends with the server", async () => {
  const ending = new AbortController();
  const heavy = new HeavyWork(ending.signal);
  const failing = heavy.run("a", never, () => Promise.reject(new Error("broken")));
  const next = heavy.run("b", never, () => Promise.resolve(1));
  await assertRejects(() => failing, Error, "broken");
  assertEquals(await next, 1);
  ending.abort(new Error("closed"));
  await assertRejects(() => heavy.run("c", never, () => Promise.resolve(1)), Error, "closed");
});
