import { assertThrows } from "@std/assert";
import { checkOption } from "../../../../core/engine/optim/optimizer.ts";

Deno.test("checkOption() lets only what lies between the bounds pass", () => {
  checkOption("SGD", "momentum", 0, 0, 1);
  for (const value of [1, -0.1, NaN, Infinity]) {
    assertThrows(
      () => checkOption("SGD", "momentum", value, 0, 1),
      RangeError,
      `Cannot make SGD: momentum must be in [0, 1), found ${value}`,
    );
  }
});
