/**
 * Data sets of images of one colour each, and a small backbone that tells them apart.
 *
 * @module
 */
import {
  type Dataset,
  datasetOf,
  type EvaluationRecipe,
  evaluationRecipe,
  type ImageSource,
} from "../../../core/data/mod.ts";
import { CPU, DeviceTensor } from "../../../core/engine/ort/mod.ts";
import type { PlacedBackbone } from "../../../core/evaluate/evaluate_backbone.ts";
import { buildFeatureGraph } from "../../../core/encoders/feature_extractor.ts";
import { hashedParameters } from "../engine/nn/hashed_values.ts";
import { SIZE, smallBackbone } from "../train/small_methods.ts";

export const RECIPE: EvaluationRecipe = evaluationRecipe(SIZE, {
  mean: [0.5, 0.5, 0.5],
  std: [0.25, 0.25, 0.25],
});

export type Color = readonly [number, number, number];

const COLORS: Readonly<Record<string, Color>> = {
  red: [255, 0, 0],
  green: [0, 255, 0],
  blue: [0, 0, 255],
};

/** An image of a colour. */
export function colored(name: string, color: Color): ImageSource {
  const data = Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, i) => color[i % 3]!);
  return {
    kind: "rendered",
    name,
    render: () => Promise.resolve({ width: SIZE, height: SIZE, data }),
  };
}

/**
 * Images of classes that are called by their colour, `each` of every class.
 *
 * @param named whether the data set names its classes
 */
export function colors(
  name: string,
  classes: readonly string[],
  { each = 2, named = true }: { readonly each?: number; readonly named?: boolean } = {},
): Dataset {
  return datasetOf(name, classes.length * each, (index) => {
    const label = Math.floor(index / each);
    const source = colored(`${name}/${index}`, COLORS[classes[label]!] ?? [90, 90, 90]);
    return { key: String(index), source, label };
  }, named ? classes : undefined);
}

/** A small backbone of hashed weights on the CPU; disposed with the stack. */
export function placedBackbone(stack: DisposableStack): PlacedBackbone {
  const { scope } = buildFeatureGraph({
    backbone: smallBackbone,
    size: SIZE,
    batchSize: 1,
    normalize: RECIPE.normalize,
    device: CPU,
  });
  const values = Object.entries(hashedParameters(scope));
  const weights = new Map(
    values.map(([name, value]) => [name, stack.use(DeviceTensor.from(value))]),
  );
  return { backbone: smallBackbone, device: CPU, weights };
}
