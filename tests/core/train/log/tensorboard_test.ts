import { assertEquals, assertThrows } from "@std/assert";
import { crc32c, maskedCrc32c } from "../../../../core/train/log/crc32c.ts";
import { frameRecord, TensorBoardLog } from "../../../../core/train/log/tensorboard.ts";
import { readSafetensors } from "../../../../core/weights/safetensors.ts";

const GOLDEN = new URL(
  "../../../../fixtures/golden/tensorboard_events.safetensors",
  import.meta.url,
);

interface Golden {
  readonly records: Uint8Array[];
  readonly values: number[];
  readonly steps: number[];
  readonly times: number[];
  readonly png: Uint8Array;
}

/** The records of a TFRecord file, with both checksums of each verified. */
function recordsOf(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const records: Uint8Array[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(view.getBigUint64(at, true));
    assertEquals(view.getUint32(at + 8, true), maskedCrc32c(file.subarray(at, at + 8)));
    const record = file.slice(at + 12, at + 12 + length);
    assertEquals(view.getUint32(at + 12 + length, true), maskedCrc32c(record));
    records.push(record);
    at += length + 16;
  }
  return records;
}

async function readGolden(): Promise<Golden> {
  const { tensors } = await readSafetensors(GOLDEN.pathname);
  const numbers = (name: string) => Array.from(tensors.get(name)!.data, Number);
  return {
    records: recordsOf(Uint8Array.from(numbers("file"))),
    values: numbers("scalar_values"),
    steps: numbers("scalar_steps"),
    times: numbers("scalar_times"),
    png: Uint8Array.from(numbers("image_png")),
  };
}

async function writtenBy(
  use: (folder: string) => TensorBoardLog,
): Promise<{ path: string; records: Uint8Array[] }> {
  const folder = await Deno.makeTempDir();
  try {
    const { path } = use(folder);
    return { path, records: recordsOf(await Deno.readFile(path)) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("TensorBoardLog writes the very records that PyTorch's writer makes", async () => {
  const golden = await readGolden();
  const tags = [
    "train/loss",
    "train/loss",
    "train/größe",
    "train/loss",
    "train/loss",
    "train/loss",
  ];
  const clock = [1700000000, 1700000000, 1700000000, ...golden.times, 1700000006];
  const { records } = await writtenBy((folder) => {
    using log = new TensorBoardLog(folder, { resumeAt: 7, now: () => clock.shift()! });
    golden.values.forEach((value, i) => log.scalars(golden.steps[i]!, { [tags[i]!]: value }));
    log.image(300, "views", golden.png);
    return log;
  });
  const [version, restart, ...values] = records;
  // The reference's first event goes on with the name of its writer, and it states its version twice.
  assertEquals(version, golden.records[0]!.slice(0, version!.length));
  assertEquals(restart, golden.records[2]);
  assertEquals(values, golden.records.slice(3));
  assertEquals(values.length, 7);
});

Deno.test("TensorBoardLog puts values of one step into one event", async () => {
  const { records } = await writtenBy((folder) => {
    using log = new TensorBoardLog(folder, { now: () => 0 });
    log.scalars(1, { a: 1, b: -2 });
    return log;
  });
  assertEquals(records.length, 2);
  const value = (
    tag: string,
    high: number[],
  ) => [10, 8, 10, 1, tag.charCodeAt(0), 21, 0, 0, ...high];
  assertEquals(
    [...records[1]!],
    [
      9,
      ...new Array(8).fill(0),
      16,
      1,
      42,
      20,
      ...value("a", [0x80, 0x3f]),
      ...value("b", [0, 0xc0]),
    ],
  );
});

Deno.test("TensorBoardLog starts a file of its own by a name that TensorBoard looks for", async () => {
  const first = await writtenBy((folder) => {
    using log = new TensorBoardLog(`${folder}/new/run`, { now: () => 1700000000.9 });
    return log;
  });
  assertEquals(/\/new\/run\/events\.out\.tfevents\.1700000000\.[^/]+$/.test(first.path), true);
  assertEquals(first.records.length, 1);
});

Deno.test("TensorBoardLog rejects steps and images that it cannot write", async () => {
  const golden = await readGolden();
  const { records } = await writtenBy((folder) => {
    using log = new TensorBoardLog(folder);
    assertThrows(() => log.scalars(-1, { a: 1 }), RangeError, "found -1");
    assertThrows(() => log.scalars(0.5, { a: 1 }), RangeError, "found 0.5");
    assertThrows(() => new TensorBoardLog(folder, { resumeAt: NaN }), RangeError, "found NaN");
    for (const bytes of [golden.png.subarray(0, 20), golden.png.subarray(1), new Uint8Array(50)]) {
      assertThrows(() => log.image(1, "views", bytes), TypeError, 'image "views"');
    }
    return log;
  });
  assertEquals(records.length, 1);
});

Deno.test("frameRecord() stores the length before the bytes and a checksum after each", () => {
  const framed = frameRecord(Uint8Array.of(1, 2, 3));
  assertEquals(framed.length, 19);
  assertEquals([...framed.subarray(0, 8)], [3, 0, 0, 0, 0, 0, 0, 0]);
  assertEquals(recordsOf(framed), [Uint8Array.of(1, 2, 3)]);
  assertEquals(crc32c(framed.subarray(12, 15)), 0xf130f21e);
});

Deno.test("TensorBoardLog writes hyper-parameters as PyTorch's writer does", async () => {
  const golden = new URL("../../../../fixtures/golden/tensorboard_hparams", import.meta.url);
  const { values } = JSON.parse(await Deno.readTextFile(`${golden.pathname}.json`));
  const { tensors } = await readSafetensors(`${golden.pathname}.safetensors`);
  const { records } = await writtenBy((folder) => {
    using log = new TensorBoardLog(folder, { now: () => 1700000000 });
    log.hyperParameters(values);
    return log;
  });
  assertEquals(records[1], Uint8Array.from(tensors.get("event")!.data, Number));
});
