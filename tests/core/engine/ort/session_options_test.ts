import { assertEquals, assertRejects } from "@std/assert";
import { OrtError } from "../../../../core/engine/ort/error.ts";
import { CPU } from "../../../../core/engine/ort/device.ts";
import { Session } from "../../../../core/engine/ort/session.ts";
import type { SessionOptions } from "../../../../core/engine/ort/session_options.ts";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { sgdModel } from "./small_models.ts";

const FEEDS = {
  w: float32([2], [1, 1]),
  gradient: float32([2], [2, 4]),
  rate: float32([], [0.5]),
};

const ALIKE: readonly SessionOptions[] = [
  { optimization: "none" },
  { optimization: "basic" },
  { optimization: "extended" },
  { optimization: "all", threads: 2, interOpThreads: 2 },
  { threads: 0, interOpThreads: 0 },
  { threads: undefined },
  { memoryPattern: true },
  { arena: false },
  { arena: false, memoryPattern: true },
  { strict: true },
  { logSeverity: "error" },
  { config: { "session.intra_op.allow_spinning": "0" } },
];

for (const options of ALIKE) {
  Deno.test(`Session gives the same with ${JSON.stringify(options)}`, async () => {
    using session = await Session.create(sgdModel([2]), { threads: 1, ...options });
    for (let i = 0; i < 3; i++) {
      assertEquals(await session.run(FEEDS), { w_new: float32([2], [0, -1]) });
    }
    assertEquals(await session.run(FEEDS, { shrinkArena: true }), {
      w_new: float32([2], [0, -1]),
    });
  });
}

Deno.test("Session.create() refuses numbers of threads that are none", async () => {
  for (const threads of [-1, 1.5, NaN]) {
    await assertRejects(
      () => Session.create(sgdModel([2]), { threads }),
      RangeError,
      `Cannot create a session: threads must be an integer of at least 0 (0: all cores), found ${threads}`,
    );
  }
});

Deno.test("Session.create() refuses provider options on the CPU", async () => {
  await assertRejects(
    () => Session.create(sgdModel([2]), { device: { ...CPU, options: { use_tf32: "0" } } }),
    TypeError,
    "the CPU takes no options, found use_tf32",
  );
});

Deno.test("config reaches ONNX Runtime, which refuses what it cannot read", async () => {
  const config = { "session.intra_op_thread_affinities": "nonsense" };
  await assertRejects(
    () => Session.create(sgdModel([2]), { threads: 2, config }),
    OrtError,
    "Cannot load the model: ",
  );
});

Deno.test("config with an empty key is refused by ONNX Runtime", async () => {
  await assertRejects(
    () => Session.create(sgdModel([2]), { config: { "": "1" } }),
    OrtError,
    "Cannot set session option ",
  );
});
