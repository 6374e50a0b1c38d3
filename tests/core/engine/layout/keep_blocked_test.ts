import { assert, assertEquals } from "@std/assert";
import { backbone } from "../../../../core/backbones/registry.ts";
import { gradients } from "../../../../core/engine/autodiff/gradients.ts";
import { nodesLeadingTo } from "../../../../core/engine/graph/node.ts";
import { elementCount } from "../../../../core/engine/graph/shape.ts";
import { withTarget } from "../../../../core/engine/graph/target.ts";
import type { Tensor } from "../../../../core/engine/graph/tensor.ts";
import { input, type Value } from "../../../../core/engine/graph/value.ts";
import { keepBlocked } from "../../../../core/engine/layout/mod.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import * as ops from "../../../../core/engine/ops/mod.ts";
import { probeChannelBlock } from "../../../../core/engine/ops/convolution/blocked_layout.ts";
import { RandomStream } from "../../../../core/engine/random/random_stream.ts";
import { runGraph } from "../../../run_graph.ts";
import { CPU_ONLY } from "../../../test_device.ts";
import { draw } from "../ops/gradient_case.ts";
import { assertNear } from "../ops/window_golden.ts";

const BLOCK = await probeChannelBlock((outputs) => runGraph(outputs, {}));
const CHANNELS = 2 * Math.max(BLOCK, 8);
const SHAPE = [16, CHANNELS, 5, 6] as const;
const PLANE = 5 * 6;

const inputs = new Map<string, Value>();

/** The input of a name, the same one each time. */
function named(name: string, shape: readonly number[]): Value {
  const value = inputs.get(name) ?? input(name, "float32", shape);
  inputs.set(name, value);
  return value;
}

const kernel = (name: string) => named(name, [CHANNELS, CHANNELS, 3, 3]);

/** A number for each channel. */
const vector = (name: string) => named(name, [CHANNELS, 1, 1]);

const images = input("x", "float32", SHAPE);

function convolved(x: Value, name: string): Value {
  return ops.conv(x, kernel(name), { pads: 1 });
}

/** How many nodes change the layout of a graph's values. */
function reorders(outputs: Readonly<Record<string, Value>>): number {
  const types = nodesLeadingTo(Object.values(outputs), true).map(({ op }) => op.type);
  return types.filter((type) => type.startsWith("Reorder")).length;
}

function feedsOf(outputs: Readonly<Record<string, Value>>): Record<string, Tensor> {
  const read = nodesLeadingTo(Object.values(outputs), true).flatMap(({ inputs }) =>
    Object.values(inputs)
  );
  return Object.fromEntries(read.flatMap((value) => {
    const source = value!.source;
    if (source.kind !== "input") return [];
    return [[source.name, draw(value!.shape, "float32", "layout", source.name)]];
  }));
}

/** Builds for this CPU, and checks that the graph which keeps the layout computes the same; gives both. */
async function compare(
  build: () => Record<string, Value>,
): Promise<{ before: Record<string, Value>; after: Record<string, Value> }> {
  const before = withTarget({ provider: "cpu", channelBlock: BLOCK }, build);
  const after = keepBlocked(before);
  const feeds = feedsOf(before);
  const [expected, found] = [await runGraph(before, feeds), await runGraph(after, feeds)];
  for (const name of Object.keys(before)) assertNear(found[name]!, expected[name]!, name, 1e-5);
  return { before, after };
}

/** Normalised by the batch, as views that are regrouped to channels and back. */
function normalized(x: Value, name: string, views = 1): Value {
  const grouped = ops.reshape(x, [SHAPE[0] / views, views * CHANNELS, ...SHAPE.slice(2)]);
  const own = (kind: string) => {
    const value = ops.reshape(vector(`${name}.${kind}`), [1, CHANNELS]);
    return ops.reshape(ops.expand(value, [views, CHANNELS]), [views * CHANNELS]);
  };
  const { y } = ops.batchNormalization(grouped, { scale: own("scale"), bias: own("bias") });
  return ops.reshape(y, SHAPE);
}

for (const views of [1, 2]) {
  Deno.test({
    name:
      `keepBlocked() leaves out what lies between the convolutions of a block of ${views} views`,
    ignore: CPU_ONLY.ignore,
    fn: async () => {
      const { before, after } = await compare(() => {
        const first = ops.relu(normalized(convolved(images, "conv1"), "bn1", views));
        const second = normalized(convolved(first, "conv2"), "bn2", views);
        const sum = ops.relu(ops.add(second, images));
        const y = ops.globalAveragePool(convolved(sum, "conv3"));
        const loss = ops.reduceSum(ops.mul(y, named("dy", y.shape)));
        const found = gradients(loss, [...["conv1", "conv2", "conv3"].map(kernel), images]);
        return { loss, ...Object.fromEntries(found.map((value, i) => [`g${i}`, value!])) };
      });
      if (BLOCK === 1) return assertEquals(after, before);
      const [many, few] = [reorders(before), reorders(after)];
      assert(few <= many - 8, `${many} changes of layout became ${few}`);
    },
  });
}

Deno.test({
  name: "keepBlocked() sums the products of two tensors without writing them",
  ignore: CPU_ONLY.ignore || BLOCK === 1,
  fn: async () => {
    const { after } = await compare(() => {
      const products = ops.mul(convolved(images, "conv1"), convolved(images, "conv2"));
      return { sums: ops.reduceSum(products, { axes: [0, 2, 3] }) };
    });
    const nodes = nodesLeadingTo(Object.values(after), true);
    assertEquals(nodes.filter(({ op }) => op.type === "Mul").length, 0);
  },
});

/** What may stand between two convolutions, and whether the layout is kept through it. */
const BETWEEN: Readonly<Record<string, [between: (x: Value) => Value, kept: boolean]>> = {
  "relu": [ops.relu, true],
  "leaky relu": [(x) => ops.leakyRelu(x, 0.2), true],
  "sigmoid": [ops.sigmoid, true],
  "a scalar": [(x) => ops.add(ops.mul(x, 3), 0.5), true],
  "a factor": [(x) => ops.mul(vector("v"), x), true],
  "an offset": [(x) => ops.add(x, vector("v")), true],
  "less an offset": [(x) => ops.sub(x, vector("v")), true],
  "an offset, then a factor": [(x) => ops.mul(ops.add(x, vector("v")), vector("u")), true],
  "two factors and a maximum": [
    (x) => ops.relu(ops.add(ops.mul(ops.mul(x, vector("v")), vector("u")), vector("t"))),
    true,
  ],
  "itself twice": [(x) => ops.add(ops.mul(x, vector("v")), ops.mul(x, vector("u"))), true],
  "used before and after": [
    (x) => {
      const scaled = ops.mul(x, vector("v"));
      return ops.add(ops.sigmoid(scaled), ops.mul(scaled, vector("u")));
    },
    true,
  ],
  "another tensor": [(x) => ops.mul(x, ops.sub(images, x)), false],
  "an offset less itself": [(x) => ops.sub(vector("v"), x), false],
  "a divisor": [(x) => ops.div(x, ops.add(ops.mul(vector("v"), vector("v")), 1)), false],
  "a number for each sample": [
    (x) => ops.mul(x, named("s", [SHAPE[0], 1, 1, 1])),
    false,
  ],
  "a number for each pixel": [(x) => ops.mul(x, named("p", [5, 6])), false],
  "sums of channels": [
    (x) => ops.mul(x, ops.reshape(ops.reduceMean(x, { axes: [0, 2, 3] }), [CHANNELS, 1, 1])),
    false,
  ],
  "products of rows": [
    (x) => {
      const rows = ops.reshape(x, [SHAPE[0] * CHANNELS, 1, PLANE]);
      const sums = ops.matMul(rows, rows, { transposeB: true });
      return ops.mul(x, ops.reshape(sums, [...SHAPE.slice(0, 2), 1, 1]));
    },
    false,
  ],
  "halved products of rows": [
    (x) => {
      const rows = ops.reshape(x, [SHAPE[0] * CHANNELS, 1, PLANE]);
      const sums = ops.matMul(rows, rows, { transposeB: true, alpha: 0.5 });
      return ops.mul(x, ops.reshape(sums, [...SHAPE.slice(0, 2), 1, 1]));
    },
    false,
  ],
  "channels that become samples, less than a block of them left": [
    (x) => {
      const parts = ops.tanh(ops.reshape(x, [SHAPE[0] * CHANNELS / 4, 4, ...SHAPE.slice(2)]));
      return ops.mul(ops.reshape(ops.mul(parts, named("q", [4, 1, 1])), SHAPE), x);
    },
    false,
  ],
  "a transpose": [(x) => ops.transpose(ops.transpose(x, [0, 2, 1, 3]), [0, 2, 1, 3]), false],
};

for (const [name, [between, kept]] of Object.entries(BETWEEN)) {
  Deno.test({
    name: `keepBlocked() computes the same with ${name} between two convolutions`,
    ignore: CPU_ONLY.ignore,
    fn: async () => {
      const { after } = await compare(() => ({
        y: convolved(between(convolved(images, "conv1")), "conv2"),
      }));
      // One change of layout at the start and one at the end, and one for each weight.
      if (kept && BLOCK > 1) assertEquals(reorders(after), 4);
    },
  });
}

Deno.test({
  name: "keepBlocked() changes no layout more often where products lie between convolutions",
  ignore: CPU_ONLY.ignore,
  fn: async () => {
    const { before, after } = await compare(() => {
      // A bottleneck, whose first and last convolution are matrix products.
      const narrow = (name: string) => named(name, [CHANNELS, CHANNELS, 1, 1]);
      const first = ops.relu(normalized(ops.conv(images, narrow("in")), "bn1"));
      const second = ops.relu(normalized(convolved(first, "conv2"), "bn2"));
      const sum = ops.relu(ops.add(normalized(ops.conv(second, narrow("out")), "bn3"), images));
      const y = ops.globalAveragePool(sum);
      const loss = ops.reduceSum(ops.mul(y, named("dy", y.shape)));
      const found = gradients(loss, [narrow("in"), kernel("conv2"), narrow("out"), images]);
      return { loss, ...Object.fromEntries(found.map((value, i) => [`g${i}`, value!])) };
    });
    const [old, kept] = [reorders(before), reorders(after)];
    assert(kept <= old, `${old} changes of layout became ${kept}`);
  },
});

Deno.test({
  name: "keepBlocked() changes the layout of a tensor once, whatever reads it",
  ignore: CPU_ONLY.ignore,
  fn: async () => {
    const { after } = await compare(() => {
      const x = convolved(images, "conv1");
      const y = ops.mul(ops.add(x, images), ops.sub(x, images));
      return { y: convolved(y, "conv2") };
    });
    // The images, what is made in the end, and a weight each.
    if (BLOCK > 1) assertEquals(reorders(after), 4);
  },
});

Deno.test({
  name: "keepBlocked() multiplies rows of tensors in different groups as they were",
  ignore: CPU_ONLY.ignore,
  fn: async () => {
    await compare(() => {
      const x = convolved(images, "conv1");
      const rows = [SHAPE[0] * CHANNELS, 1, PLANE];
      const grouped = ops.reshape(ops.tanh(x), [SHAPE[0] / 2, 2 * CHANNELS, ...SHAPE.slice(2)]);
      const [a, b] = [x, ops.tanh(grouped)].map((value) => ops.reshape(value, rows));
      return { y: ops.matMul(a!, b!, { transposeB: true }) };
    });
  },
});

Deno.test({
  name:
    "keepBlocked() computes sums that double from one to the next in as many passes as there are sums",
  ignore: CPU_ONLY.ignore,
  fn: async () => {
    const { before, after } = await compare(() => {
      let y = convolved(images, "conv1");
      for (let i = 0; i < 12; i++) {
        const half = ops.mul(vector("half"), 0.5);
        y = ops.add(ops.mul(y, half), ops.mul(y, ops.add(half, 0.25)));
      }
      return { y: convolved(y, "conv2") };
    });
    const [old, kept] = [before, after].map((values) =>
      nodesLeadingTo([values["y"]!], true).length
    );
    assert(kept! <= 2 * old!, `${old} nodes became ${kept}`);
  },
});

Deno.test({
  name: "keepBlocked() loses no NaN and no infinity in a maximum that a pass ends with",
  ignore: CPU_ONLY.ignore,
  fn: async () => {
    const before = withTarget({ provider: "cpu", channelBlock: BLOCK }, () => {
      const scaled = ops.mul(convolved(images, "conv1"), vector("v"));
      return { factor: ops.relu(scaled), sum: ops.relu(ops.add(scaled, images)) };
    });
    const after = keepBlocked(before);
    for (const name of ["x", "v"]) {
      for (const number of [NaN, Infinity, -Infinity]) {
        const feeds = feedsOf(before);
        feeds[name]!.data[5] = number;
        const kinds = async (values: Record<string, Value>) =>
          Object.entries(await runGraph(values, feeds)).map(([output, { data }]) => [
            output,
            Array.from(data as Float32Array, (y) => Number.isFinite(y) ? 0 : String(y)).join(),
          ]);
        const expected = await kinds(before);
        assertEquals(await kinds(after), expected);
        if (Number.isNaN(number)) assert(expected.every(([, text]) => text!.includes("NaN")));
      }
    }
  },
});

/** Bytes that changes of layout write in a graph. */
function reorderedBytes(outputs: Readonly<Record<string, Value>>): number {
  return nodesLeadingTo(Object.values(outputs), true)
    .filter(({ op }) => op.type.startsWith("Reorder"))
    .reduce((sum, { outputs: { y } }) => sum + 4 * elementCount(y!.shape), 0);
}

/** What is left of the bytes that change their layout in a step, at most. */
const LEFT = { resnet18: 0.4, resnet50: 0.95 };

for (const [name, share] of Object.entries(LEFT)) {
  Deno.test(`keepBlocked() moves ${share} of the bytes between layouts in a step of ${name}`, () => {
    const before = withTarget({ provider: "cpu", channelBlock: 16 }, () => {
      const scope = new Scope({ training: true });
      const views = input("views", "float32", [64, 3, 32, 32]);
      const features = backbone(name, { stem: "small" }).apply(scope, views);
      const loss = ops.reduceSum(ops.mul(features, input("dy", "float32", features.shape)));
      const trained = [...scope.declarations.values()].filter(({ kind }) => kind === "trainable");
      const found = gradients(loss, trained.map(({ value }) => value));
      return Object.fromEntries(found.map((value, i) => [trained[i]!.name, value!]));
    });
    const [old, kept] = [reorderedBytes(before), reorderedBytes(keepBlocked(before))];
    assert(kept <= share * old, `${old} bytes became ${kept}`);
  });
}

Deno.test("keepBlocked() gives a graph without blocked kernels back as it is", () => {
  const outputs = { y: ops.relu(convolved(images, "conv1")) };
  assertEquals(keepBlocked(outputs) === outputs, true);
});

Deno.test({
  name: "keepBlocked() computes the same for random chains of operators",
  ignore: CPU_ONLY.ignore,
  fn: async () => {
    const random = new RandomStream(0, "layout");
    const steps = Object.entries(BETWEEN);
    for (let i = 0; i < 20; i++) {
      const chain = Array.from({ length: 4 }, () => steps[random.integer(steps.length)]!);
      await compare(() => {
        const start = convolved(images, "conv1");
        const end = chain.reduce((x, [, [between]]) => ops.tanh(between(x)), start);
        return { start, end: convolved(end, "conv2"), sum: ops.reduceSum(end) };
      });
    }
  },
});
