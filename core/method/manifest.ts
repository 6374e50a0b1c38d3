/**
 * Manifests: what is known of a method before any of its code runs.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { configurationSchema } from "./configuration.ts";
import type { Configuration } from "./configuration.ts";
import type { ObjectSchema } from "../schema/schema.ts";
import { validate } from "../schema/validate.ts";

/** Version of the method interface that this SDK offers. */
export const API_VERSION = 1;

/** Values of the loss that a method is expected to show, drawn beside the curve. */
export interface LossRange {
  /** Lowest and highest value at random initialisation. */
  readonly random: readonly [number, number];
  /** Lowest and highest value of a healthy run towards its end. */
  readonly healthy: readonly [number, number];
  /** The value at which the method has collapsed. */
  readonly collapsed: number;
  /** What a reader should know, in a sentence. */
  readonly note: string;
}

/** The part of a manifest that types are inferred from. */
export interface ManifestLike {
  /** JSON Schema of the method's options, with defaults. */
  readonly options: {
    /** Schemas of the options by name. */
    readonly properties: Readonly<Record<string, { readonly default?: unknown }>>;
  };
}

/** The manifest of a method. */
export interface Manifest extends ManifestLike {
  /** Name by which the method is chosen, equal to its folder's. */
  readonly name: string;
  /** Version of the plugin (semantic versioning). */
  readonly version: string;
  /** Version of the method interface that the plugin was written for. */
  readonly apiVersion: number;
  /** Path of the module, relative to the manifest. */
  readonly entry: string;
  /** Name as the paper has it. */
  readonly title: string;
  /** What the method does, in a sentence. */
  readonly description: string;
  /** Address of the paper. */
  readonly paper: string;
  /** Number of views that the method takes, or the least and the most; any number when left out. */
  readonly views?: number | readonly [number, number];
  /** Whether the loss weights pairs of views by `pairWeights`; whatever the graph does when left out. */
  readonly usesPairWeights?: boolean;
  /** JSON Schema of the method's options, with defaults. */
  readonly options: ObjectSchema;
  /**
   * What the loss is expected to be; not known in advance, or told by the graph, when left out. Where the graph tells it
   * too, by options and batch, this is that of the first preset.
   */
  readonly lossRange?: LossRange;
  /** Configurations by name; the first is the default. */
  readonly presets: Readonly<Record<string, Partial<Configuration>>>;
}

/** Option values of a method, typed by the defaults in its manifest. */
export type OptionsOf<M extends ManifestLike> = {
  readonly [K in keyof M["options"]["properties"]]: M["options"]["properties"][K]["default"];
};

const pair = { type: "array", items: { type: "number" }, minItems: 2, maxItems: 2 };

/** JSON Schema of a loss range. */
export const lossRangeSchema: object = {
  type: "object",
  additionalProperties: false,
  required: ["random", "healthy", "collapsed", "note"],
  properties: {
    random: pair,
    healthy: pair,
    collapsed: { type: "number" },
    note: { type: "string" },
  },
};

/** A preset says which values differ from the defaults; help's groups and the rules of resuming are not its subject. */
const presetSchema = {
  ...configurationSchema,
  properties: Object.fromEntries(
    Object.entries(configurationSchema.properties).map((
      [name, { default: _default, group: _group, affects: _affects, ...schema }],
    ) => [name, schema]),
  ),
  required: [],
};

/** JSON Schema of a manifest, for editors and for {@linkcode parseManifest}. */
export const manifestSchema: object = {
  type: "object",
  additionalProperties: false,
  required: [
    "name",
    "version",
    "apiVersion",
    "entry",
    "title",
    "description",
    "paper",
    "options",
    "presets",
  ],
  properties: {
    $schema: { type: "string" },
    name: { type: "string", pattern: "^[a-z][a-z0-9-]*$" },
    version: { type: "string", pattern: "^\\d+\\.\\d+\\.\\d+$" },
    apiVersion: { type: "integer", minimum: 1 },
    entry: { type: "string", pattern: "^\\./" },
    title: { type: "string", minLength: 1 },
    description: { type: "string", minLength: 1 },
    paper: { type: "string" },
    views: {
      description: "number of views that the method takes, or the least and the most",
      anyOf: [
        { type: "integer", minimum: 1 },
        { ...pair, items: { type: "integer", minimum: 1 } },
      ],
    },
    usesPairWeights: {
      type: "boolean",
      description: "whether the loss weights pairs of views by pairWeights",
    },
    options: {
      type: "object",
      required: ["type", "properties"],
      properties: {
        type: { const: "object" },
        properties: {
          type: "object",
          additionalProperties: { type: "object", required: ["default", "description"] },
        },
        additionalProperties: { const: false },
      },
    },
    lossRange: lossRangeSchema,
    presets: { type: "object", minProperties: 1, additionalProperties: presetSchema },
  },
};

/**
 * A manifest from parsed JSON.
 *
 * @param source where it comes from, for errors
 * @throws {TypeError} if it is not a manifest, or was written for a newer version of the interface
 */
export function parseManifest(json: unknown, source: string): Manifest {
  const manifest = validate<Manifest>(manifestSchema, json, `load plugin "${source}"`, "manifest");
  if (manifest.apiVersion > API_VERSION) {
    throw new GenviewTypeError(
      `Cannot load plugin "${source}": it needs version ${manifest.apiVersion} of the method interface, ` +
        `found ${API_VERSION}; update genview`,
    );
  }
  return manifest;
}
