import { assertEquals } from "@std/assert";
import type { Typed, ValuesOf } from "../../../core/schema/schema.ts";
import { validate } from "../../../core/schema/validate.ts";

/** Compiles where both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;

const SCHEMA = {
  type: "object",
  required: ["data"],
  properties: {
    data: { type: "string", description: "a folder", group: "Data", affects: "result" },
    epochs: { type: "integer", default: 200 },
    strict: { type: "boolean", default: false },
    schedule: { type: "string", enum: ["cosine", "step"], default: "cosine" },
    milestones: { type: "array", items: { type: "integer" }, default: [] },
    views: { type: ["string", "array"], default: "simsiam" } as Typed<string | readonly Date[]>,
    scheduled: {
      type: "object",
      default: {},
      additionalProperties: {
        type: "object",
        required: ["from"],
        properties: { from: { type: "number" }, to: { type: "number" } },
      },
    },
    seed: { type: ["integer", "null"] },
  },
} as const;

type Values = ValuesOf<typeof SCHEMA>;

Deno.test("ValuesOf: the type of each option follows from its schema", () => {
  const data: Same<Values["data"], string> = true;
  const epochs: Same<Values["epochs"], number> = true;
  const strict: Same<Values["strict"], boolean> = true;
  const schedule: Same<Values["schedule"], "cosine" | "step"> = true;
  const milestones: Same<Values["milestones"], readonly number[]> = true;
  const views: Same<Values["views"], string | readonly Date[]> = true;
  const from: Same<Values["scheduled"][string]["from"], number> = true;
  const seed: Same<Exclude<Values["seed"], undefined>, number | null> = true;
  assertEquals(
    [data, epochs, strict, schedule, milestones, views, from, seed],
    Array(8).fill(true),
  );
});

Deno.test("what has no default and is not required may be missing", () => {
  const values = validate<Values>(SCHEMA, { data: "photos" }, "train", "options");
  assertEquals(values.seed, undefined);
  assertEquals(values.epochs, 200);
});
