import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { PluginError } from "../../../../core/method/plugin_error.ts";
import { runWithin } from "../../../../core/train/compile/worker/run_within.ts";

Deno.test("runWithin() gives what a function gives, and throws what it throws", () => {
  const made = { rows: [1, 2] };
  assertStrictEquals(runWithin(10, () => made), made);
  const fault = new RangeError("mine");
  assertStrictEquals(
    assertThrows(() =>
      runWithin(10, () => {
        throw fault;
      })
    ),
    fault,
  );
});

const LOOPS: Readonly<Record<string, () => void>> = {
  "that does nothing": () => {
    for (;;);
  },
  "that catches everything": () => {
    for (;;) {
      try {
        for (;;);
      } catch {
        // Goes on.
      } finally {
        for (;;);
      }
    }
  },
  "of a regular expression": () => {
    assert(!/(a+)+$/.test(`${"a".repeat(40)}b`));
  },
};

for (const [what, loop] of Object.entries(LOOPS)) {
  Deno.test(`runWithin() ends a loop ${what}, and what comes after goes on`, () => {
    const error = assertThrows(
      () => runWithin(0.2, loop),
      PluginError,
      "it must be done within 0.2 s, and was not; look for a loop without end",
    );
    assertEquals(error.name, "PluginError");
    assertEquals(runWithin(10, () => 3), 3);
  });
}
