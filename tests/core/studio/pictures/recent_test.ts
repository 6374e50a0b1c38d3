import { assertEquals, assertRejects } from "@std/assert";
import { Recent } from "../../../../core/studio/pictures/recent.ts";

Deno.test("Recent keeps the last ones for a while, and nothing that has failed", async () => {
  const recent = new Recent<number>({ most: 2, seconds: 0.05 });
  let opened = 0;
  const open = () => Promise.resolve(++opened);
  const ask = async (...names: string[]) => {
    for (const name of names) await recent.open(name, open);
    return opened;
  };
  assertEquals(await ask("a", "b", "a", "b"), 2);
  assertEquals(await ask("c", "b", "a"), 4);
  await new Promise((resolve) => setTimeout(resolve, 60));
  assertEquals(await ask("a"), 5);
  await assertRejects(
    () => recent.open("d", () => Promise.reject(new Error("gone"))),
    Error,
    "gone",
  );
  assertEquals(await ask("d"), 6);
});
