import { assertEquals, assertRejects } from "@std/assert";
import { openTensors } from "../../../core/weights/open_tensors.ts";
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
