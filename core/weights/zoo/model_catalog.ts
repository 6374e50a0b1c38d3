/**
 * The catalogue of published checkpoints of self-supervised methods: what each is, where it lies, and what it scored.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { readJson } from "../../files/json.ts";
import { nearestName } from "../../schema/nearest_name.ts";
import type { ObjectSchema } from "../../schema/schema.ts";
import { validate } from "../../schema/validate.ts";
import bundled from "./models.json" with { type: "json" };

/** A published checkpoint; it lies on a Hugging Face hub, or at an address. */
export interface PublishedModel {
  /** Who publishes it. */
  readonly publisher: string;
  /** Method of pretraining, as its paper calls it. */
  readonly method: string;
  /** Name of the backbone. */
  readonly backbone: string;
  /** Passes over ImageNet-1k. */
  readonly epochs: number;
  /** Images in a step, on all devices together. */
  readonly batchSize: number;
  /** Top-1 accuracy of a linear probe on ImageNet-1k as the publisher states it, in percent. */
  readonly linearTop1: number;
  /** How that probe is trained, by the name of a recipe of core/evaluate; absent where it is not known. */
  readonly recipe?: string;
  /** Statistics that its images are normalised with; absent where the publisher does not say. */
  readonly normalize?: "imagenet" | "clip";
  /** Its place on the hub. */
  readonly hub?: { readonly repository: string; readonly revision: string; readonly path: string };
  /** Its address. */
  readonly url?: string;
  /** Its name on this machine, where that of the address says too little. */
  readonly file?: string;
  /** Bytes, where the publisher states them. */
  readonly size?: number;
  /** The checksum that the publisher states, of which the first digits are enough. */
  readonly checksum?: { readonly algorithm: "sha256" | "md5"; readonly digits: string };
}

/** All published checkpoints that are known. */
export interface ModelCatalog {
  /** Address of the hub. */
  readonly endpoint: string;
  /** Checkpoints by name. */
  readonly models: Readonly<Record<string, PublishedModel>>;
}

const text = { type: "string", minLength: 1 };
const count = { type: "integer", minimum: 1 };

const SCHEMA: ObjectSchema = {
  type: "object",
  additionalProperties: false,
  required: ["endpoint", "models"],
  properties: {
    endpoint: { type: "string", pattern: "^https?://[^/]+(/.*[^/])?$" },
    models: {
      type: "object",
      additionalProperties: {
        type: "object",
        additionalProperties: false,
        required: ["publisher", "method", "backbone", "epochs", "batchSize", "linearTop1"],
        oneOf: [{ required: ["hub"] }, { required: ["url"] }],
        properties: {
          publisher: text,
          method: text,
          backbone: text,
          epochs: count,
          batchSize: count,
          linearTop1: { type: "number", minimum: 0, maximum: 100 },
          recipe: text,
          normalize: { type: "string", enum: ["imagenet", "clip"] },
          hub: {
            type: "object",
            additionalProperties: false,
            required: ["repository", "revision", "path"],
            properties: { repository: text, revision: text, path: text },
          },
          url: { type: "string", pattern: "^https?://.+/[^/]+$" },
          file: { type: "string", pattern: "^[\\w.-]+$" },
          size: count,
          checksum: {
            type: "object",
            additionalProperties: false,
            required: ["algorithm", "digits"],
            properties: {
              algorithm: { type: "string", enum: ["sha256", "md5"] },
              digits: { type: "string", pattern: "^[0-9a-f]{8,64}$" },
            },
          },
        },
      },
    },
  },
};

/**
 * The catalogue that comes with the project, with the models of a file of the user's over it.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { publishedModel, readModelCatalog } from "./model_catalog.ts";
 *
 * const { method, linearTop1 } = publishedModel(await readModelCatalog(), "genview-simsiam-r50-200e");
 * assertEquals([method, linearTop1], ["SimSiam", 72.2]);
 * ```
 *
 * @param path JSON in the form of `core/weights/zoo/models.json`, whose models are added to the project's or replace
 * them; the project's own when it is left out or empty
 * @throws {TypeError} if it is not of that form, with all findings
 */
export async function readModelCatalog(path = ""): Promise<ModelCatalog> {
  if (path === "") return validate(SCHEMA, bundled, "read core/weights/zoo/models.json", "models");
  const own = await readJson(path);
  const plain = typeof own === "object" && own !== null && !Array.isArray(own);
  const added = plain && "models" in own ? own.models : {};
  const merged = plain
    ? { ...bundled, ...own, models: { ...bundled.models, ...(added as object) } }
    : own;
  return validate(SCHEMA, merged, `read ${path}`, "models");
}

/**
 * The checkpoint of a name.
 *
 * @throws {TypeError} if there is none of this name
 */
export function publishedModel(catalog: ModelCatalog, name: string): PublishedModel {
  if (Object.hasOwn(catalog.models, name)) return catalog.models[name]!;
  throw new GenviewTypeError(
    `Cannot find the model "${name}": there is none of this name, the nearest is "${
      nearestName(name, Object.keys(catalog.models))
    }"; "deno task models list" has them`,
  );
}
