import { assertEquals, assertRejects } from "@std/assert";
import { Session } from "../../../../core/engine/ort/session.ts";
import { WAIT_VARIABLE, waitPolicyEntries } from "../../../../core/engine/ort/wait_policy.ts";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { sgdModel } from "./small_models.ts";

/** Does something while the variable has a value, or none. */
async function withPolicy(value: string | undefined, work: () => unknown): Promise<void> {
  const before = Deno.env.get(WAIT_VARIABLE);
  const set = (policy: string | undefined) =>
    policy === undefined ? Deno.env.delete(WAIT_VARIABLE) : Deno.env.set(WAIT_VARIABLE, policy);
  set(value);
  try {
    await work();
  } finally {
    set(before);
  }
}

Deno.test("waitPolicyEntries() lets threads spin or sleep as the variable says, and leaves it to ONNX Runtime without", async () => {
  for (
    const [value, entries] of [
      [undefined, {}],
      ["", {}],
      ["active", { "session.intra_op.allow_spinning": "1" }],
      ["passive", { "session.intra_op.allow_spinning": "0" }],
    ] as const
  ) await withPolicy(value, () => assertEquals(waitPolicyEntries(), entries));
});

Deno.test("Session gives the same with threads that sleep while they wait", () =>
  withPolicy("passive", async () => {
    using session = await Session.create(sgdModel([2]), { threads: 2 });
    const feeds = {
      w: float32([2], [1, 1]),
      gradient: float32([2], [2, 4]),
      rate: float32([], [0.5]),
    };
    assertEquals(await session.run(feeds), { w_new: float32([2], [0, -1]) });
  }));

Deno.test("Session.create() refuses a policy that there is not", () =>
  withPolicy("idle", () =>
    assertRejects(
      () => Session.create(sgdModel([2])),
      TypeError,
      'GENVIEW_WAIT_POLICY must be active or passive, found "idle"',
    )));
