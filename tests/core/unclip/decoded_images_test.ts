import { assertEquals } from "@std/assert";
import { float32, tensor } from "../../../core/engine/graph/tensor.ts";
import type { Session } from "../../../core/engine/ort/mod.ts";
import { DecodedImages } from "../../../core/unclip/decoded_images.ts";
import { loadCopies } from "../../../core/unclip/network_copies.ts";

/** A decoder of two rows, whose images are a pixel of what its latents are; it overflows from a number on. */
function decoderOf(limit: number, seen: number[][]): Session {
  const run = ({ latents }: { latents: { data: Float32Array } }) => {
    const rows = [...latents.data];
    seen.push(rows);
    return Promise.resolve({
      images: tensor("uint8", [2, 1, 1, 1], Uint8Array.from(rows)),
      check: float32([2], rows.map((row) => row < limit ? 0 : NaN)),
    });
  };
  const outputs = [{ name: "images", dtype: "uint8", shape: [2, 1, 1, 1] }];
  return { run, outputs } as unknown as Session;
}

Deno.test("DecodedImages decodes as many rows together as its decoder takes, again where they overflow, and none that have failed", async () => {
  const [seen, seenAgain]: number[][][] = [[], []];
  const decoder = decoderOf(5, seen!);
  const wide = decoderOf(9, seenAgain!);
  const decoded = new DecodedImages(9, decoder, () => Promise.resolve(wide));
  for (const row of [3, 4, 8]) decoded.fail(row, "UNet");
  await decoded.decode(float32([2, 1, 1, 1], [1, 2]), 0, decoder);
  await decoded.decode(float32([7, 1, 1, 1], [5, 1, 1, 3, 9, 4, 1]), 2, decoder);
  assertEquals(seen, [[1, 2], [5, 1], [1, 3], [9, 4]]);
  assertEquals(seenAgain, [[5, 1], [9, 4]]);
  const { images, failures, widened } = decoded.result;
  assertEquals([...images.data], [1, 2, 5, 0, 0, 3, 0, 4, 0]);
  assertEquals(failures, new Map([[3, "UNet"], [4, "UNet"], [8, "UNet"], [6, "VAE"]]));
  assertEquals(widened, [2, 6]);
});

Deno.test("loadCopies() loads one session of one thread for all copies, and each of several threads for itself", async () => {
  const loaded: (number | undefined)[] = [];
  const load = (threads: number | undefined) => Promise.resolve(loaded.push(threads));
  assertEquals(await loadCopies({ count: 3, threads: 1 }, load), [1, 1, 1]);
  assertEquals(await loadCopies({ count: 2, threads: 4 }, load), [2, 3]);
  assertEquals(loaded, [1, 4, 4]);
});
