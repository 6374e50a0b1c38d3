/**
 * `genview NAME …`: every task by one name, from a checkout, by URL (`deno run URL/cli.ts NAME …`) or installed
 * (`deno install --global --name genview URL/cli.ts`). `genview --help` lists the tasks and the permissions that they
 * need.
 *
 * @module
 */
import { runProgram } from "./tasks/cli/program.ts";
import type { Tasks } from "./tasks/cli/program.ts";

export type { Command } from "./tasks/cli/command_line.ts";
export type { TaskModule, Tasks } from "./tasks/cli/program.ts";

/** The tasks by their names under `deno task`: literal addresses, so that Deno fetches all of them when it installs. */
export const tasks: Tasks = {
  "demo": () => import("./tasks/demo.ts"),
  "train": () => import("./tasks/train.ts"),
  "evaluate": () => import("./tasks/evaluate.ts"),
  "export": () => import("./tasks/export.ts"),
  "weights": () => import("./tasks/weights.ts"),
  "models": () => import("./tasks/models.ts"),
  "extract-features": () => import("./tasks/extract_features.ts"),
  "fg-ratio": () => import("./tasks/fg_ratio.ts"),
  "noise-levels": () => import("./tasks/noise_levels.ts"),
  "variations": () => import("./tasks/variations.ts"),
  "variations-grid": () => import("./tasks/variations_grid.ts"),
  "variations-import": () => import("./tasks/variations_import.ts"),
  "variations-list": () => import("./tasks/variations_list.ts"),
  "pipeline": () => import("./tasks/pipeline.ts"),
  "generator": () => import("./tasks/generator.ts"),
  "studio": () => import("./tasks/studio.ts"),
  "plugins": () => import("./tasks/plugins.ts"),
  "cuda": () => import("./tasks/cuda.ts"),
  "doctor": () => import("./tasks/doctor.ts"),
};

/**
 * Modules that tasks load by addresses that Deno does not see: the programs of processes and threads, and the bundled
 * methods. They are named here so that they too are fetched when it installs. Nothing calls these functions.
 */
export const loadedByAddress: readonly (() => Promise<unknown>)[] = [
  () => import("./core/data/loader/view_worker.ts"),
  () => import("./core/train/compile/worker/supervisor.ts"),
  () => import("./core/train/compile/worker/compile_program.ts"),
  () => import("./core/distributed/print_devices.ts"),
  () => import("./core/variations/worker.ts"),
  () => import("./core/studio/actions/job_program.ts"),
  () => import("./core/studio/pictures/background_program.ts"),
  () => import("./plugins/barlow-twins/mod.ts"),
  () => import("./plugins/dino/mod.ts"),
  () => import("./plugins/byol/mod.ts"),
  () => import("./plugins/moco-v2/mod.ts"),
  () => import("./plugins/moco-v3/mod.ts"),
  () => import("./plugins/simclr/mod.ts"),
  () => import("./plugins/simsiam/mod.ts"),
  () => import("./plugins/swav/mod.ts"),
  () => import("./plugins/vicreg/mod.ts"),
];

if (import.meta.main) await runProgram(tasks, Deno.args);
