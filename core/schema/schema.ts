/**
 * JSON Schemas of options, and the TypeScript types of the values that meet them.
 *
 * @module
 */

/** How a change of an option affects a run that is resumed. */
export type Affects =
  /** It changes what is computed, so a run keeps it. */
  | "result"
  /** It changes what is computed, and may change to recover from a NaN loss. */
  | "remedy"
  /** It says how long the run is, and may change to lengthen it. */
  | "length"
  /** It changes nothing that is computed. */
  | "nothing";

/** A JSON Schema of one option: what is used of it here, and any other keyword of JSON Schema. */
export interface PropertySchema {
  /** Names of the JSON types that it takes. */
  readonly type?: string | readonly string[];
  /** Its value where none is given. */
  readonly default?: unknown;
  /** What it means, as `--help` shows it. */
  readonly description?: string;
  /** All values that it takes. */
  readonly enum?: readonly unknown[];
  /** Heading under which `--help` lists it. */
  readonly group?: string;
  /** How a change of it affects a run that is resumed. */
  readonly affects?: Affects;
  /** Names that it is known to take, where others are allowed too, such as paths. */
  readonly suggestions?: readonly string[];
  /** Of an object: each key may be given by itself on a command line, as `--ENTRY.KEY VALUE`. */
  readonly entry?: string;
  /** Any other keyword of JSON Schema, such as `minimum`. */
  readonly [keyword: string]: unknown;
}

/** A JSON Schema of an object whose properties have defaults. */
export interface ObjectSchema {
  /** An object is what it describes. */
  readonly type: "object";
  /** Schemas of the options by their names. */
  readonly properties: Readonly<Record<string, PropertySchema>>;
  /** Names of options that must be given. */
  readonly required?: readonly string[];
  /** Whether there may be options of other names. */
  readonly additionalProperties?: boolean;
}

/** The schema of an option whose TypeScript type says more than its keywords do: `{ … } as Typed<ViewRecipe[]>`. */
export interface Typed<Value> extends PropertySchema {
  /** Stands for the type alone; no schema has it. */
  readonly valueType?: Value;
  /** There always is one. */
  readonly default: unknown;
}

/** JSON's types by the name that schemas give them. */
interface NamedTypes {
  readonly string: string;
  readonly number: number;
  readonly integer: number;
  readonly boolean: boolean;
  readonly null: null;
}

type ArrayOf<P> = P extends { readonly items: infer Items } ? readonly ValueOf<Items>[]
  : readonly unknown[];

type RecordOf<P> = P extends ObjectSchema ? ValuesOf<P>
  : P extends { readonly additionalProperties: infer Value extends PropertySchema }
    ? Readonly<Record<string, ValueOf<Value>>>
  : Readonly<Record<string, unknown>>;

/** @internal */
type NamedValue<P, Name> = Name extends keyof NamedTypes ? NamedTypes[Name]
  : Name extends "array" ? ArrayOf<P>
  : Name extends "object" ? RecordOf<P>
  : unknown;

/** The type of the values that a property's schema allows. */
export type ValueOf<P> = "valueType" extends keyof P ? P extends Typed<infer Value> ? Value : never
  : P extends { readonly enum: readonly (infer Value)[] } ? Value
  : P extends { readonly type: readonly (infer Name)[] } ? NamedValue<P, Name>
  : P extends { readonly type: infer Name } ? NamedValue<P, Name>
  : unknown;

type Required<S extends ObjectSchema> = S extends { readonly required: readonly (infer Name)[] }
  ? Name
  : never;

/** @internal */
type Present<S extends ObjectSchema> = {
  [Name in keyof S["properties"]]: S["properties"][Name] extends { readonly default: unknown }
    ? Name
    : Name extends Required<S> ? Name
    : never;
}[keyof S["properties"]];

/**
 * The values that meet a schema, once its defaults are filled in: options with a default, and those that are required,
 * are always there.
 *
 * ```ts
 * import type { ValuesOf } from "./schema.ts";
 *
 * const schema = {
 *   type: "object",
 *   properties: {
 *     epochs: { type: "integer", default: 200 },
 *     schedule: { enum: ["cosine", "step"], default: "cosine" },
 *     seed: { type: "integer" },
 *   },
 * } as const;
 * const values: ValuesOf<typeof schema> = { epochs: 100, schedule: "step" };
 * const epochs: number = values.epochs;
 * const seed: number | undefined = values.seed;
 * ```
 */
export type ValuesOf<S extends ObjectSchema> = string extends keyof S["properties"]
  // A schema that is only known when the program runs.
  ? Readonly<Record<string, unknown>>
  :
    & { readonly [Name in Present<S>]: ValueOf<S["properties"][Name]> }
    & {
      readonly [Name in Exclude<keyof S["properties"], Present<S>>]?: ValueOf<
        S["properties"][Name]
      >;
    };
