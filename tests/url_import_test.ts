import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { inFolder } from "./in_folder.ts";
import { serveRepository } from "./served_repository.ts";

/** Steps of SimSiam, as a user's own project would take them, with the plugin from an address too. */
const program = (address: string) => `
import {
  backbone, buildMethodGraph, CPU, initialWeights, loadMethod, sgd, simsiam, TrainingStep,
} from "${address}mod.ts";

const method = await loadMethod(new URL("${address}plugins/simsiam/manifest.json"));
if (method.build !== simsiam.build) throw new Error("the plugin was loaded twice");
const graph = buildMethodGraph(method, {
  backbone: backbone("resnet18"),
  viewSizes: [32, 32],
  batchSize: 4,
  options: { projectorWidth: 32, projectorLayers: 2, predictorWidth: 16 },
});
using step = await TrainingStep.create(
  graph,
  { device: CPU, optimizer: sgd() },
  initialWeights(graph, 0),
);
for (const view of step.views) {
  for (let i = 0; i < view.data.length; i++) view.data[i] = Math.sin(i * i);
}
const scalars = { learning_rate: 0.05, weight_decay: 1e-4 };
const losses = [];
for (let i = 0; i < 3; i++) losses.push((await step.run(scalars)).loss);
console.log(JSON.stringify(losses));
`;

Deno.test("mod.ts is imported by URL from an empty project and trains", () =>
  inFolder(async (folder) => {
    await using served = serveRepository();
    await Deno.writeTextFile(join(folder, "main.ts"), program(served.address));
    await Deno.writeTextFile(join(folder, "deno.json"), "{}");
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", `--allow-import=${served.host}`, "--allow-ffi", "main.ts"],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    const text = new TextDecoder();
    assertEquals(code, 0, text.decode(stderr));
    const losses: number[] = JSON.parse(text.decode(stdout));
    assertEquals(losses.length, 3);
    assertEquals(losses.every((loss) => loss > -1 && loss < 1), true, String(losses));
    assertStringIncludes(served.asked.join("\n"), "/plugins/simsiam/manifest.json");
    // The engine alone must not bring image codecs or charts along.
    const heavy = served.asked.filter((path) => /deps\/(sharp|vega|emoji)/.test(path));
    assertEquals(heavy, []);
  }));
