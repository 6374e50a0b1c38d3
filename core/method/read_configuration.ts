/**
 * Files of configurations: a part of one, or all of it together with the method.
 *
 * @module
 */
import { GenviewSyntaxError, GenviewTypeError } from "../errors/mod.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { nearestName } from "../schema/nearest_name.ts";
import { checkObject, type PartialConfiguration } from "./resolve_configuration.ts";

/** What a file of a configuration says. */
export interface ConfigurationFile {
  /** Method by name or address; a file that names it stands in place of a preset. */
  readonly method?: string;
  /** What it is for, in a line. */
  readonly description?: string;
  /** Its options. */
  readonly configuration: PartialConfiguration;
}

function parse(text: string, action: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new GenviewSyntaxError(
      `Cannot ${action}: it must be JSON, found an error: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function takeText(value: unknown, name: string, action: string): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  throw new GenviewTypeError(
    `Cannot ${action}: ${name} must be a text, found ${JSON.stringify(value)}`,
  );
}

async function readJson(
  name: string,
  bundled: Readonly<Record<string, URL>>,
  action: string,
): Promise<unknown> {
  const address = Object.hasOwn(bundled, name) ? bundled[name]! : undefined;
  // The SDK may itself have come from the web.
  if (address !== undefined) {
    return (await import(address.href, { with: { type: "json" } })).default;
  }
  const names = Object.keys(bundled);
  if (
    names.length > 0 && !/[\\/]|\.json$/.test(name) && await ifThere(Deno.stat(name)) === undefined
  ) {
    throw new GenviewTypeError(
      `Cannot ${action}: it must be a JSON file or the name of a bundled configuration, the nearest is "${
        nearestName(name, names)
      }"; --list-configs lists them`,
    );
  }
  return parse(await explainingFileErrors(action, Deno.readTextFile(name)), action);
}

/**
 * Reads a configuration from a JSON file, or a bundled one by its name.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bundledConfigurations } from "../../configs/mod.ts";
 * import { readConfiguration } from "./read_configuration.ts";
 *
 * const name = "byol_resnet50_16xb256-coslr-200e_in1k";
 * const { method, configuration } = await readConfiguration(name, bundledConfigurations);
 * assertEquals([method, configuration.batchSize], ["byol", 4096]);
 * ```
 *
 * @param name path of a file, or a name
 * @param bundled addresses of configurations by the names that they can be read by, such as `bundledConfigurations`
 * @throws {SyntaxError} if the file is not JSON
 * @throws {TypeError} if it holds anything but an object, or nothing has the name; values are checked by
 * {@linkcode resolveConfiguration}
 * @throws {Deno.errors.NotFound} if there is no such file
 */
export async function readConfiguration(
  name: string,
  bundled: Readonly<Record<string, URL>> = {},
): Promise<ConfigurationFile> {
  const action = `read configuration ${name}`;
  const json = await readJson(name, bundled, action);
  checkObject(json, action, "the file's content");
  const { method, description, ...configuration } = json as Record<string, unknown>;
  const named = takeText(method, "method", action);
  const described = takeText(description, "description", action);
  return {
    ...(named !== undefined && { method: named }),
    ...(described !== undefined && { description: described }),
    configuration: configuration as PartialConfiguration,
  };
}
