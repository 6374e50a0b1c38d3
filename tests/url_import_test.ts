import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { inFolder } from "./in_folder.ts";
import { serveRepository } from "./served_repository.ts";

/** Steps of SimSiam, as a user's own project would take them. */
const program = (address: string) => `
import {
  backbone, buildMethodGraph, checkMethod, CPU, initialWeights, sgd, simsiam, TrainingStep,
} from "${address}mod.ts";

const graph = buildMethodGraph(checkMethod(simsiam, "simsiam"), {
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

/** A step of SimSiam by its name, which is compiled in a worker that imports the SDK from its address. */
const byName = (address: string) => `
import { bundledMethods, CPU, loadMethodByName, resolveConfiguration, TrainingStep } from "${address}mod.ts";
import { openCompiler } from "${address}core/train/mod.ts";

const method = await loadMethodByName("simsiam", bundledMethods);
const options = { projectorWidth: 32, projectorLayers: 2, predictorWidth: 16 };
const backbone = "clip_vit_tiny_patch8_64";
const configuration = resolveConfiguration({ backbone, batchSize: 4, imageSize: 32, options });
const request = { configuration, viewSizes: [32, 32], tuning: {} };
await using compiler = openCompiler(method);
using step = await TrainingStep.bind(
  await compiler.step(request), { device: CPU }, await compiler.weights(request),
);
for (const view of step.views) view.data.fill(0.5);
const { loss } = await step.run({ learning_rate: 0.05, weight_decay: 1e-4 });
console.log(Number.isFinite(loss));
`;

Deno.test("a method by name is compiled in a worker from the SDK's address where worker-options is on, else refused", () =>
  inFolder(async (folder) => {
    await using served = serveRepository();
    await Deno.writeTextFile(join(folder, "main.ts"), byName(served.address));
    const run = async (configuration: object, ...flags: string[]) => {
      await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify(configuration));
      const permissions = [`--allow-import=${served.host}`, "--allow-ffi", "--allow-read"];
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-prompt", ...permissions, "--allow-env", ...flags, "main.ts"],
        cwd: folder,
        env: { NO_COLOR: "1" },
      }).output();
      const text = new TextDecoder();
      return { code, out: text.decode(stdout).trim(), err: text.decode(stderr) };
    };
    const refused = await run({});
    assertEquals(refused.code, 1, refused.err);
    assertStringIncludes(
      refused.err,
      'Cannot compile method "simsiam": a method that is given by name or address runs in a worker without ' +
        'permissions, which needs "unstable": ["worker-options"] in deno.json',
    );
    const switched = await run({ unstable: ["worker-options"] });
    assertEquals([switched.code, switched.out], [0, "true"], switched.err);
    const flagged = await run({}, "--unstable-worker-options");
    assertEquals([flagged.code, flagged.out], [0, "true"], flagged.err);
    await Deno.mkdir(join(folder, "other"));
    const other = join(folder, "other", "deno.json");
    await Deno.writeTextFile(other, JSON.stringify({ unstable: ["worker-options"] }));
    const named = await run({}, "--config", other);
    assertEquals([named.code, named.out], [0, "true"], named.err);
  }));
