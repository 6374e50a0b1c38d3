import { assert, assertEquals, assertThrows } from "@std/assert";
import { ConfigFile } from "../../../../core/weights/config_file.ts";
import { parseScheduler } from "../../../../core/unclip/scheduler_config.ts";
import {
  planSteps,
  SCHEDULER_NAMES,
  type SchedulerName,
  Trajectory,
} from "../../../../core/unclip/schedulers/mod.ts";
import { readSafetensors } from "../../../../core/weights/safetensors.ts";
import { hashedTensor } from "../../engine/nn/hashed_values.ts";

const GOLDEN = new URL("../../../../fixtures/golden/unclip_schedulers", import.meta.url).pathname;
const { tensors } = await readSafetensors(`${GOLDEN}.safetensors`);
const { cases } = JSON.parse(await Deno.readTextFile(`${GOLDEN}.json`)) as {
  readonly cases: readonly {
    readonly scheduler: SchedulerName;
    readonly steps: number;
    readonly config: Record<string, unknown>;
  }[];
};

const CLASSES: Readonly<Record<SchedulerName, string>> = {
  "pndm": "PNDMScheduler",
  "ddim": "DDIMScheduler",
  "dpm-solver++": "DPMSolverMultistepScheduler",
};

/** The reference's network: x / (1 + x^2) + c t / 1000. */
function networkOutput(sample: Float32Array, offset: Float32Array, timestep: number): Float32Array {
  return sample.map((x, i) => x / (1 + x * x) + offset[i]! * (timestep / 1000));
}

/** Largest error of a whole trajectory, as a share of its largest number. */
function measure(index: number): number {
  const { scheduler, steps, config } = cases[index]!;
  const file = new ConfigFile("scheduler_config.json", {
    _class_name: CLASSES[scheduler],
    ...config,
  });
  const published = parseScheduler(file);
  const plan = planSteps(published.name, published.config, steps);
  const timesteps = [...tensors.get(`${index}/timesteps`)!.data].map(Number);
  assertEquals(plan.map(({ timestep }) => timestep), timesteps);
  const expected = tensors.get(`${index}/samples`)!.data as Float32Array;
  const width = expected.length / timesteps.length;
  const offset = hashedTensor("offset", [width]).data;
  const trajectory = new Trajectory(plan, hashedTensor("sample", [width], 2).data);
  let [error, largest, call] = [0, 0, 0];
  for (let due = trajectory.due; due !== undefined; due = trajectory.due) {
    trajectory.advance(networkOutput(trajectory.sample, offset, due.timestep));
    trajectory.sample.forEach((value, i) => {
      error = Math.max(error, Math.abs(value - expected[call * width + i]!));
      largest = Math.max(largest, Math.abs(expected[call * width + i]!));
    });
    call++;
  }
  return error / largest;
}

for (const name of SCHEDULER_NAMES) {
  Deno.test(`planSteps() leads along diffusers' trajectory: ${name}`, () => {
    const indices = [...cases.keys()].filter((index) => cases[index]!.scheduler === name);
    assert(indices.length > 20);
    for (const index of indices) {
      const error = measure(index);
      assert(error <= 1e-5, `${JSON.stringify(cases[index])} differs by ${error} of the largest`);
    }
  });
}

const PUBLISHED = {
  _class_name: "PNDMScheduler",
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  clip_sample: false,
  num_train_timesteps: 1000,
  prediction_type: "v_prediction",
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
  trained_betas: null,
};

Deno.test("planSteps() follows the published toy: a float64 run of the specification", () => {
  const { name, config } = parseScheduler(new ConfigFile("scheduler_config.json", PUBLISHED));
  const trajectory = new Trajectory(planSteps(name, config, 20), Float32Array.of(1, -0.5, 0.25));
  const factors = [1, 0.5, -1];
  for (let due = trajectory.due; due !== undefined; due = trajectory.due) {
    const t = due.timestep;
    trajectory.advance(trajectory.sample.map((x, i) => 0.1 * x + 0.001 * t * factors[i]!));
  }
  const expected = [0.35394353, -0.63314271, 0.65869951];
  trajectory.sample.forEach((x, i) => assert(Math.abs(x - expected[i]!) < 1e-6));
});

Deno.test("planSteps() refuses a number of steps that there are no timesteps for", () => {
  const { config } = parseScheduler(new ConfigFile("scheduler_config.json", PUBLISHED));
  for (const steps of [0, 1001, 2.5]) {
    for (const name of SCHEDULER_NAMES) {
      assertThrows(
        () => planSteps(name, config, steps),
        RangeError,
        `must be an integer in [1, 1000], found ${steps}`,
      );
    }
  }
});
