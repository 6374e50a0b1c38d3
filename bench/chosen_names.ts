/**
 * Names between commas, as options of benchmarks take them.
 *
 * @module
 */
import { GenviewTypeError } from "../core/errors/mod.ts";

/**
 * The names that an option lists.
 *
 * @param action what cannot be done with a name that there is not, for the error
 * @param option as on the command line
 * @param known all names that there are
 * @throws {TypeError} if one of them is not known
 */
export function chosenNames(
  action: string,
  option: string,
  text: string,
  known: readonly string[],
): readonly string[] {
  const names = text.split(",");
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return names;
  throw new GenviewTypeError(
    `Cannot ${action} "${unknown}": ${option} must be of ${known.join(", ")}, found ${text}`,
  );
}
