import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { chooseWheel, installCuda, listWheels, providerBuild } from "../../../core/cuda/mod.ts";
import { ortVersion } from "../../../core/engine/ort/mod.ts";
import { inFolder } from "../../in_folder.ts";
import { FakeIndex, zip } from "./fake_index.ts";

const { providers, library } = providerBuild(ortVersion(), "linux", "x86_64");

/** Bytes that no compression makes fewer. */
function patterned(length: number, seed: number): Uint8Array<ArrayBuffer> {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 24;
  });
}

const FILES = {
  [providers[0]!]: patterned(1000, 1),
  [providers[1]!]: patterned(200_000, 2),
  [library]: patterned(3000, 3),
};

function indexWith(version: string = ortVersion()): FakeIndex {
  const inWheel = Object.entries(FILES).map(([name, bytes]) => [`onnxruntime/capi/${name}`, bytes]);
  const wheel = zip({ "a.py": patterned(10, 4), ...Object.fromEntries(inWheel) });
  return new FakeIndex({
    [`onnxruntime_gpu-${version}-cp312-cp312-win_amd64.whl`]: zip({}),
    [`onnxruntime_gpu-${version}-cp312-cp312-manylinux_2_28_x86_64.whl`]: wheel,
  });
}

async function assertInstalled(outputDir: string): Promise<void> {
  const names = (await Array.fromAsync(Deno.readDir(outputDir))).map(({ name }) => name);
  assertEquals(names.toSorted(), Object.keys(FILES).toSorted());
  for (const [name, bytes] of Object.entries(FILES)) {
    assertEquals(await Deno.readFile(join(outputDir, name)), bytes);
  }
}

const ignore = Deno.build.os !== "linux" || Deno.build.arch !== "x86_64";

for (const html of [false, true]) {
  Deno.test({
    name: `installCuda() unpacks provider and library of the wheel from an index in ${
      html ? "HTML" : "JSON"
    }`,
    ignore,
    fn: () =>
      inFolder(async (folder) => {
        await using index = indexWith();
        index.faults.html = html;
        const outputDir = join(folder, "out");
        const installed = await installCuda({ index: index.address, outputDir });
        assertEquals(installed.providers, providers.map((name) => join(outputDir, name)));
        assertEquals(installed.library, join(outputDir, library));
        await assertInstalled(outputDir);
      }),
  });
}

Deno.test({
  name:
    "installCuda() goes on where the connection was cut, and begins anew where there are no ranges",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      for (const ignoreRange of [false, true]) {
        await using index = indexWith();
        index.faults.cutAfter = 50_000;
        index.faults.ignoreRange = ignoreRange;
        const outputDir = join(folder, String(ignoreRange));
        await installCuda({ index: index.address, outputDir });
        assertEquals(index.ranges, [null, "bytes=50000-"]);
        await assertInstalled(outputDir);
      }
    }),
});

Deno.test({
  name: "installCuda() installs nothing of a wheel whose SHA-256 is another than the index says",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      await using index = indexWith();
      index.faults.wrongHash = true;
      const options = { index: index.address, outputDir: join(folder, "out") };
      await assertRejects(() => installCuda(options), SyntaxError, "sha256 checksum must be");
      assertEquals(await Array.fromAsync(Deno.readDir(options.outputDir)), []);
    }),
});

Deno.test({
  name:
    "installCuda() keeps an earlier provider unless it is told, and finishes a stopped installation",
  ignore,
  fn: () =>
    inFolder(async (folder) => {
      await using index = indexWith();
      const options = { index: index.address, outputDir: folder };
      await installCuda(options);
      const provider = join(folder, providers[1]!);
      await Deno.writeTextFile(provider, "another");
      await assertRejects(() => installCuda(options), Deno.errors.AlreadyExists, "--overwrite");
      assertEquals(await Deno.readTextFile(provider), "another");
      await installCuda({ ...options, overwrite: true });
      await assertInstalled(folder);
      // As a process leaves it that is killed between two files.
      await Deno.remove(provider);
      await installCuda(options);
      await assertInstalled(folder);
      // As one leaves it that is killed after its last file, before the wheel is removed.
      const name = `onnxruntime_gpu-${ortVersion()}-cp312-cp312-manylinux_2_28_x86_64.whl`;
      await Deno.writeFile(join(folder, name), index.wheel(name));
      await installCuda(options);
      await assertInstalled(folder);
    }),
});

Deno.test({
  name: "installCuda() says which versions an index has, and when it is none",
  ignore,
  fn: () =>
    inFolder(async (outputDir) => {
      await using index = indexWith("1.2.3");
      const other = await assertRejects(
        () => installCuda({ index: index.address, outputDir }),
        TypeError,
      );
      assertStringIncludes((other as Error).message, `onnxruntime-gpu ${ortVersion()} for linux`);
      assertStringIncludes((other as Error).message, "found 1.2.3");
      await assertRejects(
        () => installCuda({ index: `${index.address}/none`, outputDir }),
        TypeError,
        "status 404",
      );
      await assertRejects(
        () => installCuda({ index: "http://127.0.0.1:1/simple", outputDir }),
        Error,
        "name a mirror by --index",
      );
    }),
});

Deno.test("providerBuild() knows the systems that wheels are built for, and chooseWheel() takes theirs", async () => {
  await using index = indexWith();
  const wheels = await listWheels("onnxruntime-gpu", { index: index.address });
  const windows = providerBuild("1.30.0", "windows", "x86_64");
  assert(chooseWheel(wheels, ortVersion(), windows).name.endsWith("win_amd64.whl"));
  const error = await assertRejects(() =>
    Promise.try(() => providerBuild("1.30.0", "darwin", "aarch64"))
  );
  assertStringIncludes((error as Error).message, "found darwin aarch64");
});
