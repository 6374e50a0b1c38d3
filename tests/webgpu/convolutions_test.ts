import { assert, assertEquals } from "@std/assert";
import type { Shape } from "../../core/engine/graph/shape.ts";
import { withTarget } from "../../core/engine/graph/target.ts";
import { input, type Value } from "../../core/engine/graph/value.ts";
import { encodeModel } from "../../core/engine/onnx/encode_model.ts";
import { directConv } from "../../core/engine/ops/conv.ts";
import type { ConvAttributes } from "../../core/engine/ops/convolution/problem.ts";
import { convTranspose, type ConvTransposeOptions } from "../../core/engine/ops/mod.ts";
import { CPU, Session } from "../../core/engine/ort/mod.ts";
import { hashedTensor } from "../core/engine/nn/hashed_values.ts";
import { WEBGPU, WITHOUT_WEBGPU } from "./webgpu_device.ts";

const PLAIN: ConvAttributes = {
  strides: [1, 1],
  pads: [0, 0, 0, 0],
  dilations: [1, 1],
  group: 1,
};

const LINE = { strides: [1], dilations: [1] };

/** Input and weight, and what differs from a plain convolution: shapes at which WebGPU's kernels choose other ways. */
const CONVOLUTIONS: readonly (readonly [x: Shape, w: Shape, Partial<ConvAttributes>])[] = [
  [[2, 3, 4, 4], [5, 3, 4, 4], { pads: [0, 0, 1, 0] }],
  [[2, 3, 4, 4], [5, 3, 4, 4], { pads: [0, 0, 0, 1] }],
  [[2, 3, 4, 4], [5, 3, 4, 4], { pads: [0, 0, 3, 3], strides: [2, 2] }],
  [[2, 3, 4, 4], [5, 3, 4, 4], { pads: [1, 0, 0, 0] }],
  [[2, 3, 4, 4], [5, 3, 4, 4], {}],
  [[2, 3, 4, 4], [5, 3, 4, 3], { pads: [0, 0, 1, 1] }],
  [[2, 3, 2, 2], [5, 3, 2, 2], { pads: [0, 0, 2, 2], dilations: [2, 2] }],
  [[2, 4, 4, 4], [4, 2, 4, 4], { pads: [0, 0, 1, 1], group: 2 }],
  [[2, 3, 1, 1], [5, 3, 1, 1], { pads: [0, 0, 1, 1] }],
  [[2, 3, 4], [5, 3, 4], { ...LINE, pads: [0, 2] }],
  [[2, 3, 4], [5, 3, 1], { ...LINE, pads: [0, 2] }],
  [[3, 7, 5, 3], [6, 7, 1, 1], {}],
  [[3, 7, 5, 3], [6, 7, 1, 1], { strides: [2, 2] }],
  [[17, 1, 2, 1], [2, 1, 2, 1], { pads: [0, 0, 1, 0], dilations: [1, 2] }],
];

/** Groups, and inputs and outputs of each. */
const GROUPS: readonly (readonly [groups: number, inputs: number, outputs: number])[] = [
  [2, 1, 1],
  [2, 2, 1],
  [3, 2, 1],
  [2, 3, 1],
  [2, 4, 1],
  [1, 4, 1],
  [2, 2, 2],
  [2, 4, 3],
  [3, 1, 4],
];

const TRANSPOSED: readonly ConvTransposeOptions[] = [
  {},
  { strides: 2, pads: 1, outputPadding: 1 },
];

/** Largest difference between WebGPU, with every node there, and the CPU. */
async function difference(
  shapes: Readonly<Record<string, Shape>>,
  build: (inputs: Readonly<Record<string, Value>>) => Value,
): Promise<number> {
  const entries = Object.entries(shapes);
  const inputs = Object.fromEntries(
    entries.map(([name, shape]) => [name, input(name, "float32", shape)]),
  );
  const feeds = Object.fromEntries(
    entries.map(([name, shape]) => [name, hashedTensor(name, [...shape])]),
  );
  const y = withTarget({ provider: "webgpu" }, () => build(inputs));
  const model = encodeModel({ outputs: { y } });
  using expected = await Session.create(model, { device: CPU });
  using found = await Session.create(model, { device: WEBGPU, strict: true });
  const [wanted, given] = [(await expected.run(feeds)).y!, (await found.run(feeds)).y!];
  assertEquals(given.shape, wanted.shape);
  const other = Array.from(given.data as Float32Array);
  return Math.max(
    ...Array.from(wanted.data as Float32Array, (value, i) => Math.abs(value - other[i]!)),
  );
}

Deno.test({
  name: `convolutions of all shapes on WebGPU are the CPU's${WITHOUT_WEBGPU.why}`,
  ignore: WITHOUT_WEBGPU.ignore,
  async fn() {
    for (const [x, w, given] of CONVOLUTIONS) {
      const attributes = { ...PLAIN, ...given };
      for (const bias of [{}, { b: [w[0]!] }]) {
        const off = await difference(
          { x, w, ...bias },
          (values) => directConv(values.x!, values.w!, attributes, values.b),
        );
        assert(off < 1e-4, `x [${x}] w [${w}] ${JSON.stringify(given)} is off by ${off}`);
      }
    }
  },
});

Deno.test({
  name: `transposed convolutions in groups on WebGPU are the CPU's${WITHOUT_WEBGPU.why}`,
  ignore: WITHOUT_WEBGPU.ignore,
  async fn() {
    for (const [group, inputs, outputs] of GROUPS) {
      for (const options of TRANSPOSED) {
        const off = await difference(
          {
            x: [2, group * inputs, 4, 5],
            w: [group * inputs, outputs, 3, 3],
            b: [group * outputs],
          },
          ({ x, w, b }) => convTranspose(x!, w!, { ...options, group, bias: b! }),
        );
        assert(off < 1e-4, `${group} groups of ${inputs} by ${outputs} are off by ${off}`);
      }
    }
  },
});
