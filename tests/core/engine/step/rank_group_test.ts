import { assert, assertEquals, assertRejects } from "@std/assert";
import { withTarget } from "../../../../core/engine/graph/mod.ts";
import { float32, type Tensor } from "../../../../core/engine/graph/tensor.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { add, allReduce, mul, reduceMean, sub } from "../../../../core/engine/ops/mod.ts";
import { sgd } from "../../../../core/engine/optim/mod.ts";
import { CPU, DeviceTensor } from "../../../../core/engine/ort/mod.ts";
import {
  BoundStep,
  buildStep,
  type BuiltStep,
  type RankGroup,
} from "../../../../core/engine/step/mod.ts";
import { TWIN_GROUP, TWINS } from "../twin_ranks.ts";

const STATE = new Map<string, Tensor>([["w", float32([2], [1, 2])], ["b", float32([], [0])]]);

/** The squared distance of w from the mean of all processes' x, and of b from one. */
function built(ranks = TWINS): BuiltStep {
  return withTarget({ ranks }, () => {
    const x = input("x", "float32", [2]);
    const w = input("w", "float32", [2]);
    const b = input("b", "float32", []);
    const residual = sub(w, mul(allReduce(x), 1 / ranks));
    const off = sub(b, 1);
    return buildStep({
      loss: add(reduceMean(mul(residual, residual)), mul(off, off)),
      parameters: [w, b],
      state: [w, b],
      batch: [x],
      optimizer: sgd({ momentum: 0 }),
      weightDecay: false,
      gradientNorm: true,
    });
  });
}

async function stepOf(group: RankGroup): Promise<BoundStep> {
  const step = await BoundStep.create(built(), { device: CPU, threads: 1, group }, {
    state: STATE,
  });
  step.input("x", "float32").write(float32([2], [4, 6]));
  return step;
}

Deno.test("a step of several processes takes the step of one", async () => {
  const passed: number[] = [];
  const group: RankGroup = {
    ...TWIN_GROUP,
    allReduce: async (data, reduction) => {
      if (data instanceof DeviceTensor) passed.push(data.data.length);
      await TWIN_GROUP.allReduce(data, reduction);
    },
  };
  using step = await stepOf(group);
  using alone = await BoundStep.create(built(1), { device: CPU, threads: 1 }, { state: STATE });
  alone.input("x", "float32").write(float32([2], [4, 6]));
  const scalars = { learning_rate: 0.5 };
  assertEquals(await step.run(scalars), await alone.run(scalars));
  for (const [name, value] of alone.state) {
    assertEquals(step.state.get(name)!.read(), value.read(), name);
  }
  // All gradients pass at once.
  assertEquals(passed.length, 1);
});

Deno.test("a loss that is no number on another process changes nothing on this one", async () => {
  let isBuilt = false;
  using step = await stepOf({
    ...TWIN_GROUP,
    allReduce: (data, reduction) => {
      if (!isBuilt) return TWIN_GROUP.allReduce(data, reduction);
      if (data instanceof DeviceTensor) throw new Error("no gradient is to be passed");
      assertEquals(reduction, "mean");
      data[0] = NaN;
      return Promise.resolve();
    },
  });
  isBuilt = true;
  const { loss, updated } = await step.run({ learning_rate: 0.5 });
  assertEquals([loss, updated], [NaN, false]);
  for (const [name, value] of STATE) assertEquals(step.state.get(name)!.read(), value);
});

Deno.test("a step is refused by other numbers of processes than it was built for", async () => {
  await assertRejects(
    () => BoundStep.create(built(), { device: CPU }, { state: STATE }),
    TypeError,
    "the step must be built for 1 process, found one for 2",
  );
  await assertRejects(
    () => BoundStep.create(built(1), { device: CPU, group: TWIN_GROUP }, { state: STATE }),
    TypeError,
    "the step must be built for 2 processes, found one for 1",
  );
});

Deno.test("a step is refused where another process has built another one", async () => {
  const group: RankGroup = {
    ...TWIN_GROUP,
    allReduce: (data, reduction) => {
      // A word of the other's digest is larger by two.
      if (data instanceof Float64Array) data[3]! += 1;
      return TWIN_GROUP.allReduce(data, reduction);
    },
  };
  // What it starts from may still be on its way, and fail because of that.
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error("late")), 50));
  const options = { device: CPU, threads: 1, group };
  await assertRejects(() => BoundStep.create(built(), options, late), TypeError, "same graphs");
  await assertRejects(
    () => BoundStep.create(built(), options, { state: STATE }),
    TypeError,
    "all 2 processes must have built the same graphs, found others than on this one",
  );
});

Deno.test("a CUDA graph is refused where processes compute together", async () => {
  const device = { provider: "cuda", index: 0 } as const;
  const error = await assertRejects(
    () =>
      BoundStep.create(built(), { device, group: TWIN_GROUP, cudaGraphs: true }, { state: STATE }),
    TypeError,
  );
  assert(error.message.includes("--cuda-graphs"), error.message);
});
