/**
 * The catalogue of published weights: which repository has them, at which revision, under which paths. All of it is
 * configuration, because repositories are withdrawn and mirrors move.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { readJson } from "../files/json.ts";
import bundled from "./catalog.json" with { type: "json" };
import type { ObjectSchema } from "../schema/schema.ts";
import { validate } from "../schema/validate.ts";
import type { HubRevision } from "./hub_cache.ts";
import { nearestName } from "../schema/nearest_name.ts";
import type { WantedFile } from "./pull.ts";

/** A file of a set of weights. */
export interface CatalogFile {
  /** What it is a part of the set as, such as `unet`. */
  readonly component: string;
  /** Paths that it may have in the repository, the best first; `{variant}` stands for the variant's text. */
  readonly paths: WantedFile;
  /** Name of the network that its tensors are for; none if nothing says which they must be. */
  readonly network?: string;
}

/** A set of weights. */
export interface CatalogEntry extends HubRevision {
  /** What the weights are, in a line. */
  readonly description: string;
  /** Variants by name, each with what stands for it in paths; the first is the default. */
  readonly variants?: Readonly<Record<string, string>>;
  /** Files that belong to it. */
  readonly files: readonly CatalogFile[];
}

/** All sets of weights that are known. */
export interface Catalog {
  /** Address of the hub. */
  readonly endpoint: string;
  /** Sets of weights by name. */
  readonly weights: Readonly<Record<string, CatalogEntry>>;
}

const text = { type: "string", minLength: 1 };

const SCHEMA: ObjectSchema = {
  type: "object",
  additionalProperties: false,
  required: ["endpoint", "weights"],
  properties: {
    endpoint: { type: "string", pattern: "^https?://[^/]+(/.*[^/])?$" },
    weights: {
      type: "object",
      additionalProperties: {
        type: "object",
        additionalProperties: false,
        required: ["description", "repository", "revision", "files"],
        properties: {
          description: text,
          repository: text,
          revision: text,
          variants: { type: "object", minProperties: 1, additionalProperties: { type: "string" } },
          files: {
            type: "array",
            minItems: 1,
            items: {
              type: "object",
              additionalProperties: false,
              required: ["component", "paths"],
              properties: {
                component: text,
                paths: { type: "array", minItems: 1, items: text },
                network: text,
              },
            },
          },
        },
      },
    },
  },
};

/** A configuration over the one that comes with the project, set by set: what it leaves out stays. */
function overlay(own: Partial<Catalog>): unknown {
  const sets: Record<string, unknown> = { ...bundled.weights };
  for (const [name, entry] of Object.entries(own.weights ?? {})) {
    sets[name] = { ...(sets[name] as object | undefined), ...entry };
  }
  return { ...bundled, ...own, weights: sets };
}

/**
 * The catalogue that comes with the project, or with a file of the user's over it.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { catalogEntry, readCatalog, wantedFiles } from "./catalog.ts";
 *
 * const entry = catalogEntry(await readCatalog(), "clip-convnext-base-w");
 * assertEquals(wantedFiles(entry, "").length, 1);
 * ```
 *
 * @param path JSON in the form of `core/weights/catalog.json`, which needs to hold only what differs from it; the project's
 * own when it is left out or empty
 * @throws {TypeError} if it is not of that form, with all findings
 */
export async function readCatalog(path = ""): Promise<Catalog> {
  if (path === "") return validate(SCHEMA, bundled, "read core/weights/catalog.json", "weights");
  const own = await readJson(path);
  const plain = typeof own === "object" && own !== null && !Array.isArray(own);
  return validate(SCHEMA, plain ? overlay(own) : own, `read ${path}`, "weights");
}

/**
 * The set of a name.
 *
 * @throws {TypeError} if there is none of this name
 */
export function catalogEntry(catalog: Catalog, name: string): CatalogEntry {
  if (Object.hasOwn(catalog.weights, name)) return catalog.weights[name]!;
  const names = Object.keys(catalog.weights);
  throw new GenviewTypeError(
    `Cannot find weights "${name}": there are none of this name, the nearest is "${
      nearestName(name, names)
    }" (known are ${names.join(", ")})`,
  );
}

/** Names of an entry's variants; one without a name if it has none. */
export function variantNames({ variants }: CatalogEntry): readonly string[] {
  return variants === undefined ? [""] : Object.keys(variants);
}

/**
 * Paths of a set's files, in the order in which the catalogue has them.
 *
 * @param variant name of the variant; the first if it is empty
 * @throws {TypeError} if the set has no such variant
 */
export function wantedFiles(entry: CatalogEntry, variant: string): readonly WantedFile[] {
  const { variants = {}, files } = entry;
  const names = Object.keys(variants);
  const name = variant === "" ? names[0] : variant;
  if (name !== undefined && !Object.hasOwn(variants, name)) {
    throw new GenviewTypeError(
      `Cannot take variant "${name}" of ${entry.repository}: it has ${
        names.length === 0 ? "no variants" : names.join(" and ")
      }`,
    );
  }
  const standsFor = name === undefined ? "" : variants[name]!;
  return files.map(({ paths }) => paths.map((path) => path.replaceAll("{variant}", standsFor)));
}
