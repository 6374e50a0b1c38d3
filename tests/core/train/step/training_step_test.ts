import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { filled, type Tensor, tensor } from "../../../../core/engine/graph/tensor.ts";
import { checkMethod } from "../../../../core/method/load.ts";
import { loadCheckpoint, saveCheckpoint } from "../../../../core/weights/checkpoint/checkpoint.ts";
import { followedBy } from "../../../../core/train/step/momentum_encoder.ts";
import { initialWeights } from "../../../../core/train/step/method_step.ts";
import { type TrainingStep } from "../../../../core/train/step/training_step.ts";
import simsiam from "../../../../plugins/simsiam/mod.ts";
import { momentumContrast, QUEUE, WIDTH } from "../momentum_contrast.ts";
import {
  BATCH,
  graphOf,
  methodOf,
  rowsOf,
  snapshot,
  stepOf,
  unevenWeights,
  writeViews,
} from "../small_methods.ts";

const SIMSIAM_OPTIONS = { projectorWidth: 16, projectorLayers: 2, predictorWidth: 8 };

/** Scalars of a step of the momentum contrast. */
const SCALARS = {
  learning_rate: 0.1,
  weight_decay: 1e-3,
  average_rate: 0.25,
  "scheduled.temperature": 0.5,
};

/** Scalars with which a step leaves the parameters as they are. */
const STANDSTILL = { learning_rate: 0, weight_decay: 0 };

function smallSimSiam(): Promise<TrainingStep> {
  return stepOf(graphOf(checkMethod(simsiam, "simsiam"), SIMSIAM_OPTIONS));
}

function numbersOf({ data }: Tensor): number[] {
  return Array.from(data, Number);
}

function distance(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(...a.map((value, i) => value - b[i]!));
}

Deno.test("TrainingStep lowers the loss on a batch that stays the same", async () => {
  using step = await smallSimSiam();
  writeViews(step, "fixed");
  const losses: number[] = [];
  for (let i = 0; i < 40; i++) {
    losses.push((await step.run({ learning_rate: 0.05, weight_decay: 1e-4 })).loss);
  }
  assert(Math.abs(losses[0]!) < 0.25, `the loss starts near 0, found ${losses[0]}`);
  assert(losses.at(-1)! < losses[0]! - 0.5, `${losses[0]} must fall, found ${losses.at(-1)}`);
});

Deno.test("TrainingStep takes the same step for the same weights, views and scalars", async () => {
  const states: Map<string, Tensor>[] = [];
  for (let i = 0; i < 2; i++) {
    using step = await stepOf(graphOf(momentumContrast));
    writeViews(step, "same");
    await step.run(SCALARS);
    states.push(snapshot(step.weights));
  }
  assertEquals(states[0], states[1]);
});

Deno.test("TrainingStep reports the norm of the whole gradient", async () => {
  using step = await smallSimSiam();
  writeViews(step, "norm");
  const { gradientNorm } = await step.run({ learning_rate: 0.05, weight_decay: 0 });
  // After the first step without decay the velocity is the gradient.
  const velocities = [...step.slots.values()].flatMap((slot) => numbersOf(slot.read()));
  const norm = Math.hypot(...velocities);
  assertAlmostEquals(gradientNorm, norm, 1e-5 * norm);
});

Deno.test("TrainingStep clips the gradient to the norm that it is told", async () => {
  const graph = graphOf(momentumContrast);
  using step = await stepOf(graph, initialWeights(graph, 0), undefined, { clipGradientNorm: 0.01 });
  writeViews(step, "clip");
  const { gradientNorm } = await step.run({ ...SCALARS, weight_decay: 0 });
  assert(gradientNorm > 0.01, `the norm is that before clipping, found ${gradientNorm}`);
  const velocities = [...step.slots.values()].flatMap((slot) => numbersOf(slot.read()));
  assertAlmostEquals(Math.hypot(...velocities), 0.01, 1e-6);
});

Deno.test("TrainingStep clips the gradient of each parameter by itself where it is told to", async () => {
  const graph = graphOf(momentumContrast);
  using step = await stepOf(graph, initialWeights(graph, 0), undefined, {
    clipGradientNorm: 0.01,
    clipGradientPer: "parameter",
  });
  writeViews(step, "clip");
  await step.run({ ...SCALARS, weight_decay: 0 });
  const norms = [...step.slots.values()].map((slot) => Math.hypot(...numbersOf(slot.read())));
  assert(norms.filter((norm) => Math.abs(norm - 0.01) < 1e-6).length > 1, `found ${norms}`);
  assert(norms.every((norm) => norm < 0.01 + 1e-6), `found ${norms}`);
});

Deno.test("TrainingStep changes nothing when the loss is no number", async () => {
  using step = await stepOf(graphOf(momentumContrast));
  writeViews(step, "before");
  await step.run(SCALARS);
  const before = { weights: snapshot(step.weights), slots: snapshot(step.slots) };
  const { shape } = step.views[0]!.type;
  step.views[0]!.write(filled("float32", shape, NaN));
  const { loss, gradientNorm } = await step.run(SCALARS);
  assertEquals([loss, gradientNorm], [NaN, NaN]);
  assertEquals({ weights: snapshot(step.weights), slots: snapshot(step.slots) }, before);

  writeViews(step, "after");
  assert(Number.isFinite((await step.run(SCALARS)).loss), "the next good batch trains on");
});

Deno.test("TrainingStep moves the momentum encoder towards the new weights", async () => {
  using step = await stepOf(graphOf(momentumContrast));
  writeViews(step, "momentum");
  const before = snapshot(step.weights);
  await step.run(SCALARS);
  const after = snapshot(step.weights);
  for (const name of after.keys()) {
    const source = followedBy(name);
    if (source === undefined || !step.slots.has(`momentum.${source}`)) continue;
    const [old, followed, found] = [before.get(name)!, after.get(source)!, after.get(name)!]
      .map(numbersOf) as [number[], number[], number[]];
    const expected = old.map((value, i) => 0.75 * value + 0.25 * followed[i]!);
    assert(distance(found, expected) < 1e-6, name);
    assert(distance(found, old) > 0, `${name} moves`);
  }
});

Deno.test("TrainingStep takes over what the forward pass wrote to a queue", async () => {
  using step = await stepOf(graphOf(momentumContrast));
  const queue = () => rowsOf(step.weights.get("queue")!.read());
  const initial = queue();
  writeViews(step, "first");
  await step.run(SCALARS);
  const first = queue();
  assertEquals(first.slice(BATCH), initial.slice(0, QUEUE - BATCH));
  for (const key of first.slice(0, BATCH)) assertAlmostEquals(Math.hypot(...key), 1, 1e-6);
  writeViews(step, "second");
  await step.run(SCALARS);
  assertEquals(queue().slice(BATCH), first.slice(0, QUEUE - BATCH));
  assertEquals(step.weights.get("momentum_encoder.backbone.bn1.num_batches_tracked")!.read(), {
    dtype: "int64",
    shape: [],
    data: new BigInt64Array([2n]),
  });
});

Deno.test("TrainingStep reads the queue as the step before left it", async () => {
  const graph = graphOf(momentumContrast);
  using step = await stepOf(graph);
  writeViews(step, "queue");
  const first = await step.run({ ...SCALARS, ...STANDSTILL });
  // The same batch again, with parameters at a standstill, meets its own keys in the queue.
  const second = await step.run({ ...SCALARS, ...STANDSTILL });
  assert(second.metrics["contrast"]! > first.metrics["contrast"]!);
});

Deno.test("TrainingStep applies constraints after the update", async () => {
  using step = await stepOf(graphOf(momentumContrast));
  writeViews(step, "prototypes");
  await step.run(SCALARS);
  const rows = rowsOf(step.weights.get("prototypes")!.read());
  assertEquals(rows[0]!.length, WIDTH);
  for (const row of rows) assertAlmostEquals(Math.hypot(...row), 1, 1e-6);
});

Deno.test("TrainingStep lets a constraint read a buffer as it was before the step", async () => {
  const graph = graphOf(methodOf((c) => {
    const { ops } = c;
    const online = c.encoder("online");
    const prototypes = online.parameter("prototypes", [10, 3], c.initializers.normalInitializer(1));
    const taken = c.buffer("taken", [], c.initializers.constantInitializer(0));
    const before = taken.read();
    taken.write(ops.add(before, 1));
    c.constrain(
      prototypes,
      (updated) => ops.where(ops.less(before, 3), prototypes, updated),
    );
    const embeddings = ops.matMul(online.backbone(c.views[0]!), prototypes);
    return { loss: ops.reduceMean(embeddings), embeddings };
  }));
  using step = await stepOf(graph);
  writeViews(step, "frozen");
  const prototypes = () => step.weights.get("prototypes")!.read();
  const initial = prototypes();
  for (let taken = 0; taken < 3; taken++) {
    assertEquals(numbersOf(step.weights.get("taken")!.read()), [taken]);
    await step.run({ learning_rate: 0.1, weight_decay: 0 });
    assertEquals(prototypes(), initial, `step ${taken}`);
  }
  await step.run({ learning_rate: 0.1, weight_decay: 0 });
  assert(distance(numbersOf(prototypes()), numbersOf(initial)) > 0, "the fourth step moves them");
});

Deno.test("TrainingStep feeds the scalars that the method's schedules set", async () => {
  using step = await stepOf(graphOf(momentumContrast));
  assertEquals(
    [...step.scalars].sort(),
    ["average_rate", "learning_rate", "scheduled.temperature", "weight_decay"],
  );
  writeViews(step, "temperature");
  const at = async (temperature: number) =>
    (await step.run({ ...SCALARS, ...STANDSTILL, "scheduled.temperature": temperature })).metrics;
  const [warm, cold] = [await at(1e4), await at(0.5)];
  // At a high temperature all candidates are alike, and the contrast is the logarithm of their number.
  assertAlmostEquals(warm["contrast"]!, Math.log(1 + QUEUE), 1e-3);
  assert(Math.abs(cold["contrast"]! - Math.log(1 + QUEUE)) > 0.01);
  const { learning_rate: _, ...rest } = SCALARS;
  await assertRejects(
    () => step.run(rest),
    TypeError,
    'Cannot take a step: scalar "learning_rate" is missing',
  );
});

Deno.test("TrainingStep weights each pair's loss by its weight", async () => {
  using step = await smallSimSiam();
  writeViews(step, "weights");
  const lossAt = async (weights: Tensor<"float32">) => {
    step.pairWeights.write(weights);
    return (await step.run(STANDSTILL)).loss;
  };
  const perPair: number[] = [];
  for (let i = 0; i < BATCH; i++) {
    const alone = filled("float32", [BATCH], 0);
    alone.data[i] = BATCH;
    perPair.push(await lossAt(alone));
  }
  const mean = perPair.reduce((sum, loss) => sum + loss, 0) / BATCH;
  assertAlmostEquals(await lossAt(filled("float32", [BATCH], 1)), mean, 1e-6);
  const weights = unevenWeights();
  const weighted = perPair.reduce((sum, loss, i) => sum + weights.data[i]! * loss, 0) / BATCH;
  assert(Math.abs(weighted - mean) > 1e-3, "the weights make a difference");
  assertAlmostEquals(await lossAt(weights), weighted, 1e-6);
});

Deno.test("TrainingStep weights each pair's gradient by its weight", async () => {
  const parameter = "projector.fc0.weight";
  const gradientAt = async (weights: Tensor<"float32">) => {
    using step = await smallSimSiam();
    writeViews(step, "weights");
    step.pairWeights.write(weights);
    await step.run(STANDSTILL);
    return numbersOf(step.slots.get(`momentum.${parameter}`)!.read());
  };
  const weights = unevenWeights();
  const even = await gradientAt(filled("float32", [BATCH], 1));
  const uneven = await gradientAt(weights);
  const mirrored = await gradientAt(
    tensor("float32", [BATCH], weights.data.map((weight) => 2 - weight)),
  );
  const norm = Math.hypot(...even);
  assert(distance(even, uneven) > 1e-2 * norm, "the weights make a difference");
  const average = uneven.map((value, i) => (value + mirrored[i]!) / 2);
  assert(distance(even, average) < 1e-5 * norm, "the gradient is linear in the weights");
});

Deno.test("TrainingStep restored from a checkpoint goes on bit for bit", async () => {
  const batches = ["first", "second"];
  using whole = await stepOf(graphOf(momentumContrast));
  const expected: unknown[] = [];
  for (const batch of batches) {
    writeViews(whole, batch);
    expected.push(await whole.run(SCALARS));
  }

  const folder = await Deno.makeTempDir();
  try {
    const found: unknown[] = [];
    let path: string | undefined;
    for (const [i, batch] of batches.entries()) {
      const saved = path === undefined ? undefined : await loadCheckpoint(path);
      using part = await stepOf(graphOf(momentumContrast), saved?.model, saved?.optimizer);
      writeViews(part, batch);
      found.push(await part.run(SCALARS));
      path = await saveCheckpoint(join(folder, "checkpoints"), {
        state: {
          version: 1,
          method: "small",
          step: i + 1,
          epoch: 0,
          samples: 8,
          configuration: {},
        },
        model: snapshot(part.weights),
        optimizer: snapshot(part.slots),
      }, 1);
    }
    assertEquals(found, expected);
    const { model, optimizer } = await loadCheckpoint(path!);
    assertEquals(new Map(model), snapshot(whole.weights));
    assertEquals(new Map(optimizer), snapshot(whole.slots));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("TrainingStep gives parameters that a rule names the learning rate that stays", async () => {
  const graph = graphOf(checkMethod(simsiam, "simsiam"), SIMSIAM_OPTIONS);
  const rules = [
    { pattern: "predictor", fixedLearningRate: true },
    { pattern: "teacher", weightDecayScale: 0 },
  ];
  using step = await stepOf(graph, initialWeights(graph, 0), undefined, { rules });
  assertEquals(step.warnings.length, 1);
  assert(step.warnings[0]!.includes("teacher"));
  writeViews(step, "rules");
  const before = snapshot(step.weights);
  await step.run({ learning_rate: 0, fixed_learning_rate: 0.1, weight_decay: 0 });
  for (const name of step.slots.keys()) {
    const parameter = name.slice("momentum.".length);
    const same = String(step.weights.get(parameter)!.read().data) ===
      String(before.get(parameter)!.data);
    assertEquals(same, !parameter.startsWith("predictor."), parameter);
  }
});

Deno.test("TrainingStep.create() names a parameter that the loss does not depend on", async () => {
  const graph = graphOf(methodOf(({ views, encoder, initializers, ops }) => {
    const online = encoder("online");
    online.parameter("forgotten", [3], initializers.constantInitializer(1));
    const embeddings = online.backbone(views[0]!);
    return { loss: ops.reduceMean(embeddings), embeddings };
  }));
  await assertRejects(
    () => stepOf(graph),
    TypeError,
    'Cannot train "forgotten": the loss does not depend on it',
  );
});

Deno.test("TrainingStep.create() names a tensor that is missing or of another shape", async () => {
  const graph = graphOf(momentumContrast);
  const weights = initialWeights(graph, 0);
  const without = new Map(weights);
  without.delete("queue");
  await assertRejects(
    () => stepOf(graph, without),
    TypeError,
    'Cannot start training: "queue" must be a float32[24,5], found none',
  );
  const other = new Map(weights).set("queue", filled("float32", [5, 24], 0));
  await assertRejects(
    () => stepOf(graph, other),
    TypeError,
    'Cannot start training: "queue" must be a float32[24,5], found float32[5,24]',
  );
  await assertRejects(
    () => stepOf(graph, weights, new Map()),
    TypeError,
    "must be a float32[10,3,3,3], found none",
  );
});

Deno.test("TrainingStep.endProfiling() gives the traces of both graphs", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const graph = graphOf(momentumContrast);
    using step = await stepOf(graph, initialWeights(graph, 0), undefined, {
      profile: join(folder, "trace"),
    });
    writeViews(step, "profile");
    await step.run(SCALARS);
    const traces = step.endProfiling();
    assertEquals(traces.length, 2);
    for (const path of traces) {
      const events = JSON.parse(await Deno.readTextFile(path)) as { readonly name: string }[];
      assert(events.some(({ name }) => name.includes("kernel_time")), path);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
