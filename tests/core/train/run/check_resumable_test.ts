import { assertEquals, assertThrows } from "@std/assert";
import {
  type Configuration,
  DEFAULT_CONFIGURATION,
} from "../../../../core/method/configuration.ts";
import { checkResumable } from "../../../../core/train/run/check_resumable.ts";

/** What has changed for a run of some options that is resumed with others. */
function resumed(before: Partial<Configuration>, now: Partial<Configuration>) {
  const state = {
    method: "swav",
    step: 8,
    samples: 256,
    configuration: { ...DEFAULT_CONFIGURATION, ...before },
  };
  const options = {
    method: { manifest: { name: "swav" } },
    configuration: { ...DEFAULT_CONFIGURATION, ...now },
    dataset: { length: 256 },
  } as Parameters<typeof checkResumable>[1];
  return checkResumable(state, options);
}

Deno.test("checkResumable() finds no change where the same fields are written in another order", () => {
  assertEquals(
    resumed(
      {
        views: { preset: "swav", locals: 4, area: [0.2, 1] },
        options: { temperature: 0.1, weight: 1 },
      },
      {
        views: { area: [0.2, 1], locals: 4, preset: "swav" },
        options: { weight: 1, temperature: 0.1 },
      },
    ),
    [],
  );
});

Deno.test("checkResumable() refuses the same numbers in another order, and other values of a field", () => {
  for (
    const views of [
      { preset: "swav", area: [0.3, 0.2] },
      { preset: "swav", area: [0.2, 0.3], locals: 4 },
    ] as const
  ) {
    assertThrows(
      () => resumed({ views: { preset: "swav", area: [0.2, 0.3] } }, { views }),
      TypeError,
      "--views was",
    );
  }
});
