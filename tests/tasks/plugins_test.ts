import { assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { withFolder } from "../core/backbones/clip_golden.ts";
import { bundledMethods } from "../../plugins/mod.ts";
import manifest from "../../plugins/simsiam/manifest.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url).pathname;

async function deno(cwd: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** Runs `deno task plugins`. */
function plugins(...args: string[]) {
  return deno(ROOT, "task", "--quiet", "plugins", ...args);
}

Deno.test("plugins lists the bundled methods, and shows what one says of itself", async () => {
  const listed = await plugins("list");
  assertEquals(listed.code, 0, listed.err);
  assertStringIncludes(listed.out, "simsiam        SimSiam: Two views of an image");
  const { code, out, err } = await plugins("show", "simsiam");
  assertEquals(code, 0, err);
  assertStringIncludes(out, "simsiam 0.1.0: SimSiam, https://arxiv.org/abs/2011.10566");
  assertStringIncludes(out, "2 views; weights pairs by their quality");
  assertStringIncludes(out, "presets: imagenet, cifar, demo");
});

Deno.test("plugins says what it can do, and what is missing", async () => {
  const wrong = await plugins("lst");
  assertEquals(wrong.code, 1);
  assertStringIncludes(wrong.err, 'must be list, show, validate, new, found "lst"');
  const none = await plugins("validate");
  assertStringIncludes(none.err, "needs a method by name, path or address, found none");
});

Deno.test("plugins validate says in one line where a plugin of one's own is wrong", () =>
  withFolder(async (path) => {
    const write = async (code: string, changes: object = {}) => {
      await Deno.mkdir(path("mine"), { recursive: true });
      await Deno.writeTextFile(
        path("mine/manifest.json"),
        JSON.stringify({ ...manifest, ...changes }),
      );
      await Deno.writeTextFile(
        path("mine/mod.ts"),
        `import manifest from "./manifest.json" with { type: "json" };\nexport default { manifest,\n${code}\n};\n`,
      );
    };
    const refusal = async () => {
      const { code, out, err } = await plugins("validate", path("mine"));
      assertEquals([code, out], [1, ""]);
      assertEquals(err.trim().split("\n").length, 1, err);
      return err;
    };
    await write("build({ views }: any) { return views[2].shape; }");
    const fault = await refusal();
    assertStringIncludes(
      fault,
      'error: Cannot use preset "imagenet": Cannot build method "simsiam", at file:///',
    );
    assertStringIncludes(fault, "mine/mod.ts:3:");
    assertStringIncludes(fault, "TypeError: Cannot read properties of undefined (reading 'shape')");
    await write('build({ refuse }: any) { refuse("projectorLayers must be odd, found 2"); }');
    assertStringIncludes(await refusal(), "projectorLayers must be odd, found 2");
    for (const preset of [null, 3, []]) {
      await write("build() {}", { presets: { fast: preset } });
      assertStringIncludes(
        await refusal(),
        `manifest.presets.fast must be object, found ${JSON.stringify(preset)}`,
      );
    }
  }));

Deno.test("plugins new writes a method that is valid, passes deno check, and whose test passes", () =>
  withFolder(async (path) => {
    const folder = path("sparse-views");
    const { code, out, err } = await plugins("new", "sparse-views", "--output", folder);
    assertEquals(code, 0, err);
    for (const name of ["manifest.json", "mod.ts", "README.md", "mod_test.ts"]) {
      assertStringIncludes(out, `${folder}/${name}\n`);
    }
    const valid = await plugins("validate", folder);
    assertEquals([valid.code, valid.out], [0, "sparse-views: cifar can be trained\n"], valid.err);
    const checked = await deno(folder, "check", "mod.ts", "mod_test.ts");
    assertEquals(checked.code, 0, checked.err);
    const tested = await deno(folder, "test", "-A", "--no-check");
    assertEquals(tested.code, 0, tested.out + tested.err);
    assertStringIncludes(tested.out, "sparse-views lowers its loss");
    const { $schema } = JSON.parse(await Deno.readTextFile(`${folder}/manifest.json`));
    assertEquals(existsSync(new URL($schema)), true);

    const before = await Deno.readTextFile(`${folder}/mod.ts`);
    const again = await plugins("new", "sparse-views", "--output", folder, "--from", "simsiam");
    assertEquals(again.code, 1);
    assertStringIncludes(again.err, "it is there already; choose another name or folder");
    assertEquals(await Deno.readTextFile(`${folder}/mod.ts`), before);
  }));

Deno.test("plugins new --from copies each bundled method, which is valid and passes deno check where it then is", () =>
  withFolder(async (path) => {
    const names = Object.keys(bundledMethods);
    for (const name of names) {
      const args = ["--from", name, "--output", path(name)];
      const { code, err } = await plugins("new", `my-${name}`, ...args);
      assertEquals(code, 0, err);
    }
    const modules = names.map((name) => `${name}/mod.ts`);
    const checked = await deno(path("."), "check", ...modules);
    assertEquals(checked.code, 0, checked.err);
    const folders = names.map((name) => path(name));
    const valid = await plugins("validate", ...folders);
    assertEquals(valid.code, 0, valid.err);
    for (const name of names) assertStringIncludes(valid.out, `my-${name}: imagenet`);
    const wrong = await plugins("new", "mine", "--from", "simsaim", "--output", path("x"));
    assertStringIncludes(wrong.err, 'the nearest is "simsiam"');
    const name = await plugins("new", "My_Method", "--output", path("x"));
    assertStringIncludes(name.err, "small letters, digits and dashes");
    assertEquals(existsSync(path("x")), false);
  }));
