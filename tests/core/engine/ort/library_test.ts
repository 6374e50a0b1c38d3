import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { packagedLibrary } from "../../../../core/engine/ort/library.ts";

const SYSTEMS = [
  ["linux", "x86_64"],
  ["linux", "aarch64"],
  ["darwin", "aarch64"],
  ["windows", "x86_64"],
  ["windows", "aarch64"],
] as const;

/** Runs code that uses the folder in a process of its own, with the permissions and variables given. */
async function runApart(
  code: string,
  permissions: readonly string[],
  env: Record<string, string> = {},
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const module = import.meta.resolve("../../../../core/engine/ort/mod.ts");
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(path, `import * as ort from "${module}";\n${code}`);
    const result = await new Deno.Command(Deno.execPath(), {
      // Quietly: of packages that are loaded for the first time, Deno says that it does.
      args: ["run", "--quiet", "--no-check", "--no-prompt", ...permissions, path],
      env: { NO_COLOR: "1", ...env },
    }).output();
    const text = new TextDecoder();
    return {
      code: result.code,
      stdout: text.decode(result.stdout),
      stderr: text.decode(result.stderr),
    };
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("packagedLibrary() names a file that the package has, for every system that it serves", async () => {
  for (const [os, arch] of SYSTEMS) {
    const url = packagedLibrary(os, arch);
    assert(url !== undefined, `${os} ${arch}`);
    assert((await Deno.stat(url)).isFile, `${os} ${arch}`);
  }
});

Deno.test("packagedLibrary() answers nothing for a system that the package does not serve", () => {
  assertEquals(packagedLibrary("darwin", "x86_64"), undefined);
});

Deno.test("importing the folder opens nothing and needs no permission", async () => {
  const { code, stderr } = await runApart("ort.parseDevice('cpu');", []);
  assertEquals([code, stderr], [0, ""]);
});

Deno.test("openLibrary() needs the permission for FFI alone", async () => {
  const { stdout, stderr } = await runApart("console.log(ort.ortVersion());", ["--allow-ffi"]);
  assertMatch(stdout, /^\d+\.\d+\.\d+\n$/, stderr);
});

Deno.test("openLibrary() leaves a denied permission as it is", async () => {
  const { stderr } = await runApart("ort.ortVersion();", []);
  assertStringIncludes(stderr, "NotCapable");
});

Deno.test("openLibrary() takes the library that GENVIEW_ORT_LIBRARY names, and no other", async () => {
  const { stderr } = await runApart("ort.ortVersion();", ["--allow-ffi", "--allow-env"], {
    GENVIEW_ORT_LIBRARY: "/nowhere/libonnxruntime.so",
  });
  assertStringIncludes(stderr, "TypeError: Cannot open ONNX Runtime");
  assertStringIncludes(stderr, "  - useLibrary(): not called");
  assertStringIncludes(
    stderr,
    '  - environment variable GENVIEW_ORT_LIBRARY: "/nowhere/libonnxruntime.so"',
  );
});

Deno.test("useLibrary() goes before the environment variable", async () => {
  const { stderr } = await runApart(
    "ort.useLibrary('/elsewhere/libonnxruntime.so'); ort.ortVersion();",
    ["--allow-ffi", "--allow-env"],
    { GENVIEW_ORT_LIBRARY: "/nowhere/libonnxruntime.so" },
  );
  assertStringIncludes(stderr, '  - useLibrary("/elsewhere/libonnxruntime.so")');
});

Deno.test("useLibrary() refuses to replace a library in use", async () => {
  const { stderr } = await runApart("ort.ortVersion(); ort.useLibrary('/elsewhere.so');", [
    "--allow-ffi",
  ]);
  assertStringIncludes(stderr, "the library must be chosen before its first use");
});
