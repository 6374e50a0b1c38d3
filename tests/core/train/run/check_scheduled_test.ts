import { assertEquals, assertThrows } from "@std/assert";
import { checkScheduled } from "../../../../core/train/run/check_scheduled.ts";
import { momentumContrast } from "../momentum_contrast.ts";
import { graphOf } from "../small_methods.ts";

Deno.test("checkScheduled() asks for what the method and its momentum encoder read", () => {
  const graph = graphOf(momentumContrast);
  assertThrows(
    () => checkScheduled(graph, { scheduled: { temperature: { from: 0.1 } } }),
    TypeError,
    "must have what the method reads (temperature, momentum), found no momentum",
  );
});

Deno.test("checkScheduled() tells of schedules that nothing reads", () => {
  const scheduled = {
    temperature: { from: 0.1 },
    momentum: { from: 0.99, to: 1 },
    temprature: { from: 0.2 },
  };
  assertEquals(checkScheduled(graphOf(momentumContrast), { scheduled }), [
    'Nothing reads the schedule "temprature"; the method reads temperature, momentum',
  ]);
});
