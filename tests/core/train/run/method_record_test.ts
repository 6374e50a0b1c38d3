import { assertEquals } from "@std/assert";
import { checkMethod, loadMethodByName } from "../../../../core/method/load.ts";
import { methodChanges, recordMethod } from "../../../../core/train/run/method_record.ts";
import { bundledMethods } from "../../../../plugins/mod.ts";
import simsiam from "../../../../plugins/simsiam/mod.ts";

Deno.test("recordMethod() records name, address and digests, of an object those that it has", async () => {
  const named = recordMethod(await loadMethodByName("simsiam", bundledMethods));
  assertEquals([named.method, named.address, named.sourceSha256?.length], [
    "simsiam",
    "simsiam",
    64,
  ]);
  const object = recordMethod(checkMethod(simsiam, "simsiam"));
  assertEquals(Object.keys(object), ["method", "manifestSha256"]);
  assertEquals(object.manifestSha256, named.manifestSha256);
});

Deno.test("methodChanges() says what is another, and nothing of what is not known", () => {
  const before = { method: "m", address: "m", manifestSha256: "1", sourceSha256: "a".repeat(64) };
  assertEquals(methodChanges(before, before, "M"), []);
  assertEquals(methodChanges({}, before, "M"), []);
  assertEquals(methodChanges(before, { method: "m" }, "M"), []);
  assertEquals(
    methodChanges(before, { ...before, address: "x", sourceSha256: "b".repeat(64) }, "M"),
    [
      "The run began with M from m, found x",
      "The code of M has changed since the checkpoint was written (SHA-256 aaaaaaaaaaaa, found bbbbbbbbbbbb)",
    ],
  );
  assertEquals(methodChanges(before, { ...before, manifestSha256: "2" }, "M"), [
    "The manifest of M has changed since the checkpoint was written",
  ]);
});
