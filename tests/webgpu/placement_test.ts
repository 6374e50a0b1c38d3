import { assertEquals } from "@std/assert";
import { Session } from "../../core/engine/ort/mod.ts";
import { productGraphs } from "../product_graphs.ts";
import { WEBGPU, WITHOUT_WEBGPU } from "./webgpu_device.ts";

/** One of each kind; `tests/product_graphs_test.ts` holds all of them against the table of kernels. */
const SAMPLE =
  /^(simsiam|swav)'s preset demo|probe|similarities|of (resnet18|vit_small|convnext)|CLIP ViT-B-16 in float32|photometry \d at|pairs|(text encoder|decoder) in float32/;

Deno.test({
  name: `WebGPU takes every node of a graph of each kind${WITHOUT_WEBGPU.why}`,
  ignore: WITHOUT_WEBGPU.ignore,
  fn: async () => {
    const graphs = (await productGraphs()).filter(({ name }) => SAMPLE.test(name));
    const refused: Record<string, string> = {};
    let taken = 0;
    for (const { name, build } of graphs) {
      for (const [part, model] of Object.entries(build({ provider: "webgpu" }))) {
        try {
          using _session = await Session.create(model, { device: WEBGPU, strict: true });
          taken++;
        } catch (error) {
          refused[`${name}, ${part}`] = (error as Error).message;
        }
      }
    }
    assertEquals(refused, {});
    assertEquals(taken > 20, true);
  },
});
