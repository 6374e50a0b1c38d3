/**
 * Whether what came out of a method's thread is what was asked for: a method may run code there, and send anything.
 *
 * @module
 */
import { allocate, DTYPES } from "../../engine/graph/dtype.ts";
import { elementCount } from "../../engine/graph/shape.ts";
import type { Tensor } from "../../engine/graph/tensor.ts";
import { GenviewTypeError } from "../../errors/mod.ts";
import { lossRangeSchema } from "../../method/manifest.ts";
import { validate } from "../../schema/validate.ts";
import type { MethodFacts } from "../step/method_facts.ts";
import type { CompileRequest } from "./compile_request.ts";

const COUNT = { type: "integer", minimum: 0 };
const LENGTHS = { type: "array", items: { type: "integer", minimum: 1 }, maxItems: 8 };
const STEPS = { type: "array", items: { type: "integer" }, maxItems: 16 };

const FACTS_SCHEMA = {
  type: "object",
  additionalProperties: false,
  required: [
    "parameters",
    "fixedParameters",
    "momentumParameters",
    "embeddingWidth",
    "views",
    "unusedViews",
    "usesPairWeights",
    "scheduled",
    "hasMomentumEncoder",
    "convolutions",
  ],
  properties: {
    parameters: COUNT,
    fixedParameters: COUNT,
    momentumParameters: COUNT,
    embeddingWidth: { type: "integer", minimum: 1 },
    views: COUNT,
    unusedViews: { type: "array", items: COUNT },
    usesPairWeights: { type: "boolean" },
    scheduled: { type: "array", items: { type: "string", maxLength: 400 } },
    hasMomentumEncoder: { type: "boolean" },
    lossRange: lossRangeSchema,
    convolutions: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["dtype", "x", "w", "y", "attributes"],
        properties: {
          dtype: { enum: DTYPES },
          x: LENGTHS,
          w: LENGTHS,
          y: LENGTHS,
          attributes: {
            type: "object",
            additionalProperties: false,
            required: ["strides", "pads", "dilations", "group"],
            properties: {
              strides: STEPS,
              pads: STEPS,
              dilations: STEPS,
              group: { type: "integer", minimum: 1 },
            },
          },
        },
      },
    },
  },
};

function refuse(action: string, rule: string): never {
  throw new GenviewTypeError(`Cannot ${action}: ${rule}, found another thing`);
}

/**
 * Checks what a method's thread says of its graph.
 *
 * @param action what cannot be done with another answer, such as `build method "mine"`
 * @param elements most elements of a tensor
 * @throws {TypeError} if it is no such answer
 */
export function checkFacts(
  found: unknown,
  { viewSizes }: CompileRequest,
  action: string,
  elements: number,
): MethodFacts {
  const facts = validate<MethodFacts>(FACTS_SCHEMA, found, action, "what is known of it");
  if (facts.views !== viewSizes.length) refuse(action, "its views must be those of the run");
  for (const { x, w, y } of facts.convolutions) {
    const most = Math.max(...[x, w, y].map(elementCount));
    if (most > elements) refuse(action, `a convolution must have at most ${elements} elements`);
  }
  return facts;
}

function isTensor(value: unknown): value is Tensor {
  const { dtype, shape, data } = (value ?? {}) as Partial<Tensor>;
  if (dtype === undefined || !DTYPES.includes(dtype) || !Array.isArray(shape)) return false;
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0)) return false;
  return data !== undefined && data.constructor === allocate(dtype, 0).constructor &&
    data.buffer instanceof ArrayBuffer && data.length === elementCount(shape);
}

/**
 * Checks initial values that a method's thread drew.
 *
 * @param action what cannot be done with others, such as `build method "mine"`
 * @throws {TypeError} if they are no tensors by name
 */
export function checkWeights(found: unknown, action: string): ReadonlyMap<string, Tensor> {
  if (!(found instanceof Map)) return refuse(action, "initial values must be tensors by name");
  return new Map([...found].map(([name, value]) => {
    if (typeof name !== "string" || !isTensor(value)) {
      return refuse(action, "initial values must be tensors by name");
    }
    return [name, { dtype: value.dtype, shape: [...value.shape], data: value.data }];
  }));
}
