import { assert, assertEquals } from "@std/assert";
import { byteSize } from "../../../core/engine/graph/dtype.ts";
import { elementCount } from "../../../core/engine/graph/shape.ts";
import { bytesOf, type Tensor } from "../../../core/engine/graph/tensor.ts";
import { RandomStream } from "../../../core/engine/random/random_stream.ts";
import { readNpy } from "../../../core/weights/npy.ts";
import { openTensors } from "../../../core/weights/open_tensors.ts";
import { type RandomAccess, randomAccessOf } from "../../../core/files/random_access.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";
import type { TensorFile } from "../../../core/weights/tensor_file.ts";
import { mutate } from "./mutations.ts";

const GOLDEN = new URL("../../../fixtures/golden/", import.meta.url).pathname;

/** What every refusal says: a rule, or what a value is instead of a tensor. */
const REFUSAL = /^Cannot .*( must | is not known here| its storage is | its element type is )/s;

/** Files of each format to damage. */
async function seeds(): Promise<Record<"safetensors" | "pth" | "npy", Uint8Array[]>> {
  const read = (names: readonly string[]) =>
    Promise.all(names.map((name) => Deno.readFile(GOLDEN + name)));
  const { tensors } = await readSafetensors(`${GOLDEN}npy_format.safetensors`);
  return {
    safetensors: await read(["safetensors_format.safetensors", "pth_views.safetensors"]),
    pth: await read(
      ["types", "types_legacy", "views", "views_legacy", "state_dict", "protocol4", "nested"]
        .concat(["checkpoint", "opaque", "zip64"]).map((name) => `pth_${name}.pth`),
    ),
    npy: [...tensors].filter(([name]) => !name.endsWith(".value"))
      .map(([, value]) => value.data as Uint8Array),
  };
}

/** A source that counts what is read of it. */
function counted(bytes: Uint8Array): RandomAccess & { readonly total: number } {
  const source = randomAccessOf("damaged", bytes);
  let total = 0;
  return {
    ...source,
    get total() {
      return total;
    },
    read(position, length) {
      assert(Number.isSafeInteger(position) && Number.isSafeInteger(length), "not a range");
      total += length;
      return source.read(position, length);
    },
  };
}

function assertRefusal(error: unknown): void {
  const known = [SyntaxError, TypeError, RangeError].some((type) => error instanceof type);
  if (!known || !REFUSAL.test((error as Error).message)) throw error;
  const { length } = (error as Error).message;
  assert(length < 2000, `a message of ${length} characters`);
}

function assertWhole({ dtype, shape, data }: Tensor, fileBytes: number): void {
  assertEquals(data.length, elementCount(shape));
  assertEquals(data.byteLength, elementCount(shape) * byteSize(dtype));
  assert(data.byteLength <= 16 * fileBytes, `${data.byteLength} bytes of ${fileBytes}`);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Reads every tensor; each is what lies where the file says. */
async function readAll(file: TensorFile, bytes: Uint8Array): Promise<void> {
  const characters = file.names.reduce((sum, name) => sum + name.length, 0);
  assert(characters <= 16 * bytes.length + 4096, `names of ${characters} characters`);
  for (const name of file.names) {
    try {
      const value = await file.read(name);
      assertWhole(value, bytes.length);
      const offset = file.offset(name);
      if (offset === undefined) continue;
      const found = bytesOf(value);
      assert(sameBytes(found, bytes.subarray(offset, offset + found.length)), name);
    } catch (error) {
      assertRefusal(error);
    }
  }
}

async function readDamaged(format: string, bytes: Uint8Array): Promise<void> {
  const source = counted(bytes);
  if (format === "npy") return assertWhole(await readNpy(source), bytes.length);
  using file = await openTensors(source);
  assert(source.total <= 8 * bytes.length + 4096, `${source.total} bytes were read to open it`);
  await readAll(file, bytes);
}

/** Reads so many damaged files of a format; gives how many were accepted. */
async function fuzz(
  format: keyof Awaited<ReturnType<typeof seeds>>,
  count: number,
): Promise<number> {
  const files = (await seeds())[format];
  let accepted = 0;
  for (let i = 0; i < count; i++) {
    const random = new RandomStream(7, "fuzz", format, i);
    const bytes = mutate(files[random.integer(files.length)]!, random);
    try {
      await readDamaged(format, bytes);
      accepted++;
    } catch (error) {
      try {
        assertRefusal(error);
      } catch (cause) {
        throw new Error(`damaged ${format} file ${i} of ${bytes.length} bytes`, { cause });
      }
    }
  }
  return accepted;
}

Deno.test("openTensors() refuses 50,000 damaged PyTorch files, or reads what they hold", async () => {
  const accepted = await fuzz("pth", 50_000);
  assert(accepted > 5000 && accepted < 45_000, `${accepted} were accepted`);
});

Deno.test("openTensors() refuses 30,000 damaged safetensors files, or reads what they hold", async () => {
  const accepted = await fuzz("safetensors", 30_000);
  assert(accepted > 1000 && accepted < 29_000, `${accepted} were accepted`);
});

Deno.test("readNpy() refuses 20,000 damaged files, or reads what they hold", async () => {
  const accepted = await fuzz("npy", 20_000);
  assert(accepted > 500 && accepted < 19_000, `${accepted} were accepted`);
});
