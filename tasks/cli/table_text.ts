/**
 * Tables as text: aligned for a terminal, or in Markdown.
 *
 * @module
 */

/** A table of texts; every row has as many cells as the header. */
export interface TextTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Columns side by side, the first to the left, the others to the right. */
export function alignedTable({ header, rows }: TextTable): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all.map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
    ).join("  ").trimEnd()
  ).join("\n");
}

/** A table of GitHub's Markdown. */
export function markdownTable({ header, rows }: TextTable): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const rule = header.map((_, column) => column === 0 ? "---" : "---:");
  return [line(header), line(rule), ...rows.map(line)].join("\n");
}
