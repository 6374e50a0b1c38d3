/**
 * The permissions that tasks need, read from deno.json, which is where they stand.
 *
 * @module
 */
import configuration from "../../deno.json" with { type: "json" };

const TASKS: Readonly<Record<string, { readonly command: string }>> = configuration.tasks;

/** Flags of Deno that a task is run with in a checkout, such as `--allow-read`. */
export function permissionsOf(task: string): readonly string[] {
  return TASKS[task]?.command.match(/--allow-\S+/g) ?? [];
}

/** Flags that allow what any of several lists of flags does. */
export function mergePermissions(lists: readonly (readonly string[])[]): readonly string[] {
  const allowed = new Map<string, Set<string> | "all">();
  for (const flag of lists.flat()) {
    const [name, values] = flag.split("=") as [string, string?];
    const before = allowed.get(name);
    if (values === undefined || before === "all") allowed.set(name, "all");
    else allowed.set(name, new Set([...(before ?? []), ...values.split(",")]));
  }
  return [...allowed].map(([name, values]) =>
    values === "all" ? name : `${name}=${[...values].join(",")}`
  );
}

/** Tasks that compile methods in a worker. */
const COMPILING: readonly string[] = ["demo", "train", "plugins"];

/** All flags of Deno that some tasks need together, besides those by which they are found. */
export function flagsOf(tasks: readonly string[]): readonly string[] {
  // Without this flag a method that is given by name cannot be compiled where it may do nothing.
  const compiling = tasks.some((task) => COMPILING.includes(task));
  return [
    ...(compiling ? ["--unstable-worker-options"] : []),
    ...mergePermissions(tasks.map(permissionsOf)),
  ];
}
