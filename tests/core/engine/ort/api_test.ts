import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { bindApi, finish, obtain } from "../../../../core/engine/ort/api.ts";
import { environment } from "../../../../core/engine/ort/environment.ts";
import { OrtError } from "../../../../core/engine/ort/error.ts";
import { openLibrary } from "../../../../core/engine/ort/library.ts";
import { cString } from "../../../../core/engine/ort/c_values.ts";

Deno.test("bindApi() reads the version and binds every function", () => {
  const { api, version } = bindApi(openLibrary());
  assertMatch(version, /^\d+\.\d+\.\d+$/);
  assertEquals(Object.values(api).every((call) => typeof call === "function"), true);
});

Deno.test("obtain() throws what the call reports", () => {
  const { api } = environment();
  assertThrows(
    () =>
      obtain(
        api,
        "describe the memory of a toaster",
        (out) => api.CreateMemoryInfo(cString("Toaster"), 0, 0, 0, out),
      ),
    OrtError,
    "Cannot describe the memory of a toaster: ",
  );
});

Deno.test("finish() throws what a call on another thread reports", async () => {
  const { api } = environment();
  // Any failure serves: this one is a status made on this thread.
  const status = api.CreateMemoryInfo(cString("Toaster"), 0, 0, 0, new BigUint64Array(1));
  await assertRejects(
    () => finish(api, "wait", Promise.resolve(status), undefined),
    OrtError,
    "Cannot wait: ",
  );
  await finish(api, "wait", Promise.resolve(null), undefined);
});
