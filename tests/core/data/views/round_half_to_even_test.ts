import { assertEquals } from "@std/assert";
import { roundHalfToEven } from "../../../../core/data/views/round_half_to_even.ts";

Deno.test("roundHalfToEven() rounds as Python does", () => {
  assertEquals([0.5, 1.5, 2.5, 58.5, 0.49, 0.51, 3, -0.5, -1.5].map(roundHalfToEven), [
    0,
    2,
    2,
    58,
    0,
    1,
    3,
    0,
    -2,
  ]);
});
