/**
 * Comparison of an optimizer with PyTorch's: what reference/optimizers.py wrote against the same steps taken here.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { rowMajorStrides } from "../../../../core/engine/graph/shape.ts";
import { type Tensor, tensor } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import {
  buildUpdate,
  type Optimizer,
  type ParameterRule,
} from "../../../../core/engine/optim/mod.ts";
import { readSafetensors } from "../../../../core/weights/safetensors.ts";
import { asType, UpdateRun } from "./update_run.ts";

interface Golden {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly rules: readonly ParameterRule[];
  readonly clipGradientNorm: number | null;
  readonly clipGradientPer?: "parameter";
  /** A parameter that has no gradient in some steps. */
  readonly frozen?: { readonly name: string; readonly steps: readonly number[] };
  readonly tensors: ReadonlyMap<string, Tensor>;
}

async function readGolden(name: string): Promise<Golden> {
  const path = new URL(`../../../../fixtures/golden/optim_${name}`, import.meta.url).pathname;
  const { tensors } = await readSafetensors(`${path}.safetensors`);
  return { ...JSON.parse(await Deno.readTextFile(`${path}.json`)), tensors };
}

/** What a tensor that was kept at each step held at one of them. */
function at({ tensors }: Golden, name: string, step: number): Tensor<"float64"> {
  const all = tensors.get(name) as Tensor<"float64">;
  const length = rowMajorStrides(all.shape)[0]!;
  const data = all.data.slice(step * length, (step + 1) * length);
  return tensor("float64", all.shape.slice(1), data);
}

function scalarOf(value: boolean): Tensor<"bool"> {
  return tensor("bool", [], Uint8Array.of(Number(value)));
}

function assertClose(what: string, actual: Tensor, expected: Tensor, tolerance: number): void {
  const values = actual.data as Float64Array;
  expected.data.forEach((wanted, i) => {
    const error = Math.abs(values[i]! - Number(wanted)) / Math.max(1, Math.abs(Number(wanted)));
    assert(error <= tolerance, `${what}[${i}] must be ${wanted}, found ${values[i]}`);
  });
}

/**
 * Takes the steps of a golden in an element type, with PyTorch's gradients, and compares parameters, slots, averages and
 * norms after each.
 */
export async function assertFollows(
  name: string,
  optimizer: Optimizer,
  precision: { readonly dtype: "float32" | "float64"; readonly tolerance: number },
): Promise<void> {
  // Each tensor by itself; packed, in pieces that end within tensors; packed, in one piece.
  for (const pieceLength of [0, 64, 1 << 20]) {
    await assertFollowsIn(pieceLength, name, optimizer, precision);
  }
}

async function assertFollowsIn(
  pieceLength: number,
  name: string,
  optimizer: Optimizer,
  { dtype, tolerance }: { readonly dtype: "float32" | "float64"; readonly tolerance: number },
): Promise<void> {
  const golden = await readGolden(name);
  const prefix = "gradient.";
  const names = [...golden.tensors.keys()].filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length)).sort();
  const initial = Object.fromEntries(
    names.map((key) => [key, asType(at(golden, `parameter.${key}`, 0), dtype)]),
  );
  const averages = names.map((source) => ({
    target: input(`average.${source}`, dtype, initial[source]!.shape),
    source,
  }));
  const update = buildUpdate({
    parameters: names.map((key) => input(key, dtype, initial[key]!.shape)),
    optimizer,
    rules: golden.rules,
    weightDecay: golden.weightDecay > 0,
    ...(golden.clipGradientNorm === null ? {} : { clipGradientNorm: golden.clipGradientNorm }),
    ...(golden.clipGradientPer && { clipGradientPer: golden.clipGradientPer }),
    gradientNorm: true,
    exponentialMovingAverages: averages,
    frozen: new Set(golden.frozen && [golden.frozen.name]),
    pieceLength,
  });
  assertEquals(update.warnings, []);

  using run = await UpdateRun.create(update, {
    ...initial,
    ...Object.fromEntries(averages.map(({ source }) => [`average.${source}`, initial[source]!])),
  });
  const steps = golden.tensors.get("learning_rate")!.shape[0]!;
  for (let step = 0; step < steps; step++) {
    const number = (key: string) => at(golden, key, step).data[0]!;
    const gradients = names.map((key) =>
      [key, asType(at(golden, prefix + key, step), dtype)] as const
    );
    if (golden.frozen) {
      run.write(`frozen.${golden.frozen.name}`, scalarOf(golden.frozen.steps.includes(step)));
    }
    await run.step(Object.fromEntries(gradients), {
      learning_rate: number("learning_rate"),
      fixed_learning_rate: golden.learningRate,
      weight_decay: golden.weightDecay,
      average_rate: number("average_momentum"),
      ...optimizer.stepScalars(step),
    });
    const updated = [
      ...names,
      ...update.slots.map((slot) => slot.name),
      ...averages.map(({ source }) => `average.${source}`),
    ];
    for (const name of updated) {
      // What PyTorch calls `step`; it shows in the corrections of the bias.
      if (name.startsWith("updates.")) continue;
      const expected = names.includes(name)
        ? at(golden, `parameter.${name}`, step + 1)
        : at(golden, name, step);
      assertClose(`${name} after step ${step}`, run.read(name), expected, tolerance);
    }
    const norm = at(golden, "gradient_norm", step);
    assertClose(`gradient_norm of step ${step}`, run.read("gradient_norm"), norm, tolerance);
  }
}
