/**
 * The options of a training on a command line: those of the configuration, with the names that they are known to take,
 * and those of the method that is trained.
 *
 * @module
 */
import { bundledConfigurations } from "../../configs/mod.ts";
import { backboneNames } from "../../core/backbones/mod.ts";
import { viewNames } from "../../core/data/mod.ts";
import { readConfiguration } from "../../core/method/read_configuration.ts";
import { loadMethodByName } from "../../core/method/load.ts";
import type { ObjectSchema, PropertySchema } from "../../core/schema/schema.ts";
import { bundledMethods } from "../../plugins/mod.ts";
import { argumentsOf, type Command } from "./command_line.ts";

/** Names that options are known to take, and the spelling of those that have keys. */
const KNOWN: Readonly<Record<string, PropertySchema>> = {
  method: { suggestions: Object.keys(bundledMethods) },
  backbone: { suggestions: backboneNames },
  views: { suggestions: viewNames },
  options: { entry: "option" },
};

/** A command whose options have further keywords in their schemas. */
function extend<Options extends ObjectSchema>(
  command: Command<Options>,
  keywords: Readonly<Record<string, PropertySchema>>,
): Command<Options> {
  const properties = Object.entries(command.options.properties).map(([name, schema]) =>
    [name, { ...schema, ...keywords[name] }] as const
  );
  // The types of the values stay as they are: keywords only describe and check them further.
  return {
    ...command,
    options: { ...command.options, properties: Object.fromEntries(properties) } as Options,
  };
}

/** A command whose options say which names they are known to take, where they are those of a training. */
export function withKnownNames<Options extends ObjectSchema>(
  command: Command<Options>,
): Command<Options> {
  return extend(command, KNOWN);
}

/** The method that is named, by a configuration file too; undefined of a run's that is resumed, which is not read here. */
async function namedMethod(
  command: Command,
  { method, config, resume }: Readonly<Record<string, unknown>>,
  [word]: readonly string[],
): Promise<string | undefined> {
  if (word !== undefined) return word;
  if (typeof method === "string") return method;
  if (resume) return undefined;
  if (typeof config === "string" && config !== "") {
    const file = await readConfiguration(config, bundledConfigurations);
    if (file.method !== undefined) return file.method;
  }
  return command.options.properties["method"]?.default as string | undefined;
}

/**
 * A command of which `options` is read key by key (`--option.projector-width 512`), as the method has them that the
 * arguments name: `--help` lists them, and they are checked before anything is opened. The method is loaded for these
 * two alone.
 *
 * @param command a command whose options are `method`, `options` and others of the configuration
 * @throws {TypeError} if there is no such method
 */
export async function withMethodOptions<Options extends ObjectSchema>(
  command: Command<Options>,
  args: readonly string[],
): Promise<Command<Options>> {
  const known = withKnownNames(command);
  const { options, entries, positional, help } = argumentsOf(known, args);
  const isAsked = help || Object.keys(entries).length > 0;
  const named = isAsked ? await namedMethod(command, options, positional) : undefined;
  if (named === undefined) return known;
  const { manifest } = await loadMethodByName(named, bundledMethods, {
    reload: options["reload"] === true,
  });
  return extend(known, {
    preset: { suggestions: Object.keys(manifest.presets) },
    options: {
      title: `Options of ${manifest.title} (--method ${named})`,
      properties: manifest.options.properties,
      additionalProperties: false,
    },
  });
}
