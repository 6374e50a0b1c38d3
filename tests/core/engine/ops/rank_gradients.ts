/**
 * Checks on several ranks what they exchange in a graph, and the gradients: by PyTorch's, by central differences, and by
 * what one process makes of all rows.
 *
 * @module
 */
import { assert } from "@std/assert";
import { inProcessGroup, type ProcessGroup } from "../../../../core/distributed/mod.ts";
import { collectiveOperators } from "../../../../core/distributed/collective_operators.ts";
import { checkGradients } from "../../../../core/engine/autodiff/check_gradients.ts";
import { gradients } from "../../../../core/engine/autodiff/gradients.ts";
import type { DataOf, DType } from "../../../../core/engine/graph/dtype.ts";
import {
  type GraphTarget,
  type Provider,
  withTarget,
} from "../../../../core/engine/graph/target.ts";
import {
  filled,
  float32,
  int64,
  type Tensor,
  tensor,
} from "../../../../core/engine/graph/tensor.ts";
import { constant, input, type Value } from "../../../../core/engine/graph/value.ts";
import { keepBlocked } from "../../../../core/engine/layout/mod.ts";
import { batchNorm } from "../../../../core/engine/nn/batch_norm.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { encodeModel } from "../../../../core/engine/onnx/encode_model.ts";
import { probeChannelBlock } from "../../../../core/engine/ops/convolution/blocked_layout.ts";
import * as ops from "../../../../core/engine/ops/mod.ts";
import { CPU, Session } from "../../../../core/engine/ort/mod.ts";
import { roundWithoutKernels } from "../../../../core/engine/step/round_without_kernels.ts";
import { readSafetensors } from "../../../../core/weights/safetensors.ts";
import { hashedTensor } from "../nn/hashed_values.ts";
import { relativeError } from "../nn/relative_error.ts";

type Values = Readonly<Record<string, Value>>;
type Tensors = Readonly<Record<string, Tensor>>;

const GOLDEN = new URL("../../../../fixtures/golden/collectives.safetensors", import.meta.url);

const COLLECTIVES: Readonly<Record<string, (x: Value) => Value>> = {
  all_reduce: ops.allReduce,
  all_gather: ops.allGather,
  reduce_scatter: ops.reduceScatter,
};

/** Largest relative errors in float64 and float32, of results and of what is summed over many samples. */
const TOLERANCES = { float64: 1e-13, float32: 2e-6 } as const;

function assertNear(found: Tensor, expected: Tensor, what: string, tolerance: number): void {
  assert(`${found.shape}` === `${expected.shape}`, `${what} is of shape ${found.shape}`);
  const error = relativeError(
    found.data as ArrayLike<number | bigint>,
    expected.data as ArrayLike<number | bigint>,
  );
  assert(error <= tolerance, `${what} is off by ${error}`);
}

/** The same numbers in another element type. */
function as<D extends "float32" | "float64">(dtype: D, { shape, data }: Tensor): Tensor {
  const numbers = Array.from(data as ArrayLike<number>, Number);
  return dtype === "float64"
    ? tensor("float64", shape, Float64Array.from(numbers))
    : float32(shape, numbers);
}

/** Part i of n of a tensor's rows. */
function part<D extends DType>({ dtype, shape, data }: Tensor<D>, i: number, n: number): Tensor<D> {
  const length = data.length / n;
  const rows = data.slice(i * length, (i + 1) * length) as DataOf<D>;
  return tensor(dtype, [shape[0]! / n, ...shape.slice(1)], rows);
}

class Ranks {
  readonly #group: ProcessGroup;
  readonly #golden: ReadonlyMap<string, Tensor>;
  readonly size: number;
  readonly rank: number;

  constructor(group: ProcessGroup, golden: ReadonlyMap<string, Tensor>) {
    this.#group = group;
    this.#golden = golden;
    this.size = group.size;
    this.rank = group.rank;
  }

  /** Builds for all ranks. */
  within<T>(build: () => T, provider: Provider = "cpu"): T {
    return withTarget({ provider, ranks: this.size }, build);
  }

  /** Runs a graph on all ranks. */
  evaluate = async (outputs: Values, feeds: Tensors): Promise<Record<string, Tensor>> => {
    using session = await Session.create(encodeModel({ outputs }), {
      device: CPU,
      threads: 1,
      operators: collectiveOperators(this.#group.blocking),
    });
    return await session.run(feeds);
  };

  part<D extends DType>(of: Tensor<D>): Tensor<D> {
    return part(of, this.rank, this.size);
  }

  /** The sum of a tensor over all ranks, in float64. */
  async sum({ shape, data }: Tensor): Promise<Tensor> {
    const values = Float64Array.from(data as ArrayLike<number>, Number);
    await this.#group.allReduce(values, "sum");
    return tensor("float64", shape, values);
  }

  of(name: string): Tensor {
    const found = this.#golden.get(name);
    assert(found !== undefined, `the golden must have ${name}`);
    return found;
  }

  has(name: string): boolean {
    return this.#golden.has(name);
  }
}

/** The collectives and their gradients by those of torch.distributed.nn. */
async function compareCollectives(ranks: Ranks): Promise<void> {
  for (const [name, apply] of Object.entries(COLLECTIVES)) {
    if (!ranks.has(`${name}/${ranks.size}/x`)) continue;
    const own = (key: string) => {
      const { shape, ...stacked } = ranks.of(`${name}/${ranks.size}/${key}`);
      const flat = { ...stacked, shape: [shape[0]! * shape[1]!, ...shape.slice(2)] } as Tensor;
      return ranks.part(flat);
    };
    const given = own("x");
    const outputs = ranks.within(() => {
      const x = input("x", given.dtype, given.shape);
      const y = apply(x);
      const [dx] = gradients(y, [x], { seed: constant(own("dy")) });
      return { y, dx: dx! };
    });
    const found = await ranks.evaluate(outputs, { x: given });
    for (const key of ["y", "dx"]) {
      assertNear(found[key]!, own(key), `${key} of ${name}`, TOLERANCES.float64);
    }
  }
}

/** Batch norm by the samples of all ranks against PyTorch's by the whole batch. */
async function compareBatchNorm(ranks: Ranks, name: string, provider: Provider): Promise<void> {
  const golden = (key: string) => ranks.of(`batch_norm/${name}/${key}`);
  for (const dtype of ["float64", "float32"] as const) {
    const feeds = {
      first: ranks.part(as(dtype, golden("0/x"))),
      x: ranks.part(as(dtype, golden("1/x"))),
    };
    const { shape } = feeds.x;
    const outputs = ranks.within(() => {
      const scope = new Scope({ training: true, dtype, syncBatchNorm: true });
      const [first, x] = ["first", "x"].map((key) => input(key, dtype, shape));
      batchNorm(scope, "bn", first!);
      const y = batchNorm(scope, "bn", x!);
      const by = ["bn.weight", "bn.bias"].map((key) => scope.declarations.get(key)!.value);
      const seed = constant(ranks.part(as(dtype, golden("dy"))));
      const [dx, dweight, dbias] = gradients(y, [x!, ...by], { seed });
      const running = (key: string) => scope.written.get(`bn.${key}`)!;
      return {
        ...{ y, dx: dx!, dweight: dweight!, dbias: dbias! },
        ...{ running_mean: running("running_mean"), running_var: running("running_var") },
        batches: running("num_batches_tracked"),
      };
    }, provider);
    const channels = [shape[1]!];
    const found = await ranks.evaluate(outputs, {
      ...feeds,
      "bn.weight": as(dtype, golden("weight")),
      "bn.bias": as(dtype, golden("bias")),
      "bn.running_mean": filled(dtype, channels, 0),
      "bn.running_var": filled(dtype, channels, 1),
      "bn.num_batches_tracked": int64([], [0]),
    });
    // ONNX's own normalisation has its epsilon in float32.
    const tolerance = Math.max(TOLERANCES[dtype], provider === "cuda" ? 1e-11 : 0);
    const check = (key: string, value: Tensor, expected: Tensor) =>
      assertNear(value, expected, `${key} of ${name} in ${dtype} for ${provider}`, tolerance);
    for (const key of ["y", "dx"]) check(key, found[key]!, ranks.part(golden(key)));
    for (const key of ["dweight", "dbias"]) {
      check(key, await ranks.sum(found[key]!), golden(key));
    }
    for (const key of ["running_mean", "running_var"]) check(key, found[key]!, golden(key));
    assert(Number(found.batches!.data[0]) === 2, "two batches");
  }
}

/**
 * Checks gradients by central differences: of a function of a rank's tensors, which are the given ones times numbers of the
 * rank's own, summed over all ranks. What all ranks have alike is differentiated as the mean of what they have.
 */
async function checkDifferences(
  ranks: Ranks,
  apply: (inputs: Values) => Value,
  inputs: Tensors,
): Promise<void> {
  await ranks.within(() =>
    checkGradients(
      (values) => {
        const alike = Object.entries(values).map(([name, value]) => {
          const shared = ops.mul(ops.allReduce(value), 1 / ranks.size);
          const own = hashedTensor(`${name} of rank ${ranks.rank}`, value.shape, 0.5, 1);
          return [name, ops.mul(shared, constant(as("float64", own)))];
        });
        return ops.allReduce(apply(Object.fromEntries(alike)));
      },
      inputs,
      // Each graph is encoded for the ranks that it was built for.
      { evaluate: ranks.evaluate },
    )
  );
}

const drawn = (name: string, shape: readonly number[], offset = 0) =>
  as("float64", hashedTensor(name, shape, 1, offset));

async function checkAllDifferences(ranks: Ranks): Promise<void> {
  const x = drawn("x", [2 * ranks.size, 3]);
  await checkDifferences(ranks, ({ x }) => ops.exp(ops.allReduce(ops.sin(x!))), { x });
  await checkDifferences(ranks, ({ x }) => ops.exp(ops.allGather(ops.sin(x!))), { x });
  await checkDifferences(ranks, ({ x }) => ops.exp(ops.reduceScatter(ops.sin(x!))), { x });
  const affine = { scale: drawn("scale", [2], 2), bias: drawn("bias", [2]) };
  for (const shape of [[3, 2], [2, 2, 2, 3], [2, 2, 36, 33]]) {
    for (const given of [affine, {}]) {
      await checkDifferences(ranks, ({ x, scale, bias }) => {
        const { y } = ops.synchronizedBatchNormalization(x!, {
          ...(scale && bias && { scale, bias }),
        });
        // A gradient that differs by sample, on which the second and third of its terms depend.
        return ops.mul(y, ops.sin(x!));
      }, { x: drawn("x", shape), ...given });
    }
  }
}

/** Views that are interleaved, each a batch of its own, by those of all ranks against one process with all rows. */
async function compareViews(ranks: Ranks): Promise<void> {
  const [samples, views] = [2 * ranks.size, 2];
  const shape = [samples * views, 3, 2, 2];
  const given = hashedTensor("views", shape);
  const seed = hashedTensor("views/dy", shape);
  const build = (rows: number, dy: Tensor) => {
    const scope = new Scope({ training: true, syncBatchNorm: true });
    const x = input("x", "float32", shape.with(0, rows));
    const y = scope.within({ views }, (inner) => batchNorm(inner, "bn", x, { affine: false }));
    const [dx] = gradients(y, [x], { seed: constant(dy) });
    const [mean, variance] = ["running_mean", "running_var"].map((key) =>
      scope.written.get(`bn.${key}`)!
    );
    return { y, dx: dx!, mean: mean!, variance: variance! };
  };
  const running = {
    "bn.running_mean": filled("float32", [3], 0.5),
    "bn.running_var": filled("float32", [3], 2),
  };
  const expected = await ranks.evaluate(build(shape[0]!, seed), { x: given, ...running });
  const own = ranks.within(() => build(shape[0]! / ranks.size, ranks.part(seed)));
  const found = await ranks.evaluate(own, { x: ranks.part(given), ...running });
  for (const key of ["y", "dx"]) {
    assertNear(found[key]!, ranks.part(expected[key]!), `${key} of views`, TOLERANCES.float32);
  }
  for (const key of ["mean", "variance"]) {
    assertNear(found[key]!, expected[key]!, `${key} of views`, TOLERANCES.float32);
  }
}

/** In float16, what is summed is float32 as in one process with all rows; on CUDA that of each row is rounded on the way. */
async function compareHalf(ranks: Ranks, target: GraphTarget, tolerance: number): Promise<void> {
  const shape = [2 * ranks.size, 3, 4, 5];
  const given = hashedTensor("half", shape, 1, 8);
  const seed = hashedTensor("half/dy", shape);
  const build = (rows: number, dy: Tensor) => {
    const x = ops.cast(input("x", "float32", shape.with(0, rows)), "float16");
    const [scale, bias] = [[0.5, -1, 2], [-1, 0, 3]].map((data) => constant(float32([3], data)));
    const { y } = ops.synchronizedBatchNormalization(x, { scale: scale!, bias: bias! });
    const [dx] = gradients(ops.cast(y, "float32"), [x], { seed: constant(dy) });
    return { y: ops.cast(y, "float32"), dx: ops.cast(dx!, "float32") };
  };
  const whole = withTarget({ provider: "cpu" }, () => build(shape[0]!, seed));
  const expected = await ranks.evaluate(roundWithoutKernels(whole), { x: given });
  const own = withTarget(
    { ...target, ranks: ranks.size },
    () => build(shape[0]! / ranks.size, ranks.part(seed)),
  );
  const found = await ranks.evaluate(roundWithoutKernels(own), { x: ranks.part(given) });
  for (const key of ["y", "dx"]) {
    const what = `${key} in float16 for ${target.provider}`;
    assertNear(found[key]!, ranks.part(expected[key]!), what, tolerance);
  }
}

/** Between convolutions whose layout is kept, against the same graph in the usual layout. */
async function compareBlocked(ranks: Ranks): Promise<void> {
  const channelBlock = await probeChannelBlock((outputs) => ranks.evaluate(outputs, {}));
  const channels = 2 * Math.max(channelBlock, 8);
  const shape = [2, channels, 5, 6];
  const feeds = {
    x: hashedTensor(`blocked/${ranks.rank}`, shape),
    w: hashedTensor("blocked/w", [channels, channels, 3, 3], 0.2),
    v: hashedTensor("blocked/v", [channels, channels, 3, 3], 0.2),
  };
  const before = withTarget({ provider: "cpu", channelBlock, ranks: ranks.size }, () => {
    const [x, w, v] = Object.entries(feeds).map(([name, { shape }]) =>
      input(name, "float32", shape)
    );
    const { y } = ops.synchronizedBatchNormalization(ops.conv(x!, w!, { pads: 1 }));
    const loss = ops.reduceMean(ops.conv(ops.relu(y), v!, { pads: 1 }));
    const found = gradients(loss, [x!, w!, v!]);
    return { loss, dx: found[0]!, dw: found[1]!, dv: found[2]! };
  });
  const expected = await ranks.evaluate(before, feeds);
  const found = await ranks.evaluate(keepBlocked(before), feeds);
  for (const key of Object.keys(before)) {
    assertNear(found[key]!, expected[key]!, `${key} in blocks`, 1e-5);
  }
}

if (import.meta.main) {
  const { tensors } = await readSafetensors(GOLDEN.pathname);
  await inProcessGroup(async (group) => {
    assert(group !== undefined, "several ranks");
    const ranks = new Ranks(group, tensors);
    await compareCollectives(ranks);
    for (const provider of ["cpu", "cuda"] as const) {
      for (const name of ["features", "pixels", "large"]) {
        await compareBatchNorm(ranks, name, provider);
      }
    }
    await checkAllDifferences(ranks);
    await compareViews(ranks);
    // One rounding to float16 at the end may fall to the other side.
    await compareHalf(ranks, { provider: "cpu" }, 2 ** -12);
    await compareHalf(ranks, { provider: "cuda", computedBy: "cpu" }, 2 ** -10);
    await compareBlocked(ranks);
  });
}
