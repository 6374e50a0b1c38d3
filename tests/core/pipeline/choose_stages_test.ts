import { assertEquals, assertThrows } from "@std/assert";
import { chooseStages, STAGE_NAMES } from "../../../core/pipeline/choose_stages.ts";

Deno.test("chooseStages() takes all, those that are named, or all but some, in their order", () => {
  assertEquals(chooseStages({}), [...STAGE_NAMES]);
  assertEquals(chooseStages({ only: ["levels", "features"] }), ["features", "levels"]);
  assertEquals(chooseStages({ skip: ["ratios"], until: "levels" }), ["features", "levels"]);
  assertThrows(() => chooseStages({ only: ["levels"], until: "levels" }), TypeError, "--only");
  const message = "found all of features, ratios skipped";
  assertThrows(
    () => chooseStages({ skip: ["features", "ratios"], until: "ratios" }),
    TypeError,
    message,
  );
});
