/**
 * Comparison of networks with PyTorch's in float64: what reference/network_gradients.py wrote against the same network
 * built here and run by ONNX Runtime in float32.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { gradients } from "../../../../core/engine/autodiff/gradients.ts";
import { int64, type Tensor } from "../../../../core/engine/graph/tensor.ts";
import { input, type Value } from "../../../../core/engine/graph/value.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";
import { mul } from "../../../../core/engine/ops/mul.ts";
import { reduceSum } from "../../../../core/engine/ops/reduce_sum.ts";
import { readSafetensors } from "../../../../core/weights/safetensors.ts";
import { runGraph } from "../../../run_graph.ts";
import { euclideanNorm, relativeError } from "./relative_error.ts";
import { hashedParameters, hashedTensor, sampledIndices } from "./hashed_values.ts";

/** Largest relative error, in float32, of what a network makes. */
const OUTPUT_TOLERANCE = 1e-5;

/** Largest relative error, in float32, of the gradient by a parameter. */
const GRADIENT_TOLERANCE = 1e-4;

/** A part of the network by name: `features`, or others and the `loss`. */
export type Build = (
  scope: Scope,
  inputs: Readonly<Record<string, Value>>,
) => Readonly<Record<string, Value>>;

interface Golden {
  readonly seed: number;
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly samples: number;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

async function readGolden(name: string): Promise<Golden> {
  const path = new URL(`../../../../fixtures/golden/${name}`, import.meta.url).pathname;
  const { seed, inputs, samples } = JSON.parse(await Deno.readTextFile(`${path}.json`));
  const { tensors } = await readSafetensors(`${path}.safetensors`);
  return { seed, inputs, samples, tensors };
}

function assertClose(what: string, actual: Tensor, expected: Tensor): void {
  const error = relativeError(actual.data, expected.data);
  assert(error <= OUTPUT_TOLERANCE, `${what} differs from PyTorch's by ${error} of its norm`);
}

/** Builds the network, and the feeds for its inputs, parameters and buffers. */
function prepare(golden: Golden, build: Build, training: boolean) {
  const scope = new Scope({ training });
  const inputs = Object.fromEntries(
    Object.entries(golden.inputs).map(([name, shape]) => [name, input(name, "float32", shape)]),
  );
  const outputs = build(scope, inputs);
  const feeds = hashedParameters(scope);
  for (const [name, { shape }] of Object.entries(inputs)) {
    feeds[name] = hashedTensor(`${golden.seed}/${name}`, shape);
  }
  for (const [name, { value }] of scope.declarations) {
    // The count of batches is read in training alone.
    if (value.dtype === "int64" && training) feeds[name] = int64([], [0]);
  }
  return { scope, outputs, feeds };
}

function expectedNames(golden: Golden, prefix: string): string[] {
  const names = [...golden.tensors.keys()].filter((name) => name.startsWith(prefix));
  return names.map((name) => name.slice(prefix.length)).sort();
}

function checkGradient(golden: Golden, name: string, actual: Tensor): number {
  const expected = golden.tensors.get(`gradient/${name}`)!;
  const indices = sampledIndices(name, actual.data.length, golden.samples);
  const sampled = relativeError(actual.data, expected.data, indices);
  const whole = Number(golden.tensors.get(`norm/${name}`)!.data[0]);
  return Math.max(sampled, Math.abs(euclideanNorm(actual.data) - whole) / whole);
}

/** Asserts that a training pass gives PyTorch's outputs, loss, running statistics and gradients. */
export async function checkTraining(
  name: string,
  build: Build,
): Promise<void> {
  const golden = await readGolden(name);
  const { scope, outputs, feeds } = prepare(golden, build, true);
  const cotangent = outputs.features && input("cotangent", "float32", outputs.features.shape);
  if (cotangent) feeds.cotangent = hashedTensor("cotangent", cotangent.shape);
  const loss = outputs.loss ?? reduceSum(mul(outputs.features!, cotangent!));

  const trained = [...scope.declarations.values()].filter(({ kind }) => kind === "trainable");
  assertEquals(trained.map(({ name }) => name).sort(), expectedNames(golden, "gradient/"));
  assertEquals([...scope.written.keys()].sort(), expectedNames(golden, "buffer/"));
  const found = gradients(loss, trained.map(({ value }) => value));
  const results = await runGraph({
    ...Object.fromEntries(Object.entries(outputs).map(([key, value]) => [`train/${key}`, value])),
    ...Object.fromEntries([...scope.written].map(([key, value]) => [`buffer/${key}`, value])),
    ...Object.fromEntries(trained.map(({ name }, i) => [`gradient/${name}`, found[i]!])),
    loss,
  }, feeds);

  for (const [key, expected] of golden.tensors) {
    if (key.startsWith("train/") || key.startsWith("buffer/") || key === "loss") {
      assertClose(key, results[key]!, expected);
    } else if (key.startsWith("gradient/")) {
      const error = checkGradient(golden, key.slice("gradient/".length), results[key]!);
      assert(error <= GRADIENT_TOLERANCE, `${key} differs from PyTorch's by ${error} of its norm`);
    }
  }
}

/** Asserts that an inference pass gives PyTorch's outputs. */
export async function checkInference(name: string, build: Build): Promise<void> {
  const golden = await readGolden(name);
  const { scope, outputs, feeds } = prepare(golden, build, false);
  assertEquals(scope.written.size, 0);
  const results = await runGraph(outputs, feeds);
  for (const key of expectedNames(golden, "evaluate/")) {
    assertClose(key, results[key]!, golden.tensors.get(`evaluate/${key}`)!);
  }
}
