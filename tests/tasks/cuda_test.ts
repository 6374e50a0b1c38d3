import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { ortLibraryPath, ortVersion } from "../../core/engine/ort/mod.ts";
import { providerBuild } from "../../core/cuda/mod.ts";
import { main } from "../../tasks/cuda.ts";
import { FakeIndex, zip } from "../core/cuda/fake_index.ts";
import { inFolder } from "../in_folder.ts";

/** Runs the task with the permissions that deno.json gives it. */
async function task(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "cuda", ...args],
    cwd: new URL("../../", import.meta.url).pathname,
    env: { ...env, NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** An index whose wheel holds some files. */
function indexWith(names: readonly string[]): FakeIndex {
  const files = names.map((name) => [`onnxruntime/capi/${name}`, new TextEncoder().encode(name)]);
  const name = `onnxruntime_gpu-${ortVersion()}-cp312-cp312-manylinux_2_28_x86_64.whl`;
  return new FakeIndex({ [name]: zip(Object.fromEntries(files)) });
}

Deno.test({
  name: "deno task cuda install needs no more than deno.json allows, and says what to set",
  ignore: Deno.build.os !== "linux" || Deno.build.arch !== "x86_64",
  fn: () =>
    inFolder(async (folder) => {
      const { providers, library } = providerBuild(ortVersion());
      await using index = indexWith([...providers, library]);
      const args = ["install", "--index", index.address, "--output-dir", join(folder, "out")];
      const { code, out, err } = await task(args);
      assertEquals(code, 0, err);
      assertStringIncludes(out, `GENVIEW_ORT_LIBRARY=${join(folder, "out", library)}`);
      assertStringIncludes(err, "100 %");
      const again = await task(args);
      assertEquals(again.code, 1);
      assertStringIncludes(again.err, "--overwrite replaces it");
    }),
});

Deno.test({
  name: "deno task cuda install puts the provider beside the library in use, where doctor finds it",
  ignore: Deno.build.os !== "linux" || Deno.build.arch !== "x86_64",
  fn: () =>
    inFolder(async (folder) => {
      const library = join(folder, "libonnxruntime.so.1");
      await Deno.copyFile(ortLibraryPath(), library);
      const env = { GENVIEW_ORT_LIBRARY: library };
      const { providers } = providerBuild(ortVersion());
      const missing = await task(["status"], env);
      assertEquals(missing.code, 1);
      assertStringIncludes(missing.out, `not there: ${join(folder, providers[1]!)}`);
      assertStringIncludes(missing.out, 'run "deno task cuda install"');
      await using index = indexWith(providers);
      const { code, out, err } = await task(["install", "--index", index.address], env);
      assertEquals(code, 0, err);
      assertEquals(out.includes("GENVIEW_ORT_LIBRARY"), false);
      for (const name of providers) {
        assertEquals(await Deno.readTextFile(join(folder, name)), name);
      }
      assertStringIncludes((await task(["status"], env)).out, join(folder, providers[1]!));
    }),
});

Deno.test("deno task cuda status says where the provider lies or would, and what helps", async () => {
  const { code, out } = await task(["status"]);
  assertStringIncludes(out, "onnxruntime_providers_cuda");
  assertEquals(code, out.includes("tries the devices") ? 0 : 1);
});

Deno.test("cuda takes one action", async () => {
  await assertRejects(() => main([]), TypeError, "it must be install or status");
  await assertRejects(() => main(["install", "status"]), TypeError, 'found "install status"');
});
