/**
 * Every graph of the product has a kernel for every node on every provider, by the tables of `core/engine/onnx/kernels/`:
 * the product's own builders refuse one that has not. And whatever they are made of, a device has tried before its first work.
 */
import { assert, assertEquals } from "@std/assert";
import type { Provider } from "../core/engine/graph/target.ts";
import { traceModel } from "../core/engine/onnx/model_trace.ts";
import { trialModel } from "../core/engine/ort/self_test/test_operators.ts";
import { productGraphs, trainingGraphs } from "./product_graphs.ts";

/** What a provider is never given. */
const LEFT_OUT: Readonly<Record<Provider, readonly string[]>> = {
  cpu: [],
  cuda: [],
  // In float64, which WebGPU has not: the product adds tokens up on the CPU then.
  webgpu: ["covariance of tokens"],
};

const graphs = await productGraphs();

function operatorsOf(model: Uint8Array<ArrayBuffer>): Set<string> {
  return new Set(traceModel(model).nodes.map(({ type }) => type));
}

interface Built {
  /** Messages by graph. */
  readonly refused: Readonly<Record<string, string>>;
  readonly operators: ReadonlySet<string>;
}

const built = new Map<Provider, Built>();

function builtFor(provider: Provider): Built {
  const found = built.get(provider) ?? buildAll(provider);
  built.set(provider, found);
  return found;
}

function buildAll(provider: Provider): Built {
  const refused: Record<string, string> = {};
  const operators = new Set<string>();
  for (const { name, build } of graphs) {
    try {
      for (const model of Object.values(build({ provider }))) {
        for (const type of operatorsOf(model)) operators.add(type);
      }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      refused[name] = error.message;
    }
  }
  return { refused, operators };
}

for (const provider of ["cuda", "webgpu", "cpu"] as const) {
  Deno.test(`every graph of the product has kernels for all of its nodes on ${provider}`, () => {
    const { refused } = builtFor(provider);
    assertEquals(Object.keys(refused), LEFT_OUT[provider], JSON.stringify(refused, null, 1));
  });
}

for (const provider of ["cuda", "webgpu"] as const) {
  Deno.test(`every operator of the product's graphs for ${provider} is tried before a device is trusted`, () => {
    const tried = operatorsOf(trialModel({ provider, index: 0 }));
    assertEquals([...builtFor(provider).operators.difference(tried)].sort(), []);
  });
}

Deno.test("every training step of a ViT has kernels for all of its nodes on CUDA in bfloat16 as well", async () => {
  const ofViTs = await trainingGraphs("bfloat16", ({ backbone }) => backbone.includes("vit"));
  assert(ofViTs.length > 1);
  for (const { build } of ofViTs) build({ provider: "cuda" });
});
