import { assertEquals, assertRejects } from "@std/assert";
import { openTensors } from "../../../core/weights/open_tensors.ts";
import { openPth } from "../../../core/weights/pth.ts";
import { openSafetensors } from "../../../core/weights/safetensors.ts";
import { randomAccessOf } from "../../../core/files/random_access.ts";

const GOLDEN = new URL("../../../fixtures/golden/", import.meta.url).pathname;

Deno.test("openTensors() tells a file's format by its first bytes", async () => {
  using reference = await openTensors(`${GOLDEN}pth_types.safetensors`);
  const expected = await reference.read("double");
  for (const name of ["pth_types.safetensors", "pth_types.pth", "pth_types_legacy.pth"]) {
    const bytes = await Deno.readFile(GOLDEN + name);
    using file = await openTensors(randomAccessOf("weights.bin", bytes));
    assertEquals(await file.read("double"), expected, name);
  }
});

Deno.test("openTensors() closes the file of an unknown format and names it", async () => {
  let closed = 0;
  const source = randomAccessOf("picture.png", new Uint8Array(100).fill(7));
  await assertRejects(
    () => openTensors({ ...source, [Symbol.dispose]: () => void closed++ }),
    SyntaxError,
    "Cannot read picture.png: ",
  );
  assertEquals(closed, 1);
});

function bytesOf(header: unknown, data: number): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

Deno.test("openTensors() names what people have in place of weights", async () => {
  const others: Readonly<Record<string, string>> = {
    "version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 3\n":
      "found a Git LFS pointer",
    "<!doctype html><html>": "found an HTML page",
    "\ufeff\n<!DOCTYPE HTML>\n<html lang=en>": "found an HTML page",
    '<?xml version="1.0"?><Error/>': "found XML",
    '{"error":"Repository not found"}': "found JSON",
  };
  for (const [text, found] of Object.entries(others)) {
    const bytes = new TextEncoder().encode(text);
    for (const open of [openTensors, openSafetensors, openPth]) {
      await assertRejects(
        () => open(randomAccessOf("model.safetensors", bytes)),
        SyntaxError,
        `Cannot read model.safetensors: it must hold weights, ${found}`,
      );
    }
  }
});

Deno.test("openTensors() takes a header whose length reads as JSON for what it is", async () => {
  // Its length begins with the bytes of `{"`.
  const text = JSON.stringify({ __metadata__: { note: "" } });
  const note = "x".repeat(0x227b - text.length);
  using file = await openTensors(randomAccessOf("a", bytesOf({ __metadata__: { note } }, 0)));
  assertEquals(file.names, []);
});

Deno.test("openTensors() reads a file with a tensor of a type that is not supported, but for that tensor", async () => {
  const header = {
    weight: { dtype: "U8", shape: [3], data_offsets: [0, 3] },
    scaled_fp8: { dtype: "F8_E4M3", shape: [2], data_offsets: [3, 5] },
  };
  using file = await openTensors(randomAccessOf("a.safetensors", bytesOf(header, 5)));
  assertEquals(file.names, ["weight"]);
  assertEquals((await file.read("weight")).shape, [3]);
  assertEquals([file.has("scaled_fp8"), [...file.unreadable.keys()]], [false, ["scaled_fp8"]]);
  await assertRejects(
    () => file.read("scaled_fp8"),
    TypeError,
    'Cannot read tensor "scaled_fp8" of a.safetensors: its element type must be one of BOOL,',
  );
});
