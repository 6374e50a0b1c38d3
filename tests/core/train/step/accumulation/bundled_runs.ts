/**
 * The bundled methods at a small size.
 *
 * @module
 */
import { viewRecipes } from "../../../../../core/data/views/named_views.ts";
import type { LoadedMethod } from "../../../../../core/method/load.ts";
import {
  presetOf,
  resolveConfiguration,
} from "../../../../../core/method/resolve_configuration.ts";
import { SIZE, smallBackbone } from "../../small_methods.ts";
import type { SmallRun } from "./small_accumulation.ts";

/** Widths, prototypes and queues of a method, at most so many. */
const LARGEST = 16;

/** A method at a small size, with its first preset's options and number of views. */
export function bundledRun(method: LoadedMethod): SmallRun {
  const configuration = resolveConfiguration(presetOf(method.manifest, undefined));
  const given = { ...method.manifest.options.properties, ...configuration.options };
  const options = Object.entries(given).flatMap(([name, value]) => {
    const number = typeof value === "number" ? value : (value as { default?: unknown }).default;
    return Number.isInteger(number) && Number(number) > 2 * LARGEST ? [[name, LARGEST]] : [];
  });
  const views = viewRecipes({ ...configuration, imageSize: 32 });
  const shared = ["learning_rate", "weight_decay", "average_rate", "scheduled.temperature"];
  const scheduled = Object.keys(configuration.scheduled).map((name) => `scheduled.${name}`);
  return {
    method,
    backbone: smallBackbone,
    viewSizes: views.map(() => SIZE),
    methodOptions: { ...configuration.options, ...Object.fromEntries(options) },
    scalars: Object.fromEntries([...shared, ...scheduled].map((name) => [name, 0.05])),
  };
}
