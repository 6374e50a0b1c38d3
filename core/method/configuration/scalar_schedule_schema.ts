/**
 * The JSON Schema of a scalar's schedule.
 *
 * @module
 */
import type { PropertySchema } from "../../schema/schema.ts";

/** JSON Schema of the properties of a `ScalarSchedule`. */
const properties = {
  from: { type: "number", description: "value before it changes" },
  to: { type: "number", description: "value afterwards" },
  kind: {
    type: "string",
    enum: ["constant", "linear", "cosine", "step"],
    description: "how it changes (default cosine, or constant without to)",
  },
  epochs: {
    type: "number",
    exclusiveMinimum: 0,
    description: "epochs that the change takes (default all to the end of the run); not of a step",
  },
  startEpoch: {
    type: "number",
    minimum: 0,
    description:
      "epoch at whose start the change begins, counted from 0 (default 0); a step needs it",
  },
  per: {
    type: "string",
    enum: ["epoch", "iteration"],
    description: "how often a line or cosine moves on (default iteration)",
  },
} as const;

/** JSON Schema of a `ScalarSchedule`. */
export const scalarScheduleSchema: PropertySchema = {
  type: "object",
  additionalProperties: false,
  required: ["from"],
  properties,
};

/** The same for a scalar that must not be negative, which may also be a number that stays. */
export const numberOrScheduleSchema: PropertySchema = {
  ...scalarScheduleSchema,
  type: ["number", "object"],
  minimum: 0,
  properties: {
    ...properties,
    from: { ...properties.from, minimum: 0 },
    to: { ...properties.to, minimum: 0 },
  },
};
