/**
 * Tables of formulations that override the heuristic, measured on a machine and kept as JSON.
 *
 * @module
 */
import { GenviewSyntaxError } from "../../../errors/mod.ts";
import { FORWARD } from "./forward.ts";
import { INPUT_GRADIENTS } from "./input_gradients.ts";
import type { ConvTuning } from "./tuning.ts";
import { WEIGHT_GRADIENTS } from "./weight_gradients.ts";

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Names of the formulations of a task; none if there is no such task. */
function knownNames(task: string): string[] {
  if (task === "forward") return Object.keys(FORWARD);
  if (task === "inputGradient") return Object.keys(INPUT_GRADIENTS);
  return task === "weightGradient" ? Object.keys(WEIGHT_GRADIENTS) : [];
}

function checkChoice(key: string, choice: unknown): void {
  if (!isRecord(choice)) {
    throw new GenviewSyntaxError(
      `Cannot read a convolution tuning: the choice of "${key}" is no object`,
    );
  }
  for (const [task, name] of Object.entries(choice)) {
    const known = knownNames(task);
    if (!known.includes(String(name))) {
      throw new GenviewSyntaxError(
        `Cannot read a convolution tuning: ${task} of "${key}" must be one of ` +
          `${known.join(", ") || "no task of that name"}, found ${JSON.stringify(name)}`,
      );
    }
  }
}

/**
 * Reads a tuning that {@linkcode formatConvTuning} wrote.
 *
 * @throws {SyntaxError} if the text is not such a tuning, or names a formulation that there is not
 */
export function parseConvTuning(text: string): ConvTuning {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value) || !isRecord(value.choices) || !Number.isInteger(value.channelBlock)) {
    throw new GenviewSyntaxError(
      "Cannot read a convolution tuning: it must have an integer channelBlock and choices",
    );
  }
  for (const [key, choice] of Object.entries(value.choices)) checkChoice(key, choice);
  return value as ConvTuning;
}

/**
 * A tuning as JSON, its choices in the order of their keys.
 *
 * @param remarks what else the text says, before the tuning
 */
export function formatConvTuning(
  { channelBlock = 1, choices = {} }: ConvTuning,
  remarks: Readonly<Record<string, unknown>> = {},
): string {
  const sorted = Object.entries(choices).sort(([a], [b]) => a < b ? -1 : 1);
  const table = { ...remarks, channelBlock, choices: Object.fromEntries(sorted) };
  return JSON.stringify(table, null, 2) + "\n";
}
