/**
 * Refusal of misspelt members, which JavaScript would pass over.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { nearestName } from "./nearest_name.ts";

/** All members of a type by name, so that the compiler finds one that is missing or too many. */
export type Members<T> = Readonly<Record<T extends unknown ? keyof T : never, true>>;

/**
 * Refuses members that nobody would read.
 *
 * ```ts
 * import { checkMembers } from "./check_members.ts";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(
 *   () => checkMembers("make a head", "options", { frozn: true }, { frozen: true }),
 *   TypeError,
 *   'Cannot make a head: options have frozen, found frozn; did you mean "frozen"?',
 * );
 * ```
 *
 * @param action what cannot be done with others
 * @param owners what has the members, in the plural, such as `options`
 * @param known all members that there are
 * @throws {TypeError} if it has others, which names the nearest that there is
 */
export function checkMembers(
  action: string,
  owners: string,
  given: object,
  known: Readonly<Record<string, true>>,
): void {
  const wrong = Object.keys(given).find((name) => !Object.hasOwn(known, name));
  if (wrong === undefined) return;
  const names = Object.keys(known);
  throw new GenviewTypeError(
    `Cannot ${action}: ${owners} have ${names.join(", ")}, found ${wrong}; did you mean "${
      nearestName(wrong, names)
    }"?`,
  );
}
