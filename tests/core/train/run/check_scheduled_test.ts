import { assertEquals, assertThrows } from "@std/assert";
import { checkScheduled } from "../../../../core/train/run/check_scheduled.ts";
import { factsOf } from "../../../../core/train/step/method_facts.ts";
import { momentumContrast } from "../momentum_contrast.ts";
import { graphOf, methodOf } from "../small_methods.ts";

Deno.test("checkScheduled() asks for what the method and its momentum encoder read", () => {
  const facts = factsOf(() => graphOf(momentumContrast));
  assertThrows(
    () => checkScheduled(facts, { scheduled: { temperature: { from: 0.1 } } }),
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
  assertEquals(checkScheduled(factsOf(() => graphOf(momentumContrast)), { scheduled }), [
    'Nothing reads the schedule "temprature"; the method reads temperature, encoderMomentum',
  ]);
});

Deno.test("checkScheduled() refuses a name that may be either momentum's", () => {
  const momentum = { from: 0.99, to: 1 };
  assertThrows(
    () =>
      checkScheduled(factsOf(() => graphOf(momentumContrast)), {
        scheduled: { temperature: { from: 0.1 }, momentum },
      }),
    TypeError,
    'must not be named "momentum", found it in --scheduled; the momentum encoder\'s is "encoderMomentum"',
  );
  const method = methodOf(({ views, encoder, ops, scheduled }) => {
    const embeddings = encoder("online").backbone(views[0]!);
    return { loss: ops.reduceMean(ops.mul(embeddings, scheduled("momentum"))), embeddings };
  });
  const reading = factsOf(() => graphOf(method));
  assertThrows(
    () => checkScheduled(reading, { scheduled: { encoderMomentum: momentum } }),
    TypeError,
    "found it in what the method reads",
  );
});
