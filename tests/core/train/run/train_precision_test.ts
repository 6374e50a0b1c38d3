import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { initialLossScale } from "../../../../core/engine/optim/mod.ts";
import { TrainingError } from "../../../../core/train/run/run_guard.ts";
import { train } from "../../../../core/train/run/train.ts";
import type { TrainEvent } from "../../../../core/train/run/train_event.ts";
import { readJsonLines } from "../../../../core/files/json_lines.ts";
import { listCheckpoints } from "../../../../core/weights/checkpoint/list.ts";
import { loadCheckpointState } from "../../../../core/weights/checkpoint/state.ts";
import { inFolder } from "../../../in_folder.ts";
import { options, stopAfter } from "../small_run.ts";
import { finalState } from "./final_state.ts";

/** A log without the times, which no two runs share. */
async function untimed(path: string) {
  return (await readJsonLines(path)).map((
    { seconds: _s, waitSeconds: _w, memoryMegabytes: _m, ...record },
  ) => record);
}

/** A run of two epochs in float16, whose first steps overflow. */
const short = (output: string) =>
  options(output, { precision: "float16", lossScale: 2 ** 40, epochs: 2 });

Deno.test("train() in float16 skips steps that overflow, shows how many, and resumes bit for bit", () =>
  inFolder(async (folder) => {
    const [whole, parts] = [join(folder, "whole"), join(folder, "parts")];
    const scales: unknown[] = [];
    await train({
      ...short(whole),
      report: (event: TrainEvent) => {
        if (event.kind === "step") scales.push(event.lossScale);
        if (event.kind === "start") assertEquals(event.precision, "float16");
      },
    });
    const expected = (skipped: number) => ({
      ...initialLossScale({ initial: 2 ** (40 - skipped) }),
      skippedSteps: skipped,
    });
    assertEquals(scales, [1, 2, 3, 4, 5, 6].map(expected));
    const logged = await readJsonLines(join(whole, "steps.jsonl"));
    assertEquals(
      logged.map(({ lossScale }) => lossScale),
      [39, 38, 37, 36, 35, 34].map((n) => 2 ** n),
    );
    assertEquals(logged.map(({ skippedSteps }) => skippedSteps), [1, 2, 3, 4, 5, 6]);

    await train({ ...short(parts), ...stopAfter(4) });
    const [saved] = (await listCheckpoints(join(parts, "checkpoints"))).slice(-1);
    assertEquals((await loadCheckpointState(saved!.path)).lossScale, expected(4));
    await train({ ...short(parts), resume: "latest" });
    assertEquals(await finalState(parts), await finalState(whole));
    assertEquals(
      await untimed(join(parts, "steps.jsonl")),
      await untimed(join(whole, "steps.jsonl")),
    );
  }));

Deno.test("train() in float16 learns as it does in float32 but for rounding, and resumes in the other", () =>
  inFolder(async (folder) => {
    const gentle = { lossScale: 256, learningRate: 1e-3 };
    const lossesIn = async (precision: "float32" | "float16") => {
      const output = join(folder, precision);
      await train(options(output, { ...gentle, precision, epochs: 1 }));
      return (await readJsonLines(join(output, "steps.jsonl"))).map(({ loss }) => Number(loss));
    };
    const [wide, narrow] = [await lossesIn("float32"), await lossesIn("float16")];
    wide.forEach((loss, i) => {
      const difference = Math.abs(loss - narrow[i]!);
      assert(difference > 0 && difference < 2e-3, `step ${i}: ${loss} and ${narrow[i]}`);
    });
    const { step } = await train({
      ...options(join(folder, "float16"), { ...gentle, precision: "float32", epochs: 2 }),
      resume: "latest",
    });
    assertEquals(step, 6);
  }));

Deno.test("train() ends where no scale of the loss helps", () =>
  inFolder(async (output) => {
    await assertRejects(
      () =>
        train(options(output, { precision: "float16", lossScale: 2 ** -16, learningRate: 1e30 })),
      TrainingError,
      "the scale of the loss is down to",
    );
  }));
