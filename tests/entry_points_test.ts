import { assertEquals } from "@std/assert";
import { join } from "node:path";
import configuration from "../deno.json" with { type: "json" };
import { inFolder } from "./in_folder.ts";
import { serveRepository } from "./served_repository.ts";

const ROOT = new URL("../", import.meta.url);

/** Folders within these are subjects of their own, which are not imported through the folder above. */
const PARENTS = ["core/", "core/engine/"];

/** The folders of the library that can be imported, such as `masking` or `engine/ops`. */
async function* importable(): AsyncGenerator<string> {
  for (const parent of PARENTS) {
    for await (const { name, isDirectory } of Deno.readDir(new URL(parent, ROOT))) {
      if (!isDirectory) continue;
      const files = await Array.fromAsync(Deno.readDir(new URL(`${parent}${name}`, ROOT)));
      const hasEntry = files.some((file) => file.name === "mod.ts");
      if (hasEntry) yield `${parent}${name}`.slice("core/".length);
    }
  }
}

Deno.test("deno.json's exports name every folder of the library by its path", async () => {
  const { ".": root, "./cli": cli, ...others } = configuration.exports as Record<string, string>;
  assertEquals([root, cli], ["./mod.ts", "./cli.ts"]);
  for (const [name, path] of Object.entries(others)) {
    assertEquals(path, `./core/${name.slice(2)}/mod.ts`);
    await Deno.stat(new URL(path, ROOT));
  }
  const missing = (await Array.fromAsync(importable())).filter((name) => !(`./${name}` in others));
  assertEquals(missing, []);
  assertEquals(Object.keys(others), Object.keys(others).toSorted());
});

/** Checks a program that imports every entry point, in a project that sets no compiler option. */
async function checkProject(address: string, args: readonly string[]): Promise<void> {
  await inFolder(async (folder) => {
    const imports = Object.values(configuration.exports).map((path, index) =>
      `export * as entry${index} from "${new URL(path, address)}";\n`
    );
    await Deno.writeTextFile(join(folder, "main.ts"), imports.join(""));
    await Deno.writeTextFile(join(folder, "deno.json"), "{}");
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", ...args, "main.ts"],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
  });
}

Deno.test("every entry point type-checks in a project with default compiler options", async (context) => {
  await context.step("from a checkout", () => checkProject(ROOT.href, []));
  await context.step("over HTTP", async () => {
    await using served = serveRepository();
    await checkProject(served.address, [`--allow-import=${served.host}`]);
  });
});
