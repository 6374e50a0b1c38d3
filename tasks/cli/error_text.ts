/**
 * Errors that reach the top of a task, as people read them.
 *
 * @module
 */
import { isGenviewError } from "../../core/errors/mod.ts";
import { fileError } from "../../core/files/file_error.ts";
import { asStarted, programName } from "./program_name.ts";
import { bold, isColorful, red } from "./text_layout.ts";

/** What the system could not do, from Deno's messages: `No such file or directory (os error 2): open '/a'`. */
function actionOf({ message }: Error): string {
  const [, action] = /\(os error \d+\)(?:, |: )(.*)$/s.exec(message) ?? [];
  return action === undefined ? "use a file" : action.replaceAll("'", "");
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
  return `Cannot go on: ${needed}${remedy}`;
}

/** An error as one line where it says what its reader can mend; undefined for bugs. */
function lineOf(error: unknown): string | undefined {
  if (isGenviewError(error)) return error.message;
  if (!(error instanceof Error)) return undefined;
  if (error instanceof Deno.errors.NotCapable) return permissionText(error);
  const explained = fileError(actionOf(error), error);
  return isGenviewError(explained) ? explained.message : undefined;
}

/**
 * What a task prints of the error that ended it: one line where the reader can mend it, otherwise the stack and where to
 * report it; undefined where nobody reads on, as `genview plugins | head -1` does.
 */
export function errorText(error: unknown): string | undefined {
  if (error instanceof Deno.errors.BrokenPipe) return undefined;
  const [strong, danger] = isColorful(Deno.stderr)
    ? [bold, (text: string) => bold(red(text))]
    : [(text: string) => text, (text: string) => text];
  const line = lineOf(error);
  if (line !== undefined) return `${danger("error:")} ${asStarted(line)}`;
  const stack = error instanceof Error ? error.stack ?? error.message : String(error);
  const source = new URL("../../", import.meta.url).href;
  return `${stack}\n${danger("bug:")} ${
    strong("this is a bug in genview, or in a plugin whose file is named above.")
  } Please report the command and these lines to whoever maintains it (this genview is ${source}).`;
}
