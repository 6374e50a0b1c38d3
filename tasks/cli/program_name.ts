/**
 * How tasks are started: as `deno task NAME` in a checkout, or as `genview NAME` by `cli.ts`.
 *
 * @module
 */
import configuration from "../../deno.json" with { type: "json" };

/** Address of the program of all tasks, as `deno install` takes it. */
export const PROGRAM: URL = new URL("../../cli.ts", import.meta.url);

/** Whether `cli.ts` is the program that runs, from a checkout, by URL or installed. */
export function isInstalled(): boolean {
  return Deno.mainModule === PROGRAM.href;
}

/** What is written before a task's name to start it. */
export function programName(): string {
  return isInstalled() ? "genview" : "deno task";
}

/**
 * A text in which commands are spelled as the user starts them: `deno task train` is `genview train` where that is
 * what runs.
 *
 * @param program what is written before a task's name; by default as this process was started
 */
export function asStarted(text: string, program: string = programName()): string {
  return text.replaceAll(
    /\bdeno task ([a-z-]+)/g,
    (command, name) => Object.hasOwn(configuration.tasks, name) ? `${program} ${name}` : command,
  );
}
