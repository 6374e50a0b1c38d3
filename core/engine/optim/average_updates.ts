/**
 * The moving averages of an update: whose they are, and how they move.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import { formatType, sameType } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import type { ScalarInputs } from "./_scalar_inputs.ts";
import type { InPlaceUpdate } from "./in_place.ts";
import { movingAverage } from "./moving_average.ts";
import type { UpdateUnit } from "./pack_update.ts";

/** A moving average of a parameter. */
export interface ExponentialMovingAverage {
  /** The input that declares the average, such as `momentum_encoder.backbone.conv1.weight`. */
  readonly target: Value;
  /** Name of the trained parameter that it follows. */
  readonly source: string;
}

/** Something that a step changes, under the name of its input. */
export interface NamedUpdate extends InPlaceUpdate {
  /** That name. */
  readonly name: string;
}

/** Name of an input. */
export function inputName({ source, type }: Value): string {
  if (source.kind === "input") return source.name;
  throw new GenviewTypeError(
    `Cannot build an update: a parameter must be an input, found a ${formatType(type)}`,
  );
}

/** The inputs that declare the averages of each parameter, by its name. */
export function averagesByParameter(
  parameters: ReadonlyMap<string, Value>,
  averages: readonly ExponentialMovingAverage[],
): ReadonlyMap<string, readonly Value[]> {
  for (const { target, source } of averages) {
    const name = inputName(target);
    const parameter = parameters.get(source);
    if (parameter === undefined) {
      throw new GenviewTypeError(
        `Cannot average "${name}": it must follow a trained parameter, found "${source}"`,
      );
    }
    if (sameType(target.type, parameter.type)) continue;
    throw new GenviewTypeError(
      `Cannot average "${name}": it must be a ${formatType(parameter.type)} as "${source}" is, ` +
        `found ${formatType(target.type)}`,
    );
  }
  const bySource = Map.groupBy(averages, ({ source }) => source);
  return new Map([...bySource].map(([source, all]) => [source, all.map(({ target }) => target)]));
}

/** The updates of the moving averages, which read the parameters after their update. */
export function averageUpdates(
  units: readonly UpdateUnit[],
  updates: readonly NamedUpdate[],
  scalars: ScalarInputs,
): NamedUpdate[] {
  const updated = new Map(updates.map(({ name, output }) => [name, output]));
  return units.flatMap(({ name, averages }) =>
    averages.map((target) => ({
      name: inputName(target),
      input: target,
      output: movingAverage(target, updated.get(name)!, scalars.get("average_rate")),
    }))
  );
}
