import { assertEquals, assertStringIncludes } from "@std/assert";
import { withFolder } from "../core/backbones/clip_golden.ts";
import manifest from "../../plugins/simsiam/manifest.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url).pathname;

/** Runs `deno task plugins`. */
async function plugins(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "plugins", ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("plugins lists the bundled methods", async () => {
  const { code, out, err } = await plugins();
  assertEquals(code, 0, err);
  assertStringIncludes(out, "simsiam 0.1.0: SimSiam, https://arxiv.org/abs/2011.10566");
  assertStringIncludes(out, "2 views; weights pairs by their quality");
  assertStringIncludes(out, "presets: imagenet, cifar, demo");
});

Deno.test("plugins says in one line where a plugin of one's own is wrong", () =>
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
      const { code, out, err } = await plugins(path("mine/manifest.json"));
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
