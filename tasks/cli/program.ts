/**
 * `genview NAME …`: finds the task of a name, and says which there are.
 *
 * @module
 */
import configuration from "../../deno.json" with { type: "json" };
import { GenviewTypeError } from "../../core/errors/mod.ts";
import { nearestName } from "../../core/schema/nearest_name.ts";
import { type Command, runTask } from "./command_line.ts";
import { flagsOf } from "./permissions.ts";
import { PROGRAM } from "./program_name.ts";
import { bold, formatExample, isColorful, textColumns, wrap } from "./text_layout.ts";

/** A module of tasks/. */
export interface TaskModule {
  /** Runs the task with its arguments. */
  readonly main: (args: readonly string[]) => Promise<void>;
  /** What it takes, of tasks that the studio starts. */
  readonly description?: Command;
}

/** Imports of tasks by their names under `deno task`; only the one that is asked for is loaded. */
export type Tasks = Readonly<Record<string, () => Promise<TaskModule>>>;

const DESCRIPTIONS: Readonly<Record<string, { readonly description: string }>> =
  configuration.tasks;

/** Flags that some tasks need together, and one that lets the program itself be imported from where it is. */
function neededPermissions(names: readonly string[]): string {
  const isRemote = PROGRAM.protocol !== "file:";
  return [...flagsOf(names), ...(isRemote ? [`--allow-import=${PROGRAM.host}`] : [])].join(" ");
}

const EXAMPLES = [
  {
    command: "genview demo",
    does: "pretrains on emoji in some minutes, evaluates and writes a report",
  },
  {
    command: "genview train --data photos/ --output runs/photos",
    does: "pretrains on a folder of images",
  },
  { command: "genview help train", does: "lists the options of a task, with examples" },
];

/** What `genview --help` prints. */
export function programHelp(
  tasks: Tasks,
  columns: number,
  heading: (text: string) => string,
): string {
  const names = Object.keys(tasks);
  const indent = 2 + Math.max(...names.map((name) => name.length)) + 2;
  return [
    wrap(
      "Self-supervised visual pretraining with generated views, without Python.",
      columns,
      "",
    ),
    "",
    `${heading("Usage:")} genview NAME [options]`,
    "",
    heading("Examples:"),
    ...EXAMPLES.map((example) => formatExample(example, columns)),
    "",
    heading("Tasks:"),
    ...names.map((name) =>
      `  ${name.padEnd(indent - 2)}${
        wrap(DESCRIPTIONS[name]!.description, columns - indent, " ".repeat(indent))
      }`
    ),
    "",
    heading("Options:"),
    `  ${"-h, --help".padEnd(indent - 2)}print this text`,
    `  ${"--version".padEnd(indent - 2)}print the version`,
    "",
    heading("Permissions:"),
    `  ${
      wrap(
        'Deno lets a program do only what it is installed with. For all tasks (for fewer, "genview help NAME" ' +
          "lists what one needs):",
        columns - 2,
        "  ",
      )
    }`,
    `  deno install --global --name genview ${neededPermissions(names)} ${PROGRAM}`,
    "",
  ].join("\n");
}

/** What `genview help NAME` prints below the task's own help. */
function permissionHelp(name: string, heading: (text: string) => string): string {
  return `${heading("Permissions:")}\n  ${neededPermissions([name])}\n`;
}

/**
 * Runs a command line of `genview`.
 *
 * @param print prints what is asked of the program itself
 */
export async function runProgram(
  tasks: Tasks,
  args: readonly string[],
  print: (text: string) => void = (text) => console.log(text),
): Promise<void> {
  const heading = isColorful(Deno.stdout) ? bold : (text: string) => text;
  const [first, ...rest] = args;
  if (first === "--version") return print(`genview ${configuration.version}`);
  const asksHelp = first === "help" || first === "--help" || first === "-h";
  const name = asksHelp ? rest[0] : first;
  if (name === undefined) return print(programHelp(tasks, textColumns(), heading));
  await runTask(async () => {
    const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
    if (task === undefined) {
      throw new GenviewTypeError(
        `Cannot run "genview ${name}": there is no task of this name, the nearest is ` +
          `"${nearestName(name, Object.keys(tasks))}"; "genview --help" lists them`,
      );
    }
    const { main } = await task();
    await main(asksHelp ? ["--help"] : rest);
    if (asksHelp) print(permissionHelp(name, heading));
  });
}
