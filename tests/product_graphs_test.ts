/**
 * Every graph of the product has a kernel for every node on every provider, by the tables of `core/engine/onnx/kernels/`:
 * the product's own builders refuse one that has not.
 */
import { assert, assertEquals } from "@std/assert";
import type { Provider } from "../core/engine/graph/target.ts";
import { productGraphs, trainingGraphs } from "./product_graphs.ts";

/** What a provider is never given. */
const LEFT_OUT: Readonly<Record<Provider, readonly string[]>> = {
  cpu: [],
  cuda: [],
  // In float64, which WebGPU has not: the product adds tokens up on the CPU then.
  webgpu: ["covariance of tokens"],
};

const graphs = await productGraphs();

for (const provider of ["cuda", "webgpu", "cpu"] as const) {
  Deno.test(`every graph of the product has kernels for all of its nodes on ${provider}`, () => {
    const refused: Record<string, string> = {};
    for (const { name, build } of graphs) {
      try {
        build({ provider });
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        refused[name] = error.message;
      }
    }
    assertEquals(Object.keys(refused), LEFT_OUT[provider], JSON.stringify(refused, null, 1));
  });
}

Deno.test("every training step of a ViT has kernels for all of its nodes on CUDA in bfloat16 as well", async () => {
  const ofViTs = await trainingGraphs("bfloat16", ({ backbone }) => backbone.includes("vit"));
  assert(ofViTs.length > 1);
  for (const { build } of ofViTs) build({ provider: "cuda" });
});
