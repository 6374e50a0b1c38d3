import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Shape } from "../../../../core/engine/graph/shape.ts";
import {
  type PatchGrid,
  sineCosinePositions,
} from "../../../../core/engine/nn/sine_cosine_positions.ts";
import { RandomStream } from "../../../../core/engine/random/random_stream.ts";
import { readSafetensors } from "../../../../core/weights/safetensors.ts";
import { relativeError } from "./relative_error.ts";

const GOLDEN = new URL(
  "../../../../fixtures/golden/network_sine_cosine.safetensors",
  import.meta.url,
).pathname;

function embed(grid: PatchGrid, shape: Shape): Float32Array<ArrayBuffer> {
  return sineCosinePositions(grid)(shape, new RandomStream(0));
}

for (const [rows, columns] of [[4, 4], [2, 3]] as const) {
  Deno.test(`sineCosinePositions() gives timm's table in MoCo v3's order for ${rows}x${columns}`, async () => {
    const { tensors } = await readSafetensors(GOLDEN);
    const table = embed({ rows, columns }, [1, rows * columns + 1, 16]);
    assert(table.subarray(0, 16).every((value) => value === 0), "the class token's row");
    const expected = tensors.get(`${rows}x${columns}`)!;
    assertEquals(expected.shape, [rows * columns, 16]);
    const error = relativeError(table.subarray(16), expected.data);
    assert(error < 1e-6, `differs by ${error} of its norm`);
  });
}

Deno.test("sineCosinePositions() refuses shapes that do not fit", () => {
  for (const shape of [[1, 5, 6], [1, 4, 8]]) {
    assertThrows(() => embed({ rows: 2, columns: 2 }, shape), RangeError, "must be [1,5,width]");
  }
});
