/**
 * How long a step of a run takes, before the run is started: some steps of it, of which nothing stays.
 *
 * @module
 */
import { join } from "node:path";
import { pretrain, type PretrainContext } from "./pretrain.ts";
import type { NamedRun } from "./resolve_run.ts";
import type { TrainEvent } from "./train_event.ts";

/** Steps that a speed is measured by; the first, which is slower, is not counted where there are others. */
const MEASURED_STEPS = 3;

/** What some steps of a run took. */
export interface TimedSteps {
  /** Seconds of a step, with the wait for its images. */
  readonly secondsEach: number;
  /** Batches of an epoch. */
  readonly stepsPerEpoch: number;
  /** Images of a batch. */
  readonly batchSize: number;
}

/**
 * Times some steps of a run in a folder that is gone afterwards, without evaluations. It computes on the run's device.
 *
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { bundledMethods } from "../../../plugins/mod.ts";
 * import { timeSteps } from "./time_steps.ts";
 *
 * const options = { projectorWidth: 16, predictorWidth: 8 };
 * const backbone = { backbone: "clip_vit_tiny_patch8_64", stem: "imagenet" } as const;
 * const configuration = { ...backbone, batchSize: 4, device: "cpu", options } as const;
 * const { secondsEach, stepsPerEpoch, batchSize } = await timeSteps(
 *   { method: "simsiam", preset: "demo", configuration },
 *   { methods: bundledMethods },
 * );
 * assert(secondsEach > 0 && stepsPerEpoch > 100);
 * assertEquals(batchSize, 4);
 * ```
 *
 * @throws what {@linkcode pretrain} throws
 */
export async function timeSteps(
  named: NamedRun,
  context: Omit<PretrainContext, "report" | "signal"> & {
    readonly signal?: AbortSignal | undefined;
  },
): Promise<TimedSteps> {
  const folder = await Deno.makeTempDir();
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ...(context.signal ? [context.signal] : [])]);
  const times: number[] = [];
  let [stepsPerEpoch, batchSize] = [0, 0];
  let began = 0;
  const onEvent = (event: TrainEvent): void => {
    if (event.kind === "start") {
      [stepsPerEpoch, batchSize] = [event.stepsPerEpoch, event.configuration.batchSize];
      began = performance.now();
    } else if (event.kind === "step") {
      const now = performance.now();
      times.push((now - began) / 1000);
      began = now;
      if (times.length >= MEASURED_STEPS) stop.abort();
    }
  };
  try {
    await pretrain({
      ...named,
      output: join(folder, "run"),
      configuration: { ...named.configuration, epochs: 1, warmupEpochs: 0, evaluationData: "" },
    }, { ...context, signal, report: onEvent });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const counted = times.length > 1 ? times.slice(1) : times;
  const total = counted.reduce((sum, time) => sum + time, 0);
  return { secondsEach: total / Math.max(1, counted.length), stepsPerEpoch, batchSize };
}
