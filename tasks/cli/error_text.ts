/**
 * Errors that reach the top of a task, as people read them.
 *
 * @module
 */
import { isGenviewError } from "../../core/errors/mod.ts";
import { fileError } from "../../core/files/file_error.ts";
import { asStarted, programName } from "./program_name.ts";
import { bold, isColorful, red } from "./text_layout.ts";

/** Deno's names of what it did, in words. */
const ACTIONS: Readonly<Record<string, string>> = {
  lstat: "look up",
  stat: "look up",
  realpath: "look up",
  readdir: "list",
  readfile: "read",
  readlink: "read",
  writefile: "write",
  mkdir: "make the folder",
};

/** What the system could not do, from Deno's messages: `No such file or directory (os error 2): stat '/a'`. */
function actionOf({ message }: Error): string {
  const [, name, paths] = /\(os error \d+\)(?:, |: )(\w+) (.*)$/s.exec(message) ?? [];
  if (name === undefined || paths === undefined) return "use a file";
  return `${ACTIONS[name] ?? name} ${paths.replaceAll("'", "")}`;
}

/** A missing permission in one line. */
function permissionText({ message }: Error): string {
  const needed = message.replace(/^Requires /, "it requires ").replace(
    /, run again with/,
    "; run again with",
  );
  const remedy = programName() === "genview"
    ? ', or install genview with what "genview --help" lists'
    : ", as the tasks of deno.json do";
  return `Cannot continue: ${needed}${remedy}`;
}

/** An error as one line where it says what its reader can mend; undefined for bugs. */
function lineOf(error: unknown): string | undefined {
  if (isGenviewError(error)) return error.message;
  if (!(error instanceof Error)) return undefined;
  if (error instanceof Deno.errors.NotCapable) return permissionText(error);
  const explained = fileError(actionOf(error), error);
  return isGenviewError(explained) ? explained.message : undefined;
}

function dangerous(text: string): string {
  return isColorful(Deno.stderr) ? bold(red(text)) : text;
}

/** The stack of a bug, and where to report it. */
function bugText(error: unknown): string {
  const strong = isColorful(Deno.stderr) ? bold : (text: string) => text;
  const stack = error instanceof Error ? error.stack ?? error.message : String(error);
  const source = new URL("../../", import.meta.url).href;
  return `${stack}\n${dangerous("bug:")} ${
    strong("this is a bug in genview, or in a plugin whose file is named above.")
  } Please report the command and these lines to whoever maintains it (this genview is ${source}).`;
}

/**
 * What a task prints of the error that ended it: one line where the reader can mend it, otherwise the stack and where to
 * report it; undefined where nobody reads on, as `genview plugins | head -1` does.
 */
export function errorText(error: unknown): string | undefined {
  if (error instanceof Deno.errors.BrokenPipe) return undefined;
  const line = lineOf(error);
  return line === undefined ? bugText(error) : `${dangerous("error:")} ${asStarted(line)}`;
}

/** What one of several processes says of the error that ended it and so all, behind its rank. */
export function rankErrorText(error: unknown): string {
  const line = lineOf(error);
  return line === undefined ? bugText(error) : asStarted(line);
}
