/**
 * What the studio knows of tasks: what each can be given, and how it is started.
 *
 * @module
 */
import { bundledConfigurations } from "../../configs/mod.ts";
import { programArguments } from "../../core/distributed/program_arguments.ts";
import { requestWords, shellText } from "../../core/studio/actions/request_words.ts";
import type { TaskForm } from "../../core/studio/actions/task_form.ts";
import type { JobRequest, StudioTask } from "../../core/studio/api/actions.ts";
import type { ProgramCall, StudioContext } from "../../core/studio/studio_context.ts";
import { bundledMethods } from "../../plugins/mod.ts";
import { flagsOf } from "./permissions.ts";
import type { Tasks } from "./program.ts";
import { isInstalled, PROGRAM, programName } from "./program_name.ts";
import { withKnownNames } from "./training_options.ts";

/** Options by which a task prints something rather than does its work. */
const PRINTING: Readonly<Partial<Record<StudioTask, readonly string[]>>> = {
  train: ["listConfigs", "dryRun", "images", "json", "measure"],
  evaluate: ["table", "markdown", "json"],
};

async function formOf(tasks: Tasks, task: StudioTask): Promise<TaskForm> {
  const { description } = await tasks[task]!();
  if (description === undefined) throw new Error(`the task ${task} exports no description`);
  const { summary, positional = "", options } = withKnownNames(description);
  const properties = Object.entries(options.properties)
    .filter(([name]) => !PRINTING[task]?.includes(name));
  return {
    ...{ summary, positional },
    schema: { ...options, properties: Object.fromEntries(properties) },
  };
}

/** How a task is started that does what is asked for: as this process was, in a checkout or installed. */
function programOf(request: JobRequest): ProgramCall {
  const { task } = request;
  const words = requestWords(request);
  const module = new URL(`../${task.replaceAll("-", "_")}.ts`, import.meta.url);
  const [program, given] = isInstalled() ? [PROGRAM, [task, ...words]] : [module, words];
  return {
    program: Deno.execPath(),
    args: [...programArguments(program, flagsOf([task])), ...given],
    shown: `${programName()} ${shellText([task, ...words])}`,
  };
}

/**
 * What the studio knows of tasks.
 *
 * @param tasks imports of the tasks by their names
 */
export function studioTasks(tasks: Tasks): Pick<StudioContext, "programs" | "forms" | "known"> {
  const forms = new Map<StudioTask, Promise<TaskForm>>();
  return {
    programs: programOf,
    forms(task) {
      const form = forms.get(task) ?? formOf(tasks, task);
      forms.set(task, form);
      return form;
    },
    known: { methods: bundledMethods, configurations: bundledConfigurations },
  };
}
