import { assert, assertEquals } from "@std/assert";
import { readJpegSize } from "../../../../core/data/decode/jpeg_header.ts";
import { sharp } from "../../../../core/deps/sharp.ts";

const FOLDER = new URL("../../../../fixtures/images/", import.meta.url).pathname;

const files = Array.from(Deno.readDirSync(FOLDER), ({ name }) => name)
  .filter((name) => /\.(jpe?g|png|gif|webp|avif|tiff?|bmp)$/.test(name)).sort();

Deno.test("readJpegSize() reads the size that the decoder reads, or none", async () => {
  let plain = 0;
  for (const name of files) {
    const bytes = await Deno.readFile(FOLDER + name);
    const size = readJpegSize(bytes);
    if (size === undefined) continue;
    plain++;
    const { autoOrient, format, space, orientation = 1 } = await sharp(bytes).metadata();
    assertEquals({ ...size }, { width: autoOrient.width, height: autoOrient.height }, name);
    assertEquals([format, space, orientation], ["jpeg", "srgb", 1], name);
  }
  assert(plain > 0, `none of ${files.join(", ")} is a plain JPEG file`);
});

function jpeg(): ReturnType<typeof sharp> {
  return sharp({ create: { width: 37, height: 23, channels: 3, background: "teal" } }).jpeg();
}

Deno.test("readJpegSize() reads baseline and progressive files, with and without a colour profile", async () => {
  for (
    const image of [
      jpeg(),
      jpeg().jpeg({ progressive: true, chromaSubsampling: "4:4:4" }),
      jpeg().withIccProfile("p3"),
    ]
  ) {
    assertEquals(readJpegSize(await image.toBuffer()), { width: 37, height: 23 });
  }
});

Deno.test("readJpegSize() leaves to the decoder what it cannot be sure of", async () => {
  const others = {
    gray: jpeg().toColourspace("b-w"),
    cmyk: jpeg().toColourspace("cmyk"),
    turned: jpeg().withMetadata({ orientation: 6 }),
    described: jpeg().withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'),
    png: jpeg().png(),
  };
  for (const [name, image] of Object.entries(others)) {
    assertEquals(readJpegSize(await image.toBuffer()), undefined, name);
  }
});

Deno.test("readJpegSize() gives no size for a header that is cut off or nonsense", async () => {
  const whole = new Uint8Array(await jpeg().toBuffer());
  const find = (marker: number) =>
    whole.findIndex((byte, i) => byte === 0xff && whole[i + 1] === marker);
  const frame = find(0xc0);
  for (let length = 0; length < find(0xda) + 4; length++) {
    assertEquals(readJpegSize(whole.subarray(0, length)), undefined, `${length} bytes`);
  }
  const deep = whole.slice();
  deep[frame + 4] = 12;
  assertEquals(readJpegSize(deep), undefined);
  const flat = whole.slice();
  flat.fill(0, frame + 5, frame + 7);
  assertEquals(readJpegSize(flat), undefined);
});
