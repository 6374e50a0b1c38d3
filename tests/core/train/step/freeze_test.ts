import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { float32 } from "../../../../core/engine/graph/tensor.ts";
import { adamW } from "../../../../core/engine/optim/mod.ts";
import type { TrainingStep } from "../../../../core/train/step/training_step.ts";
import { loadCheckpoint, saveCheckpoint } from "../../../../core/weights/checkpoint/checkpoint.ts";
import { graphOf, methodOf, snapshot, stepOf, writeViews } from "../small_methods.ts";

/** Prototypes that are frozen in the first two steps. */
const method = methodOf(({ views, encoder, prototypes, ops, step }) => {
  const embeddings = ops.l2Normalize(encoder("online").backbone(views[0]!));
  const rows = prototypes("prototypes", 5, 10, { frozen: ops.less(step, 2) });
  const scores = ops.matMul(embeddings, rows, { transposeB: true });
  return { loss: ops.reduceMean(ops.logSumExp(scores, { axes: [1] })), embeddings };
});

const optimizer = adamW();

/** Takes a step of a run, and tells how often the prototypes have been updated. */
async function take(training: TrainingStep, step: number): Promise<number> {
  writeViews(training, `batch ${step}`);
  const rates = { learning_rate: 0.01, weight_decay: 0.1 };
  await training.run({ ...rates, step, ...optimizer.stepScalars(step) }, { seed: 0, step });
  return Number(training.slots.get("updates.prototypes")!.read().data[0]);
}

Deno.test("a parameter that was frozen counts its own updates, over a checkpoint too", async () => {
  using whole = await stepOf(graphOf(method), undefined, undefined, { optimizer });
  assertEquals(whole.slots.get("updates.prototypes")!.read(), float32([], [0]));
  const counts: number[] = [];
  for (let step = 0; step < 5; step++) counts.push(await take(whole, step));
  assertEquals(counts, [0, 0, 1, 2, 3]);

  const folder = await Deno.makeTempDir();
  try {
    let path: string | undefined;
    for (let step = 0; step < 5; step++) {
      const saved = path === undefined ? undefined : await loadCheckpoint(path);
      using part = await stepOf(graphOf(method), saved?.model, saved?.optimizer, { optimizer });
      await take(part, step);
      const state = { method: "small", epoch: 0, samples: 8, configuration: {} };
      path = await saveCheckpoint(join(folder, "checkpoints"), {
        state: { ...state, version: 1, step: step + 1 },
        model: snapshot(part.weights),
        optimizer: snapshot(part.slots),
      }, 1);
    }
    const { model, optimizer: slots } = await loadCheckpoint(path!);
    assertEquals(new Map(model), snapshot(whole.weights));
    assertEquals(new Map(slots), snapshot(whole.slots));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
