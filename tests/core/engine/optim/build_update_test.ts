import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { nodesLeadingTo } from "../../../../core/engine/graph/node.ts";
import { elementCount } from "../../../../core/engine/graph/shape.ts";
import { filled, float32, type Tensor, tensor } from "../../../../core/engine/graph/tensor.ts";
import { input, scalar, type Value } from "../../../../core/engine/graph/value.ts";
import { encodeModel } from "../../../../core/engine/onnx/mod.ts";
import {
  adamW,
  buildUpdate,
  type ExponentialMovingAverage,
  lars,
  type Optimizer,
  sgd,
  type UpdateGraph,
  type UpdateOptions,
} from "../../../../core/engine/optim/mod.ts";
import { add } from "../../../../core/engine/ops/add.ts";
import { div } from "../../../../core/engine/ops/div.ts";
import { mul } from "../../../../core/engine/ops/mul.ts";
import { reduceL2 } from "../../../../core/engine/ops/reduce_l2.ts";
import { UpdateRun } from "./update_run.ts";

const matrix = input("fc.weight", "float32", [2, 3]);
const vector = input("fc.bias", "float32", [3]);

const OPTIMIZERS: Readonly<Record<string, Optimizer>> = {
  "SGD": sgd(),
  "SGD without momentum": sgd({ momentum: 0 }),
  "SGD with Nesterov's momentum": sgd({ nesterov: true }),
  "LARS": lars(),
  "LARS of MoCo v3": lars({ variant: "moco-v3" }),
  "LARC": lars({ variant: "larc" }),
  "LARC with clipping": lars({ variant: "larc-clip" }),
  "AdamW": adamW(),
};

/** The average of a parameter, under a name. */
function averageOf(parameter: Value, name = "average"): ExponentialMovingAverage {
  const { source } = parameter;
  if (source.kind !== "input") throw new TypeError("A parameter is an input");
  return { target: input(name, parameter.dtype, parameter.shape), source: source.name };
}

function build(options: Partial<UpdateOptions> = {}): UpdateGraph {
  return buildUpdate({ parameters: [matrix, vector], optimizer: sgd(), ...options });
}

/** Values around 1 that a phase determines. */
function wave(phase: number, shape: readonly number[]): Tensor<"float32"> {
  const value = (_: unknown, i: number) => 1 + 0.5 * Math.sin(0.37 * i + phase);
  return float32(shape, Array.from({ length: elementCount(shape) }, value));
}

/** Nodes that read or write a tensor of more than one element. */
function passes(update: UpdateGraph): number {
  const large = (value: Value) => elementCount(value.shape) > 1;
  const nodes = nodesLeadingTo(Object.values(update.outputs), true);
  return nodes.filter(({ inputs, outputs }) =>
    [...Object.values(inputs), ...Object.values(outputs)].some((value) => value && large(value))
  ).length;
}

Deno.test("buildUpdate() names inputs and outputs after the parameters", () => {
  const update = build({
    optimizer: adamW(),
    rules: [{ pattern: "bias", fixedLearningRate: true, weightDecayScale: 0 }],
    clipGradientNorm: 1,
    exponentialMovingAverages: [averageOf(matrix, "average.weight")],
  });
  const updated = [
    ["fc.weight", "first_moment.fc.weight", "second_moment.fc.weight"],
    ["fc.bias", "first_moment.fc.bias", "second_moment.fc.bias"],
    ["average.weight"],
  ].flat();
  const scalars = [
    "learning_rate",
    "weight_decay",
    "step_scale",
    "step_epsilon",
    "fixed_learning_rate",
    "average_rate",
  ];
  assertEquals(update.updated.map(({ name }) => name), updated);
  assertEquals(update.scalars, scalars);
  assertEquals(
    update.inputs.map(({ source }) => source.kind === "input" && source.name),
    [...updated, "gradient.fc.weight", "gradient.fc.bias", ...scalars],
  );
  const outputs = [...updated.map((name) => `next.${name}`), "gradient_norm"];
  assertEquals(Object.keys(update.outputs), outputs);
  assertEquals(update.slots[0], {
    name: "first_moment.fc.weight",
    type: { dtype: "float32", shape: [2, 3] },
    initial: 0,
  });
  assertEquals(update.slots.length, 4);
});

Deno.test("buildUpdate() takes the passes that its optimizer documents", () => {
  const counted = Object.fromEntries(
    Object.entries(OPTIMIZERS).map(([name, optimizer]) => [
      name,
      [true, false].map((weightDecay) =>
        passes(build({ parameters: [matrix], optimizer, weightDecay }))
      ),
    ]),
  );
  assertEquals(counted, {
    "SGD": [6, 4],
    "SGD without momentum": [4, 2],
    "SGD with Nesterov's momentum": [8, 6],
    "LARS": [10, 8],
    "LARS of MoCo v3": [11, 9],
    "LARC": [11, 9],
    "LARC with clipping": [11, 9],
    "AdamW": [13, 12],
  });
});

for (const [name, optimizer] of Object.entries(OPTIMIZERS)) {
  Deno.test(`buildUpdate() may write over what it replaces: ${name}`, async () => {
    const shapes = { "fc.weight": [120, 500], "fc.bias": [500], "scale": [1] };
    const parameters = Object.entries(shapes).map(([key, shape]) => input(key, "float32", shape));
    const update = buildUpdate({
      parameters,
      optimizer,
      clipGradientNorm: 100,
      lossScaling: true,
      exponentialMovingAverages: [averageOf(parameters[0]!)],
      constraints: new Map([["fc.weight", (x: Value) => mul(x, div(400, reduceL2(x)))]]),
      frozen: new Set(["fc.weight", "scale"]),
    });
    const initial: Record<string, Tensor> = { average: filled("float32", [120, 500], 0) };
    for (const [key, shape] of Object.entries(shapes)) initial[key] = wave(shape.length, shape);
    using apart = await UpdateRun.create(update, initial, { inPlace: false, threads: 2 });
    using inPlace = await UpdateRun.create(update, initial, { threads: 2 });
    for (let step = 0; step < 5; step++) {
      const gradients = Object.fromEntries(
        Object.entries(shapes).map(([key, shape]) => [key, wave(10 + step, shape)]),
      );
      const scalars = {
        learning_rate: 0.1,
        weight_decay: 0.01,
        inverse_loss_scale: 0.5,
        average_rate: 0.3,
        ...optimizer.stepScalars(step),
      };
      for (const run of [apart, inPlace]) run.write("frozen.fc.weight", flag(step === 2));
      await apart.step(gradients, scalars);
      await inPlace.step(gradients, scalars);
    }
    for (const key of [...update.updated.map((each) => each.name), "gradient_norm"]) {
      const [expected, actual] = [apart.read(key).data, inPlace.read(key).data];
      assertEquals(actual.findIndex((value, i) => value !== expected[i]), -1, key);
    }
  });
}

const SCALARS = { learning_rate: 0.1, weight_decay: 0, average_rate: 0.5 };

Deno.test("buildUpdate() leaves parameters and slots as they are when a gradient is not finite", async () => {
  const update = build({
    parameters: [vector],
    skipNonFinite: true,
    exponentialMovingAverages: [averageOf(vector)],
  });
  using run = await UpdateRun.create(update, { "fc.bias": float32([3], [1, 2, 3]) });
  await run.step({ "fc.bias": float32([3], [1, 1, 1]) }, SCALARS);
  const before = ["fc.bias", "momentum.fc.bias"].map((name) => run.read(name));
  assertEquals(run.read("finite").data, Uint8Array.of(1));
  for (const wrong of [NaN, Infinity, -Infinity]) {
    await run.step({ "fc.bias": float32([3], [1, wrong, 1]) }, SCALARS);
    assertEquals(["fc.bias", "momentum.fc.bias"].map((name) => run.read(name)), before);
    assertEquals(run.read("finite").data, Uint8Array.of(0));
  }
  // The average goes on, as mmengine's does.
  assert(run.read("average").data[0]! > 0.84);
  await run.step({ "fc.bias": float32([3], [1, 1, 1]) }, SCALARS);
  assertEquals(run.read("momentum.fc.bias"), float32([3], [1.9, 1.9, 1.9]));
});

Deno.test("buildUpdate() takes the scale of the loss out of gradients and their norm", async () => {
  const gradient = float32([3], [0.5, -1, 2]);
  const scaled = float32([3], Array.from(gradient.data, (value) => value * 65536));
  const initial = { "fc.bias": float32([3], [1, 2, 3]) };
  const options = { parameters: [vector], gradientNorm: true, clipGradientNorm: 1 };
  using plain = await UpdateRun.create(build(options), initial);
  using scaling = await UpdateRun.create(build({ ...options, lossScaling: true }), initial);
  await plain.step({ "fc.bias": gradient }, SCALARS);
  await scaling.step({ "fc.bias": scaled }, { ...SCALARS, inverse_loss_scale: 1 / 65536 });
  assertEquals(scaling.read("gradient_norm"), plain.read("gradient_norm"));
  assertEquals(scaling.read("fc.bias"), plain.read("fc.bias"));
});

Deno.test("buildUpdate() copies a parameter exactly into an average of momentum 1", async () => {
  const update = build({
    parameters: [vector],
    exponentialMovingAverages: [averageOf(vector)],
  });
  const initial = {
    "fc.bias": float32([3], [0.1, 1e-8, 3]),
    "average": float32([3], [5e7, 0.3, -0.7]),
  };
  using run = await UpdateRun.create(update, initial);
  await run.step({ "fc.bias": float32([3], [1, 1, 1]) }, { ...SCALARS, average_rate: 1 });
  assertEquals(run.read("average"), run.read("fc.bias"));
});

Deno.test("buildUpdate() puts parameters under their constraints before they are averaged", async () => {
  const update = build({
    parameters: [vector],
    exponentialMovingAverages: [averageOf(vector)],
    constraints: new Map([["fc.bias", (x: Value) => div(x, reduceL2(x))]]),
  });
  using run = await UpdateRun.create(update, { "fc.bias": float32([3], [3, 0, 4]) });
  const zero = float32([3], [0, 0, 0]);
  await run.step({ "fc.bias": zero }, { ...SCALARS, average_rate: 1 });
  assertEquals(run.read("fc.bias"), float32([3], [0.6, 0, 0.8]));
  assertEquals(run.read("average"), float32([3], [0.6, 0, 0.8]));
});

Deno.test("buildUpdate() passes on warnings of rules that no parameter follows", () => {
  assertEquals(build({ rules: [{ pattern: "bn" }] }).warnings.length, 1);
});

Deno.test("buildUpdate() refuses parameters that are none", () => {
  assertThrows(() => build({ parameters: [] }), TypeError, "found none");
  assertThrows(() => build({ parameters: [add(matrix, 1)] }), TypeError, "must be an input");
  assertThrows(() => build({ parameters: [scalar(1)] }), TypeError, "must be an input");
  assertThrows(
    () => build({ parameters: [matrix, input("half", "float16", [2])] }),
    TypeError,
    'must be all float32 or all float64, found "half" float16[2]',
  );
  assertThrows(() => build({ parameters: [matrix, matrix] }), TypeError, 'named "fc.weight"');
});

Deno.test("buildUpdate() refuses averages and constraints that do not fit", () => {
  const average = (target: string, source: string) => () =>
    build({
      exponentialMovingAverages: [{ target: input(target, "float32", [2, 3]), source }],
    });
  assertThrows(average("average", "fc"), TypeError, 'follow a trained parameter, found "fc"');
  assertThrows(average("fc.bias", "fc.weight"), TypeError, 'two inputs would be named "fc.bias"');
  assertThrows(
    average("average", "fc.bias"),
    TypeError,
    'it must be a float32[3] as "fc.bias" is, found float32[2,3]',
  );
  const constraint = (name: string, rule: (x: Value) => Value) => () =>
    build({ constraints: new Map([[name, rule]]) });
  assertThrows(constraint("fc", (x) => x), TypeError, 'must be on a trained parameter, found "fc"');
  assertThrows(
    constraint("fc.bias", (x) => reduceL2(x)),
    TypeError,
    'the constraint on "fc.bias" must give a float32[3], found float32[]',
  );
  assertThrows(
    constraint("fc.bias", (x) => mul(x, reduceL2(matrix))),
    TypeError,
    'may read "fc.weight" after its update',
  );
});

Deno.test("buildUpdate() refuses to clip to nothing", () => {
  assertThrows(() => build({ clipGradientNorm: 0 }), RangeError, "must be above 0, found 0");
});

/** A boolean scalar. */
function flag(value: boolean): Tensor<"bool"> {
  return tensor("bool", [], Uint8Array.of(Number(value)));
}

Deno.test("buildUpdate() adds nothing to the update of parameters that are never frozen", () => {
  for (const [name, optimizer] of Object.entries(OPTIMIZERS)) {
    const options = { optimizer, clipGradientNorm: 1, gradientNorm: true };
    const model = (more: Partial<UpdateOptions>) =>
      encodeModel({ outputs: build({ ...options, ...more }).outputs });
    assertEquals(model({ frozen: new Set() }), model({}), name);
    const beside = passes(build({ ...options, frozen: new Set(["fc.bias"]) }));
    const freed = passes(build({ ...options, frozen: new Set(["fc.weight", "fc.bias"]) }));
    const slots = Object.keys(optimizer.slots(matrix.type)).length;
    assertEquals(freed - beside, 1 + slots, `${name}: one pass for each tensor that may stay`);
  }
});

Deno.test("buildUpdate() lets constraints act on a frozen parameter, and averages follow it", async () => {
  const update = build({
    parameters: [vector],
    exponentialMovingAverages: [averageOf(vector)],
    constraints: new Map([["fc.bias", (x: Value) => div(x, reduceL2(x))]]),
    frozen: new Set(["fc.bias"]),
  });
  assertEquals(update.scalars.includes("frozen.fc.bias"), false);
  using run = await UpdateRun.create(update, {
    "fc.bias": float32([3], [3, 0, 4]),
    "momentum.fc.bias": float32([3], [1, 2, 3]),
  });
  run.write("frozen.fc.bias", flag(true));
  // What the gradient is does not matter.
  const gradient = { "fc.bias": float32([3], [NaN, Infinity, 1]) };
  await run.step(gradient, { ...SCALARS, weight_decay: 1, average_rate: 1 });
  assertEquals(run.read("fc.bias"), float32([3], [0.6, 0, 0.8]));
  assertEquals(run.read("average"), float32([3], [0.6, 0, 0.8]));
  assertEquals(run.read("momentum.fc.bias"), float32([3], [1, 2, 3]));
});

Deno.test("buildUpdate() counts no frozen gradient in the norm, nor for whether it is finite", async () => {
  const other = input("fc.scale", "float32", [3]);
  const update = build({
    parameters: [vector, other],
    frozen: new Set(["fc.bias"]),
    clipGradientNorm: 1,
    skipNonFinite: true,
  });
  using run = await UpdateRun.create(update, {
    "fc.bias": float32([3], [1, 1, 1]),
    "fc.scale": float32([3], [1, 1, 1]),
  });
  const gradients = {
    "fc.bias": float32([3], [NaN, 0, 0]),
    "fc.scale": float32([3], [0.3, 0, 0.4]),
  };
  run.write("frozen.fc.bias", flag(true));
  await run.step(gradients, SCALARS);
  assertEquals(run.read("gradient_norm").data, Float32Array.of(0.5));
  assertEquals(run.read("finite").data, Uint8Array.of(1));
  assertEquals(run.read("momentum.fc.scale"), gradients["fc.scale"]);
  run.write("frozen.fc.bias", flag(false));
  await run.step(gradients, SCALARS);
  assertEquals(run.read("finite").data, Uint8Array.of(0));
  await run.step({ ...gradients, "fc.bias": float32([3], [0, 0, 1.2]) }, SCALARS);
  assertAlmostEquals(run.read("gradient_norm").data[0] as number, 1.3, 1e-6);
});

Deno.test("buildUpdate() freezes only what is trained", () => {
  assertThrows(
    () => build({ frozen: new Set(["fc.bia"]) }),
    TypeError,
    'only a trained parameter can be frozen, found "fc.bia"',
  );
});
