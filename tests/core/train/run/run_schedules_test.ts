import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { input } from "../../../../core/engine/graph/value.ts";
import { encodeModel } from "../../../../core/engine/onnx/mod.ts";
import { buildUpdate } from "../../../../core/engine/optim/mod.ts";
import {
  type Configuration,
  DEFAULT_CONFIGURATION,
} from "../../../../core/method/configuration.ts";
import { presetOf, resolveConfiguration } from "../../../../core/method/resolve_configuration.ts";
import { parseManifest } from "../../../../core/method/manifest.ts";
import { optimizerOf, runSchedules } from "../../../../core/train/run/run_schedules.ts";
import manifest from "../../../../plugins/simsiam/manifest.json" with { type: "json" };

/** Steps in an epoch of ImageNet at batch 256. */
const STEPS = 5004;

function configurationOf(changes: Partial<Configuration>): Configuration {
  return resolveConfiguration({ baseBatchSize: 0, ...changes });
}

function assertRate(
  rates: (step: number) => Readonly<Record<string, number>>,
  step: number,
  expected: number,
): void {
  assertAlmostEquals(rates(step)["learning_rate"]!, expected, 1e-6 * expected);
}

Deno.test("runSchedules() gives SimSiam's published learning rates by epoch, the predictor's constant", () => {
  const configuration = resolveConfiguration(presetOf(parseManifest(manifest, "simsiam")));
  const { epochs } = configuration;
  const rates = runSchedules(configuration, { totalSteps: epochs * STEPS, stepsPerEpoch: STEPS });
  assertRate(rates, 0, 0.05);
  assertRate(rates, STEPS - 1, 0.05);
  assertRate(rates, STEPS, 0.04999692);
  assertRate(rates, 100 * STEPS, 0.025);
  assertRate(rates, 199 * STEPS, 3.084188e-6);
  assertEquals(rates(150 * STEPS)["fixed_learning_rate"], 0.05);
  assertEquals(rates(150 * STEPS)["weight_decay"], 1e-4);
});

Deno.test("runSchedules() gives MoCo v3's published learning rates by iteration after a warm-up", () => {
  const rates = runSchedules(
    configurationOf({
      optimizer: "lars",
      learningRate: 9.6,
      epochs: 100,
      warmupEpochs: 10,
      schedulePer: "iteration",
    }),
    { totalSteps: 31200, stepsPerEpoch: 312 },
  );
  assertRate(rates, 0, 9.6e-4);
  assertRate(rates, 311, 0.95809416);
  assertRate(rates, 3120, 9.6);
  assertRate(rates, 17160, 4.8);
});

Deno.test("runSchedules() scales both learning rates with the batch size", () => {
  const rates = runSchedules(
    configurationOf({ learningRate: 0.05, batchSize: 512, baseBatchSize: 256 }),
    { totalSteps: 10, stepsPerEpoch: 10 },
  );
  assertEquals(rates(0)["learning_rate"], 0.1);
  assertEquals(rates(0)["fixed_learning_rate"], 0.1);
});

Deno.test("runSchedules() divides by 10 at the milestones of the step schedule, and not before", () => {
  const rates = runSchedules(
    configurationOf({ schedule: "step", milestones: [2, 3], learningRate: 1, epochs: 4 }),
    { totalSteps: 40, stepsPerEpoch: 10 },
  );
  assertEquals([0, 19, 20, 30].map((step) => rates(step)["learning_rate"]!.toFixed(4)), [
    "1.0000",
    "1.0000",
    "0.1000",
    "0.0100",
  ]);
  const constant = runSchedules(
    configurationOf({ schedule: "constant", learningRate: 1 }),
    { totalSteps: 40, stepsPerEpoch: 10 },
  );
  assertEquals(constant(39)["learning_rate"], 1);
});

Deno.test("runSchedules() feeds the method's scalars, and the averages the momentum of the next step", () => {
  const scheduled = { encoderMomentum: { from: 0.99, to: 1 }, temperature: { from: 0.2 } };
  const rates = runSchedules(configurationOf({ scheduled }), {
    totalSteps: 1000,
    stepsPerEpoch: 100,
  });
  const first = rates(0);
  assertEquals(first["scheduled.temperature"], 0.2);
  assertAlmostEquals(first["scheduled.encoderMomentum"]!, 0.99, 1e-12);
  // 1 - momentum as mmengine's CosineEMA has it at iterations 1, 250 and 1000.
  assertAlmostEquals(first["average_rate"]!, 0.00999997533, 1e-11);
  assertAlmostEquals(rates(249)["average_rate"]!, 0.00853553391, 1e-11);
  assertAlmostEquals(rates(999)["average_rate"]!, 0, 1e-12);
});

Deno.test("runSchedules() feeds no average where the method has no momentum encoder", () => {
  const scalars = runSchedules(DEFAULT_CONFIGURATION, { totalSteps: 10, stepsPerEpoch: 5 })(0);
  assert(!("average_rate" in scalars));
});

Deno.test("optimizerOf() gives each optimizer the slots that it needs", () => {
  const type = { dtype: "float32", shape: [2] } as const;
  const slots = (changes: Partial<Configuration>) =>
    Object.keys(optimizerOf(configurationOf(changes)).slots(type)).length;
  assertEquals(slots({ optimizer: "sgd" }), 1);
  assertEquals(slots({ optimizer: "sgd", momentum: 0 }), 0);
  assertEquals(slots({ optimizer: "lars" }), 1);
  assertEquals(slots({ optimizer: "adamw" }), 2);
});

Deno.test("runSchedules() scales the final learning rate as it scales the first", () => {
  const rates = runSchedules(
    configurationOf({
      ...{ learningRate: 0.6, minimumLearningRate: 6e-4, batchSize: 64, baseBatchSize: 256 },
      schedulePer: "iteration",
    }),
    { totalSteps: 10, stepsPerEpoch: 10 },
  );
  assertAlmostEquals(rates(0)["learning_rate"]!, 0.15, 1e-12);
  assertAlmostEquals(rates(10)["learning_rate"]!, 1.5e-4, 1e-12);
});

Deno.test("runSchedules() warms up from a share of the learning rate, by iteration or by epoch", () => {
  const run = { totalSteps: 40, stepsPerEpoch: 2 };
  const warmingUp = { learningRate: 1, warmupEpochs: 3, warmupStartFactor: 0.5 };
  const course = (changes: Partial<Configuration>) => {
    const rates = runSchedules(configurationOf({ ...warmingUp, ...changes }), run);
    return [0, 1, 2, 3, 4, 5].map((step) => Number(rates(step)["learning_rate"]!.toFixed(9)));
  };
  assertEquals(course({}), [0.5, 0.6, 0.7, 0.8, 0.9, 1]);
  assertEquals(course({ warmupPer: "epoch" }), [0.5, 0.5, 0.75, 0.75, 1, 1]);
  assertEquals(course({ warmupStartFactor: 0 })[0], 0);
});

Deno.test("runSchedules() feeds the steps taken and the epochs begun before", () => {
  const rates = runSchedules(DEFAULT_CONFIGURATION, { totalSteps: 12, stepsPerEpoch: 4 });
  assertEquals([0, 3, 4, 11].map((step) => [rates(step)["step"], rates(step)["epoch"]]), [
    [0, 0],
    [3, 0],
    [4, 1],
    [11, 2],
  ]);
});

Deno.test("runSchedules() names the schedule that does not fit", () => {
  const run = { totalSteps: 12, stepsPerEpoch: 4 };
  assertThrows(
    () => runSchedules(configurationOf({ weightDecay: { from: 1, kind: "linear" } }), run),
    RangeError,
    "Cannot use --weight-decay: Cannot make a schedule: a linear schedule must have a value",
  );
  const scheduled = { temperature: { from: 0.1, epochs: 3 } };
  assertThrows(
    () => runSchedules(configurationOf({ scheduled }), run),
    RangeError,
    'Cannot use --scheduled "temperature": Cannot make a schedule: a constant schedule must',
  );
});

Deno.test("optimizerOf() passes on the variant, the trust coefficient, the betas and epsilon", () => {
  const scalars = optimizerOf(
    configurationOf({ optimizer: "adamw", beta1: 0.5, beta2: 0.75, epsilon: 1e-3 }),
  ).stepScalars(0);
  assertAlmostEquals(scalars["step_scale"]!, 1, 1e-12);
  assertAlmostEquals(scalars["step_epsilon"]!, 5e-4, 1e-12);
  const model = (changes: Partial<Configuration>) =>
    encodeModel({
      outputs: buildUpdate({
        parameters: [input("weight", "float32", [2, 3])],
        optimizer: optimizerOf(configurationOf({ optimizer: "lars", ...changes })),
      }).outputs,
    });
  const models = [
    model({}),
    model({ larsVariant: "moco-v3" }),
    model({ larsVariant: "larc" }),
    model({ larsVariant: "larc-clip" }),
    model({ eta: 0.02 }),
    model({ epsilon: 1e-3 }),
    model({ momentum: 0.5 }),
  ].map(String);
  assertEquals(new Set(models).size, models.length);
});
