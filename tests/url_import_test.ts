import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";

const ROOT = new URL("../", import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  ts: "application/typescript",
  json: "application/json",
};

/** Serves the repository on loopback, and notes what is asked for. */
function serve(asked: string[]): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    const type = TYPES[pathname.split(".").at(-1)!];
    try {
      const body = await Deno.readFile(new URL(`.${pathname}`, ROOT));
      return new Response(body, type ? { headers: { "content-type": type } } : {});
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      return new Response("not found", { status: 404 });
    }
  });
}

/** Removes what Deno keeps of modules from a port that nobody will serve again. */
async function forget(port: number): Promise<void> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { modulesCache, typescriptCache } = JSON.parse(new TextDecoder().decode(stdout));
  for (const cache of [modulesCache, typescriptCache]) {
    const folder = join(cache, "http", `127.0.0.1_PORT${port}`);
    try {
      await Deno.remove(folder, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

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

Deno.test("mod.ts is imported by URL from an empty project and trains", async () => {
  const asked: string[] = [];
  await using server = serve(asked);
  const folder = await Deno.makeTempDir();
  try {
    const address = `http://127.0.0.1:${server.addr.port}/`;
    await Deno.writeTextFile(join(folder, "main.ts"), program(address));
    await Deno.writeTextFile(join(folder, "deno.json"), "{}");
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        `--allow-import=127.0.0.1:${server.addr.port}`,
        "--allow-ffi",
        "main.ts",
      ],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    const text = new TextDecoder();
    assertEquals(code, 0, text.decode(stderr));
    const losses: number[] = JSON.parse(text.decode(stdout));
    assertEquals(losses.length, 3);
    assertEquals(losses.every((loss) => loss > -1 && loss < 1), true, String(losses));
    assertStringIncludes(asked.join("\n"), "/plugins/simsiam/manifest.json");
    // The engine alone must not bring image codecs or charts along.
    const heavy = asked.filter((path) => /deps\/(sharp|vega|emoji)/.test(path));
    assertEquals(heavy, []);
  } finally {
    await Deno.remove(folder, { recursive: true });
    await forget(server.addr.port);
  }
});
