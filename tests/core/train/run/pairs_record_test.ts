import { assertEquals, assertRejects } from "@std/assert";
import { sharp } from "../../../../core/deps/sharp.ts";
import { filled, float32, tensor } from "../../../../core/engine/graph/tensor.ts";
import { drawPairs } from "../../../../core/train/run/pairs_picture.ts";
import { readPairsRecord, recordPairs } from "../../../../core/train/run/pairs_record.ts";
import { inFolder } from "../../../in_folder.ts";

const PIXELS = Uint8Array.from({ length: 2 * 32 * 32 * 3 }, (_, i) => (7 * i) % 256);

const JUDGED = {
  epoch: 3,
  pictures: [filled("uint8", [2, 32, 32, 3], 200), tensor("uint8", [2, 32, 32, 3], PIXELS)],
  maps: [filled("float32", [2, 4], 0.5), float32([2, 4], [0, 1, 0, 1, 1, 0, 1, 0])],
  grid: [2, 2],
  foreground: Float32Array.of(0.75, 0.5),
  background: Float32Array.of(0.5, 0.25),
  weights: Float32Array.of(1.25, 0.75),
} as const;

Deno.test("recordPairs() says where the views lie in the picture, from which they are had again", async () => {
  const { pairs } = recordPairs(JUDGED);
  assertEquals(pairs.map(({ weight }) => weight), [1.25, 0.75]);
  const { views: [, place], maps: [, map] } = pairs[1]!;
  const png = await drawPairs(JUDGED);
  const cut = async (at: typeof place, size: number) =>
    new Uint8Array(
      await sharp(png).extract(at).resize(size, size, { kernel: "nearest" }).removeAlpha().raw()
        .toBuffer(),
    );
  assertEquals(await cut(place, 32), PIXELS.slice(32 * 32 * 3));
  assertEquals([...await cut(map, 2)], [255, 0, 255, 0].flatMap((value) => [value, value, value]));
});

Deno.test("readPairsRecord() reads what was recorded, and refuses what is none", () =>
  inFolder(async (folder) => {
    const path = `${folder}/epoch-3.json`;
    assertEquals(await readPairsRecord(path), undefined);
    const record = recordPairs(JUDGED);
    await Deno.writeTextFile(path, JSON.stringify(record));
    assertEquals(await readPairsRecord(path), record);
    await Deno.writeTextFile(path, JSON.stringify({ ...record, pairs: [{ weight: 1 }] }));
    await assertRejects(() => readPairsRecord(path), TypeError, "epoch-3.json");
  }));
