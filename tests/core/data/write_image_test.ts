import { assert, assertEquals, assertRejects } from "@std/assert";
import { sharp } from "../../../core/deps/sharp.ts";
import { openImage } from "../../../core/data/decode/encoded_image.ts";
import { encodeImage, writeImage } from "../../../core/data/write_image.ts";
import { filled, tensor } from "../../../core/engine/graph/tensor.ts";
import { inFolder } from "../../in_folder.ts";

const DATA = Uint8Array.from({ length: 12 * 8 * 3 }, (_, i) => (i * 5) % 256);

Deno.test("writeImage() writes PNG without loss, and JPEG by the extension", () =>
  inFolder(async (folder) => {
    const image = tensor("uint8", [8, 12, 3], DATA);
    await writeImage(`${folder}/a.png`, image);
    await writeImage(`${folder}/b.JPG`, { width: 12, height: 8, data: DATA }, { quality: 80 });
    const png = await (await openImage(await Deno.readFile(`${folder}/a.png`), "a")).decode();
    assertEquals([png.width, png.height, png.data], [12, 8, DATA]);
    const jpeg = await Deno.readFile(`${folder}/b.JPG`);
    assertEquals([...jpeg.subarray(0, 3)], [0xff, 0xd8, 0xff]);
    await assertRejects(() => writeImage(`${folder}/a.png`, image), Deno.errors.AlreadyExists);
    await writeImage(`${folder}/a.png`, image, { overwrite: true });
    assert((await encodeImage(image, { format: "jpeg", quality: 5 })).length < jpeg.length);
  }));

Deno.test("writeImage() and encodeImage() refuse what is no image", async () => {
  const image = filled("uint8", [4, 4, 3], 1);
  await assertRejects(() => writeImage("a.gif", image), TypeError, 'found "gif"');
  await assertRejects(() => writeImage("a/b.c/gif", image), TypeError, "found none");
  await assertRejects(
    () => encodeImage(filled("uint8", [4, 4], 1)),
    TypeError,
    "found uint8 [4, 4]",
  );
  const short = { width: 3, height: 3, data: new Uint8Array(26) };
  await assertRejects(() => encodeImage(short), RangeError, "found 26");
  const quality = () => encodeImage(image, { format: "jpeg", quality: 0 });
  await assertRejects(quality, RangeError, "from 1 to 100, found 0");
});

Deno.test("encodeImage() writes one channel as a grey PNG file", async () => {
  const grey = tensor("uint8", [1, 2, 1], Uint8Array.of(0, 200));
  const bytes = await encodeImage(grey);
  const { channels, width, height } = await sharp(bytes).metadata();
  assertEquals([channels, width, height], [1, 2, 1]);
});
