/**
 * The kernels that ONNX Runtime's real CUDA provider launches for a training step, counted on a stand-in for CUDA.
 *
 * Run by itself it is the process that takes the steps; `support/cuda_stand_in/build.ts` builds what it runs on.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { resolveDevice } from "../../core/engine/ort/mod.ts";
import { checkMethod } from "../../core/method/load.ts";
import { compileMethodStep, drawWeights } from "../../core/train/compile/compile_method.ts";
import { TrainingStep } from "../../core/train/step/training_step.ts";
import { bundledMethods } from "../../plugins/mod.ts";
import { standInAt } from "../../support/cuda_stand_in/build.ts";
import { launchCount, readLog } from "../../support/cuda_stand_in/examine.ts";
import { type EstimatedRun, requestOf } from "./request.ts";

/** Samples of a batch: as few as do, because launches do not depend on them. */
const BATCH = 8;

/** What a step has the device do. */
export interface Counted {
  /** Kernels, and what clears memory. */
  readonly launches: number;
  /** Copies from one place on the device to another. */
  readonly copies: number;
}

/**
 * Counts the launches of a step, those that clear memory included, and its copies on the device.
 *
 * @param folder where the stand-in was built
 * @throws {Error} if there is none, or the step fails on it
 */
export async function countLaunches(folder: string, run: EstimatedRun): Promise<Counted> {
  const { libraries, runtime } = standInAt(folder);
  const log = await Deno.makeTempFile();
  try {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--allow-all",
        fileURLToPath(import.meta.url),
        JSON.stringify({ ...run, batch: BATCH }),
      ],
      env: {
        LD_LIBRARY_PATH: libraries,
        GENVIEW_ORT_LIBRARY: runtime,
        CUDA_STAND_IN_LOG: log,
      },
    }).output();
    const text = new TextDecoder();
    if (code !== 0) throw new Error(`A step on the stand-in failed: ${text.decode(stderr)}`);
    return JSON.parse(text.decode(stdout));
  } finally {
    await Deno.remove(log);
  }
}

async function soFar(): Promise<Counted> {
  const log = readLog(await Deno.readTextFile(Deno.env.get("CUDA_STAND_IN_LOG")!));
  return { launches: launchCount(log), copies: log.copies.onDevice.count };
}

/** Takes two steps, of which the first one chooses algorithms; prints what the second has the device do. */
async function takeSteps(run: EstimatedRun): Promise<void> {
  const { default: candidate } = await import(
    new URL("./mod.ts", bundledMethods[run.method]!).href
  );
  const method = checkMethod(candidate, run.method);
  const request = requestOf(method, run);
  const compiled = compileMethodStep(method, request);
  if (compiled.kind !== "whole") throw new Error("Internal: only whole steps are counted");
  const device = resolveDevice("cuda");
  const weights = drawWeights(method, request);
  using step = await TrainingStep.bind(compiled, { device }, weights);
  const scalars = Object.fromEntries(step.scalars.map((name) => [name, 1e-3]));
  await step.run(scalars, { seed: 0, step: 0 });
  const before = await soFar();
  await step.run(scalars, { seed: 0, step: 1 });
  const after = await soFar();
  console.log(JSON.stringify({
    launches: after.launches - before.launches,
    copies: after.copies - before.copies,
  }));
}

if (import.meta.main) await takeSteps(JSON.parse(Deno.args[0]!));
