import { assertEquals, assertThrows } from "@std/assert";
import { Handle } from "../../../../core/engine/ort/handle.ts";

/** A handle over memory that nothing native owns, and the count of its releases. */
function countedHandle(): { readonly handle: Handle; readonly released: () => number } {
  let releases = 0;
  const pointer = Deno.UnsafePointer.of(new Uint8Array(64))!;
  const release = () => void releases++;
  return {
    handle: new Handle({}, { name: "the thing", pointer, release }),
    released: () => releases,
  };
}

Deno.test("Handle releases once, however often it is closed", () => {
  const { handle, released } = countedHandle();
  assertEquals(released(), 0);
  handle.close();
  handle.close();
  assertEquals(released(), 1);
});

Deno.test("Handle refuses use after it is closed", () => {
  const { handle } = countedHandle();
  handle.close();
  assertThrows(
    () => handle.pointer,
    TypeError,
    "Cannot use the thing: it must not be disposed yet, found it disposed",
  );
});

Deno.test("Handle releases only when nothing retains it any more", () => {
  const { handle, released } = countedHandle();
  handle.retain();
  handle.retain();
  handle.close();
  handle.drop();
  assertEquals(released(), 0);
  handle.drop();
  assertEquals(released(), 1);
});

Deno.test("Handle stays open when what retained it lets go", () => {
  const { handle, released } = countedHandle();
  handle.retain();
  handle.drop();
  assertEquals([released(), handle.closed], [0, false]);
  handle.close();
});
