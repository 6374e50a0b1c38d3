/**
 * Command lines of which a test changes single options: tasks take each option once.
 *
 * @module
 */

/** Arguments in which the last of each option that takes a value replaces the earlier ones. */
export function lastOfEach(args: readonly string[]): string[] {
  const kept: string[][] = [];
  for (let i = 0; i < args.length; i++) {
    const [name] = args[i]!.split("=");
    const value = args[i] === name && args[i + 1]?.startsWith("--") === false ? [args[++i]!] : [];
    const before = name!.startsWith("--") ? kept.findIndex(([first]) => first === name) : -1;
    if (before >= 0) kept.splice(before, 1);
    kept.push(value.length > 0 ? [name!, ...value] : [args[i]!]);
  }
  return kept.flat();
}
