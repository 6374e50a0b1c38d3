import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ORT_VERSION } from "../../../../core/deps/onnxruntime.ts";
import {
  availableProviders,
  environment,
  ortLibraryPath,
  ortVersion,
} from "../../../../core/engine/ort/environment.ts";

Deno.test("environment() is made once", () => {
  assert(environment() === environment());
});

Deno.test("ortVersion() is the version of the npm package", () => {
  assertEquals(ortVersion(), ORT_VERSION);
});

Deno.test("ortLibraryPath() is the path of a file", async () => {
  assert((await Deno.stat(ortLibraryPath())).isFile);
  assertStringIncludes(ortLibraryPath(), "onnxruntime");
});

Deno.test("availableProviders() lists the CPU", () => {
  assert(availableProviders().includes("CPUExecutionProvider"));
});
