/**
 * Bundled methods as their code: what tests look into, which a method by name does not let them.
 *
 * @module
 */
import { checkMethod, type LoadedMethod } from "../../core/method/load.ts";

/** The method of a folder of `plugins/`. */
export async function importMethod(name: string): Promise<LoadedMethod> {
  const { default: plugin } = await import(`../../plugins/${name}/mod.ts`);
  return checkMethod(plugin, name);
}
