import { assert, assertEquals, assertThrows } from "@std/assert";
import { InferenceSession, Tensor as OrtTensor } from "npm:onnxruntime-node@1.30.0";
import { fromBinary, ModelProtoSchema } from "../../../../core/deps/protobuf.ts";
import { filled, type Tensor } from "../../../../core/engine/graph/tensor.ts";
import { input, type Value } from "../../../../core/engine/graph/value.ts";
import { batchNorm } from "../../../../core/engine/nn/batch_norm.ts";
import { conv2d } from "../../../../core/engine/nn/conv2d.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { encodePortableModel } from "../../../../core/engine/onnx/mod.ts";
import { add } from "../../../../core/engine/ops/add.ts";
import { expand } from "../../../../core/engine/ops/expand.ts";
import { matMul } from "../../../../core/engine/ops/mat_mul.ts";
import { relu } from "../../../../core/engine/ops/relu.ts";
import { reshape } from "../../../../core/engine/ops/reshape.ts";
import { runGraph } from "../../../run_graph.ts";
import { hashedParameters, hashedTensor } from "../nn/hashed_values.ts";
import { relativeError } from "../nn/relative_error.ts";

type Network = (scope: Scope, images: Value) => Readonly<Record<string, Value>>;

/** Encodes a network on images of 4 channels and 6 x 6 pixels, and compares it with the graph that it was built from. */
async function check(network: Network, counts: readonly number[]): Promise<string[]> {
  const declare = (batch: number) => {
    const scope = new Scope();
    const outputs = network(scope, input("images", "float32", [batch, 4, 6, 6]));
    return { scope, outputs };
  };
  const values = hashedParameters(declare(1).scope) as Record<string, Tensor>;
  const initializers = new Map<string, Tensor>(
    Object.entries(values).map(([name, value]) => [
      name,
      value.dtype === "int64" ? filled("int64", [], 0) : value,
    ]),
  );
  const bytes = encodePortableModel(
    (batch) => ({ outputs: declare(batch).outputs, initializers }),
    { input: "images" },
  );
  const session = await InferenceSession.create(bytes);
  for (const count of counts) {
    const images = hashedTensor("images", [count, 4, 6, 6]);
    const { outputs } = declare(count);
    const expected = await runGraph(outputs, { ...Object.fromEntries(initializers), images });
    const found = await session.run({
      images: new OrtTensor("float32", images.data as Float32Array, [...images.shape]),
    });
    for (const name of Object.keys(outputs)) {
      assertEquals([...found[name]!.dims], [...expected[name]!.shape]);
      const error = relativeError(
        found[name]!.data as Float32Array,
        expected[name]!.data as Float32Array,
      );
      assert(error < 1e-5, `${name} of ${count} images differs by ${error}`);
    }
  }
  await session.release();
  return fromBinary(ModelProtoSchema, bytes).graph!.node.map(({ opType }) => opType).sort();
}

const KERNEL = { channels: 8, kernel: 3, padding: 1 } as const;

Deno.test("encodePortableModel() folds normalisation into convolutions, with a bias and in groups", async () => {
  const types = await check((scope, images) => {
    const first = batchNorm(scope, "n1", conv2d(scope, "c1", images, { ...KERNEL, bias: true }));
    const second = conv2d(scope, "c2", relu(first), { ...KERNEL, groups: 4 });
    const plain = batchNorm(scope, "n2", second, { affine: false });
    return { y: relu(add(plain, first)) };
  }, [1, 3]);
  assertEquals(types, ["Add", "Conv", "Conv", "Relu", "Relu"]);
});

Deno.test("encodePortableModel() leaves a convolution whose result or weight is used elsewhere", async () => {
  const types = await check((scope, images) => {
    const map = conv2d(scope, "c", images, KERNEL);
    return { y: batchNorm(scope, "n", map), map };
  }, [2]);
  assert(types.includes("Mul"), types.join(" "));
  await check((scope, images) => {
    const [a, b] = [images, relu(images)].map((x) => conv2d(scope, "c", x, KERNEL));
    return { y: add(batchNorm(scope, "n", a!), b!) };
  }, [2]);
});

Deno.test("encodePortableModel() takes any batch through reshapes and stretches, in standard operators", async () => {
  const types = await check((scope, images) => {
    const rows = reshape(images, [images.shape[0]! * 4, 36]);
    const tokens = reshape(rows, [images.shape[0]!, 4, 36]);
    const token = scope.parameter("token", [1, 1, 36], (shape) => new Float32Array(shape[2]!));
    const stretched = expand(token, [images.shape[0]!, 4, 36]);
    return { y: matMul(add(tokens, stretched), tokens, { transposeB: true, alpha: 0.5 }) };
  }, [1, 5]);
  assert(!types.includes("FusedMatMul") && types.includes("Transpose"), types.join(" "));
});

Deno.test("encodePortableModel() refuses a batch that is no positive integer", () => {
  assertThrows(
    () => encodePortableModel(() => ({ outputs: {} }), { input: "x", batchSize: 1.5 }),
    RangeError,
    "the batch size must be a positive integer, found 1.5",
  );
});
