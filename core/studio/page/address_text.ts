/**
 * A view's address as text.
 *
 * @module
 */

/** A view and what it shows. */
export interface Address {
  /** Name of the view, such as `runs`. */
  readonly view: string;
  /** What it shows and how, by name. */
  readonly values: Readonly<Record<string, string>>;
}

/** Reads `#/VIEW?NAME=VALUE&…`; without a view it is that of all runs. */
export function readAddress(hash: string): Address {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return {
    view: path === "" ? "runs" : path,
    values: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** Writes an address, without the values that are empty. */
export function writeAddress({ view, values }: Address): string {
  const kept = Object.entries(values).filter(([, value]) => value !== "");
  const query = new URLSearchParams(kept).toString();
  return `#/${view}${query === "" ? "" : `?${query}`}`;
}

/** Writes several names as one value; commas and backslashes in them are kept by a backslash. */
export function joinNames(names: readonly string[]): string {
  return names.map((name) => name.replaceAll(/[\\,]/g, "\\$&")).join(",");
}

/** Reads what {@linkcode joinNames} wrote. */
export function splitNames(text: string | undefined): string[] {
  if (text === undefined || text === "") return [];
  const names: string[] = [];
  let name = "";
  for (let i = 0; i < text.length; i++) {
    if (text[i] === ",") {
      names.push(name);
      name = "";
    } else name += text[i] === "\\" ? text[++i] ?? "" : text[i];
  }
  return [...names, name];
}
