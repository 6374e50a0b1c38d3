import { assert, assertEquals } from "@std/assert";
import { parsePythonJson } from "../../../core/files/python_json.ts";
import { parseScheduler } from "../../../core/unclip/scheduler_config.ts";
import {
  planSteps,
  SCHEDULER_NAMES,
  type SchedulerName,
  Trajectory,
} from "../../../core/unclip/schedulers/mod.ts";
import { ConfigFile } from "../../../core/weights/config_file.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import { hashedTensor } from "../engine/nn/hashed_values.ts";

const GOLDEN =
  new URL("../../../fixtures/golden/unclip_scheduler_switch", import.meta.url).pathname;
const { tensors } = await readSafetensors(`${GOLDEN}.safetensors`);
const { cases } = JSON.parse(await Deno.readTextFile(`${GOLDEN}.json`)) as {
  readonly cases: readonly {
    readonly use: SchedulerName;
    readonly steps: number;
    readonly file: string;
  }[];
};

/** Largest error of a whole trajectory, as a share of its largest number. */
function measure(index: number): number {
  const { use, steps, file } = cases[index]!;
  const entries = parsePythonJson(file, "read the golden") as Record<string, unknown>;
  const { name, config } = parseScheduler(new ConfigFile("scheduler_config.json", entries), use);
  const plan = planSteps(name, config, steps);
  const timesteps = [...tensors.get(`${index}/timesteps`)!.data].map(Number);
  assertEquals(plan.map(({ timestep }) => timestep), timesteps, file);
  const expected = tensors.get(`${index}/samples`)!.data as Float32Array;
  const width = expected.length / timesteps.length;
  const offset = hashedTensor("offset", [width]).data;
  const trajectory = new Trajectory(plan, hashedTensor("sample", [width], 2).data);
  let [error, largest, call] = [0, 0, 0];
  for (let due = trajectory.due; due !== undefined; due = trajectory.due) {
    const t = due.timestep / 1000;
    trajectory.advance(trajectory.sample.map((x, i) => x / (1 + x * x) + offset[i]! * t));
    trajectory.sample.forEach((value, i) => {
      error = Math.max(error, Math.abs(value - expected[call * width + i]!));
      largest = Math.max(largest, Math.abs(expected[call * width + i]!));
    });
    call++;
  }
  return error / largest;
}

for (const name of SCHEDULER_NAMES) {
  Deno.test(`parseScheduler() takes other schedulers' files over as diffusers does: ${name}`, () => {
    const indices = [...cases.keys()].filter((index) => cases[index]!.use === name);
    assert(indices.length > 30);
    for (const index of indices) {
      const error = measure(index);
      assert(error <= 2e-5, `${JSON.stringify(cases[index])} differs by ${error} of the largest`);
    }
  });
}
