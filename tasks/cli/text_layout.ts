/**
 * Texts on a terminal: their width and their emphasis.
 *
 * @module
 */

/** Columns of a text that is read elsewhere than on a terminal, and the most that is easy to read. */
const COLUMNS = { usual: 100, least: 40, most: 120 };

/** A variable of the environment, where there is the permission to read it. */
function environment(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}

/** Columns of what is printed: those of the terminal or of `COLUMNS`, between 40 and 120; 100 elsewhere. */
export function textColumns(): number {
  const named = Number(environment("COLUMNS"));
  const columns = Number.isInteger(named) && named > 0
    ? named
    : Deno.stdout.isTerminal()
    ? Deno.consoleSize().columns
    : COLUMNS.usual;
  return Math.min(Math.max(columns, COLUMNS.least), COLUMNS.most);
}

/** Whether texts may be coloured: on a terminal, unless `NO_COLOR` is set. */
export function isColorful(output: { isTerminal(): boolean }): boolean {
  return output.isTerminal() && !Deno.noColor;
}

/** A text in bold, by the terminal's codes. */
export function bold(text: string): string {
  return `\x1b[1m${text}\x1b[22m`;
}

/** A text in red, by the terminal's codes. */
export function red(text: string): string {
  return `\x1b[31m${text}\x1b[39m`;
}

/**
 * Breaks a text into lines between words; a word that is longer than a line stands on one of its own.
 *
 * @param columns most characters of a line, its indentation not counted
 * @param indent what all lines but the first begin with
 */
export function wrap(text: string, columns: number, indent: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line !== "" && line.length + word.length + 1 > columns) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.join(`\n${indent}`);
}

/** A command, and below it what it does; the command stays on one line, to be copied. */
export function formatExample(
  { command, does }: { readonly command: string; readonly does: string },
  columns: number,
): string {
  return `  ${command}\n      ${wrap(does, columns - 6, " ".repeat(6))}`;
}
