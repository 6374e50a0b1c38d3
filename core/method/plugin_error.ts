/**
 * Errors of plugins: what went wrong, and where in the plugin's own code.
 *
 * @module
 */
import { stripVTControlCharacters } from "node:util";
import { GenviewTypeError, inContext, isGenviewError } from "../errors/mod.ts";

/** A plugin that cannot be loaded, or whose code has a fault: the message names the plugin, and file and line. */
export class PluginError extends GenviewTypeError {
  /** Name of the class. */
  override readonly name: string = "PluginError";
}

/** What a plugin cannot do with the options or the views that it was given. */
export class PluginRefusal extends GenviewTypeError {
  /** Name of the class. */
  override readonly name: string = "PluginRefusal";
}

/** Folder of the SDK's own code, whose lines say nothing of a plugin. */
const SDK = new URL("../", import.meta.url).href;

/** Folder of the code that calls plugins. */
const CALLER = new URL("./", import.meta.url).href;

/** Lines of a stack that are kept while a plugin runs: an operator's error has the plugin below many of the SDK's. */
const STACK_LINES = 200;

/** The addresses, with line and column, in a text's lines `at …`. */
function placesIn(text: string): string[] {
  return text.split("\n").flatMap((line) =>
    /^\s+at .*?\(?((?:file|https?|data|blob|method):\S+?:\d+:\d+)\)?$/.exec(line)?.[1] ?? []
  );
}

/**
 * Where in a plugin's code an error arose: the innermost place outside of the SDK, as `ADDRESS:LINE:COLUMN`; undefined
 * if there is none, as when a module is not found.
 */
export function placeInPlugin(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const places = placesIn(stripVTControlCharacters(error.stack ?? ""));
  const caller = places.findIndex((place) => place.startsWith(CALLER));
  const within = caller < 0 ? places : places.slice(0, caller);
  return within.find((place) => !place.startsWith(SDK));
}

/** A message's first line; the runtime draws the code of a file that it cannot parse below. */
function firstLine(message: string): string {
  return stripVTControlCharacters(message).split("\n")[0]!;
}

/** The runtime's words for a module that is not there; the address stands in quotes. */
const MISSING_MODULE = /^Module not found "([^"]*)"/;

/** What went wrong, in words for people. */
function wordsOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `it threw what is no error: ${thrown}`;
  const message = firstLine(thrown.message);
  const missing = MISSING_MODULE.exec(message);
  if (missing !== null) return `there is no module ${missing[1]}; check the path or address`;
  return `${thrown.name}: ${message}`;
}

/**
 * An error of a plugin as one that names the plugin and, unless the plugin refused what it was given, the file and line
 * of the fault. Misuse of the SDK keeps the class of its error.
 *
 * @param action what cannot be done, such as `build method "mine"`
 */
export function pluginError(action: string, thrown: unknown): unknown {
  if (thrown instanceof PluginRefusal) return inContext(action, thrown);
  const place = placeInPlugin(thrown);
  const located = place === undefined ? action : `${action}, at ${place}`;
  if (isGenviewError(thrown)) return inContext(located, thrown);
  return new PluginError(`Cannot ${located}: ${wordsOf(thrown)}`, { cause: thrown });
}

/**
 * Runs a plugin's code.
 *
 * @param action what it does, such as `build method "mine"`
 * @throws {PluginError} if the code has a fault, with its file and line
 * @throws {TypeError} if the plugin refuses what it was given
 */
export function runPlugin<T>(action: string, run: () => T): T {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = STACK_LINES;
  try {
    return run();
  } catch (thrown) {
    throw pluginError(action, thrown);
  } finally {
    Error.stackTraceLimit = before;
  }
}
