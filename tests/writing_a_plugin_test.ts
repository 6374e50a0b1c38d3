import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { drawPictures } from "./tasks/square_pictures.ts";
import { withFolder } from "./core/backbones/clip_golden.ts";
import { denoFolder } from "./deno_folder.ts";

const ROOT = new URL("../", import.meta.url).pathname;

const PAGE = "docs/writing-a-plugin.md";

/** The text of the page's block that follows the name of a file. */
function fileOf(page: string, name: string): string {
  const [, block] = new RegExp(`\`${name}\`:\n\n\`\`\`[^\n]+\n(.*?\n)\`\`\`\n`, "s").exec(page) ??
    [];
  assert(block !== undefined, `${PAGE} must have a block for ${name}`);
  return block;
}

/** Serves the files of a folder on loopback. */
function serveFolder(folder: string) {
  return Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async ({ url }) => {
    try {
      return new Response(await Deno.readFile(join(folder, new URL(url).pathname)));
    } catch {
      return new Response("not found", { status: 404 });
    }
  });
}

const SMALL = [
  "--backbone",
  "clip_vit_tiny_patch8_64",
  "--stem",
  "imagenet",
  "--batch-size",
  "4",
  "--threads",
  "2",
  "--evaluate-every",
  "0",
];

Deno.test(`the example of ${PAGE} is checked, trained by its address, resumed, evaluated and exported`, () =>
  withFolder(async (path) => {
    const page = await Deno.readTextFile(join(ROOT, PAGE));
    await Deno.symlink(ROOT, path("genview"));
    await Deno.mkdir(path("alignment"));
    for (const name of ["manifest.json", "mod.ts"]) {
      await Deno.writeTextFile(path(`alignment/${name}`), fileOf(page, `alignment/${name}`));
    }
    await drawPictures(path("photos"));
    const lock = await Deno.readTextFile(join(ROOT, "deno.lock"));
    const deno = async (...args: string[]) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args,
        cwd: ROOT,
        env: { NO_COLOR: "1", XDG_CACHE_HOME: path("cache"), DENO_DIR: await denoFolder() },
      }).output();
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      return { code, out: text(stdout), err: text(stderr) };
    };
    const run = async (task: string, ...args: string[]) => {
      const { code, out, err } = await deno("run", "--frozen", "-A", `tasks/${task}.ts`, ...args);
      assertEquals(code, 0, err);
      return out + err;
    };
    const checked = await deno("check", path("alignment/mod.ts"));
    assertEquals(checked.code, 0, checked.err);
    assertEquals(
      await run("plugins", "validate", path("alignment")),
      "alignment: cifar can be trained\n",
    );

    await using server = serveFolder(path("alignment"));
    const address = `http://127.0.0.1:${server.addr.port}/manifest.json`;
    const [photos, output] = [path("photos"), path("run")];
    const train = (...args: string[]) => run("train", "--output", output, ...args);
    const first = await train("--method", address, "--data", photos, "--epochs", "1", ...SMALL);
    assertStringIncludes(first, "Alignment and uniformity");
    const description = JSON.parse(await Deno.readTextFile(join(output, "configuration.json")));
    assertEquals([description.method, description.address], ["alignment", address]);
    assert(/^[0-9a-f]{64}$/.test(description.sourceSha256), description.sourceSha256);

    const code = await Deno.readTextFile(path("alignment/mod.ts"));
    await Deno.writeTextFile(path("alignment/mod.ts"), `${code}// changed\n`);
    const kept = await train("--resume", "latest", "--epochs", "2");
    assert(!kept.includes("has changed"), kept);
    const renewed = await train("--resume", "latest", "--epochs", "3", "--reload");
    assertStringIncludes(renewed, "The code of Alignment and uniformity has changed");

    assertStringIncludes(await run("evaluate", output, "--train", photos), "top-1");
    await run("export", output, path("backbone.safetensors"));
    assert((await Deno.stat(path("backbone.safetensors"))).size > 1e6);
    assertEquals(await Deno.readTextFile(join(ROOT, "deno.lock")), lock);
  }));
