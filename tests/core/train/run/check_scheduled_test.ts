import { assertEquals, assertThrows } from "@std/assert";
import { checkScheduled } from "../../../../core/train/run/check_scheduled.ts";
import { momentumContrast } from "../momentum_contrast.ts";
import { graphOf, methodOf } from "../small_methods.ts";

Deno.test("checkScheduled() asks for what the method and its momentum encoder read", () => {
  const graph = graphOf(momentumContrast);
  assertThrows(
    () => checkScheduled(graph, { scheduled: { temperature: { from: 0.1 } } }),
    TypeError,
    "must have what the method reads (temperature, encoderMomentum), found no encoderMomentum",
  );
});

Deno.test("checkScheduled() tells of schedules that nothing reads", () => {
  const scheduled = {
    temperature: { from: 0.1 },
    encoderMomentum: { from: 0.99, to: 1 },
    temprature: { from: 0.2 },
  };
  assertEquals(checkScheduled(graphOf(momentumContrast), { scheduled }), [
    'Nothing reads the schedule "temprature"; the method reads temperature, encoderMomentum',
  ]);
});

Deno.test("checkScheduled() refuses a name that may be either momentum's", () => {
  const momentum = { from: 0.99, to: 1 };
  assertThrows(
    () =>
      checkScheduled(graphOf(momentumContrast), {
        scheduled: { temperature: { from: 0.1 }, momentum },
      }),
    TypeError,
    'must not be named "momentum", found it in --scheduled; the momentum encoder\'s is "encoderMomentum"',
  );
  const reading = graphOf(methodOf(({ views, encoder, ops, scheduled }) => {
    const embeddings = encoder("online").backbone(views[0]!);
    return { loss: ops.reduceMean(ops.mul(embeddings, scheduled("momentum"))), embeddings };
  }));
  assertThrows(
    () => checkScheduled(reading, { scheduled: { encoderMomentum: momentum } }),
    TypeError,
    "found it in what the method reads",
  );
});
