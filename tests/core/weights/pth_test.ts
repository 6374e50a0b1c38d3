import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { bytesOf } from "../../../core/engine/graph/tensor.ts";
import { openPth } from "../../../core/weights/pth.ts";
import { type RandomAccess, randomAccessOf } from "../../../core/files/random_access.ts";
import { readSafetensors } from "../../../core/weights/safetensors.ts";

const GOLDEN = new URL("../../../fixtures/golden/", import.meta.url).pathname;

/** Compares all that a file of torch.save holds with what torch says that it holds. */
async function assertReads(name: string, root?: string): Promise<void> {
  const { tensors } = await readSafetensors(`${GOLDEN}pth_${name}.safetensors`);
  const bytes = await Deno.readFile(`${GOLDEN}pth_${name}.pth`);
  using file = await openPth(`${GOLDEN}pth_${name}.pth`, root === undefined ? {} : { root });
  assertEquals(new Set(file.names), new Set(tensors.keys()), name);
  for (const [tensorName, expected] of tensors) {
    const { dtype, shape } = expected;
    assertEquals(file.type(tensorName), { dtype, shape });
    assertEquals(await file.read(tensorName), expected, `${name}: ${tensorName}`);
    const offset = file.offset(tensorName);
    if (offset === undefined) continue;
    const wanted = bytesOf(expected);
    assertEquals(new Uint8Array(bytes.subarray(offset, offset + wanted.length)), wanted);
  }
}

Deno.test("openPth() reads every element type from a zip archive and from the older format", async () => {
  await assertReads("types");
  await assertReads("types_legacy");
});

Deno.test("openPth() reads views of one storage: offsets, strides, repeats, empty ones", async () => {
  await assertReads("views");
  await assertReads("views_legacy");
});

Deno.test("openPth() reads a module's state dict and parameters, by protocols 2 and 4", async () => {
  await assertReads("state_dict");
  await assertReads("protocol4");
});

Deno.test("openPth() reads archives with zip64's fields", async () => {
  await assertReads("zip64");
});

Deno.test("openPth() names tensors in nested dictionaries and lists by their paths", async () => {
  await assertReads("nested", "");
  await assertReads("checkpoint", "");
});

Deno.test("openPth() names tensors from the state dict on when there is one, or from where it is told", async () => {
  const path = `${GOLDEN}pth_checkpoint.pth`;
  using weights = await openPth(path);
  assertEquals(weights.names, ["backbone.weight", "backbone.bias", "steps"]);
  assertEquals([...weights.unreadable], []);
  using optimizer = await openPth(path, { root: "optimizer" });
  assertEquals(optimizer.names, ["state.0.exp_avg"]);
  await assertRejects(
    () => openPth(path, { root: "model" }),
    RangeError,
    `Cannot read ${path}: the file must have an entry "model", found a dictionary of 5 of meta, state_dict`,
  );
});

Deno.test("PthFile.offset() is undefined where elements do not follow each other", async () => {
  using file = await openPth(`${GOLDEN}pth_views.pth`);
  const inPieces = file.names.filter((name) => file.offset(name) === undefined);
  assertEquals(inPieces, ["transposed", "column", "block", "repeated", "channels_last"]);
  assertEquals(file.offset("tail")! - file.offset("base")!, 2 * 6 * 4);
  assertEquals(file.offset("base")! % 64, 0, "torch aligns storages");
});

Deno.test("PthFile names what it cannot read, and says so when it is asked for", async () => {
  const path = `${GOLDEN}pth_opaque.pth`;
  using file = await openPth(path);
  assertEquals(file.names, ["weight"]);
  const reasons = Object.fromEntries(file.unreadable);
  assertEquals(reasons["complex"], "its storage is a torch.ComplexFloatStorage");
  assertEquals(
    reasons["sparse"],
    "it is made by torch._utils._rebuild_sparse_tensor, which is not known here",
  );
  assertEquals(
    reasons["history"],
    "it is made by mmengine.logging.history_buffer.HistoryBuffer, which is not known here",
  );
  assertThrows(
    () => file.type("complex"),
    TypeError,
    `Cannot read tensor "complex" of ${path}: its storage is a torch.ComplexFloatStorage`,
  );
  await assertRejects(() => file.read("history"), TypeError, "HistoryBuffer");
  await assertRejects(() => file.read("wieght"), RangeError, 'did you mean "weight"?');
});

Deno.test("openPth() refuses compressed archives and says what to do", async () => {
  await assertRejects(
    () => openPth(`${GOLDEN}pth_compressed.pth`),
    SyntaxError,
    "found it compressed or encrypted: save the file again with torch.save",
  );
});

Deno.test("openPth() refuses every file that has been cut", async () => {
  for (const name of ["views", "views_legacy"]) {
    const bytes = await Deno.readFile(`${GOLDEN}pth_${name}.pth`);
    for (let length = 0; length < bytes.length; length += 7) {
      const error = await assertRejects(
        () => openPth(randomAccessOf("cut.pth", bytes.subarray(0, length))),
        SyntaxError,
      );
      assert(error.message.startsWith("Cannot read cut.pth: "), error.message);
    }
  }
});

function ascii(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

/** A file of these bytes followed by zeros, of which only what is read exists; counts it. */
function mostlyZeros(start: Uint8Array, size: number): RandomAccess & { readonly total: number } {
  let total = 0;
  return {
    path: "large.pth",
    size,
    get total() {
      return total;
    },
    read(position, length) {
      total += length;
      const bytes = new Uint8Array(length);
      bytes.set(start.subarray(position, position + length));
      return Promise.resolve(bytes);
    },
    [Symbol.dispose]() {},
  };
}

/** A file in the older format: magic number, protocol, system, the given pickle, and if it is used a storage of one float32. */
function legacyFile(pickle: readonly number[], used = false, elements = 1): Uint8Array {
  const start = [...Uint8Array.fromHex("80028a0a6cfc9c46f9206aa850192e80024de9032e80024e2e")];
  const keys = used ? [0x5d, 0x58, 1, 0, 0, 0, 0x30, 0x61, 0x2e] : [0x5d, 0x2e];
  const length = new Uint8Array(BigUint64Array.of(BigInt(elements)).buffer);
  const storage = used ? [...length, 0, 0, 0x80, 0x3f] : [];
  return Uint8Array.from([...start, ...pickle, 0x80, 2, ...keys, ...storage]);
}

function integer(value: number): number[] {
  return [0x4a, ...new Uint8Array(Int32Array.of(value).buffer)];
}

/** A tuple of 32-bit integers, as instructions of a pickle. */
function tuple(values: readonly number[]): number[] {
  return [0x28, ...values.flatMap(integer), 0x74];
}

/** A dictionary of one tensor, "a", that is a view of a storage. */
function viewPickle(
  shape: readonly number[],
  strides: readonly number[],
  offset = 0,
  elements = 1,
): number[] {
  return [
    ...[0x80, 2, 0x7d, 0x58, 1, 0, 0, 0, ...ascii("actorch._utils\n_rebuild_tensor_v2\n")],
    ...[0x28, 0x28, 0x58, 7, 0, 0, 0, ...ascii("storagectorch\nFloatStorage\n")],
    ...[0x58, 1, 0, 0, 0, ...ascii("0"), 0x58, 3, 0, 0, 0, ...ascii("cpu"), ...integer(elements)],
    ...[0x74, 0x51],
    ...[0x4b, offset, ...tuple(shape), ...tuple(strides), 0x89, 0x7d, 0x74, 0x52, 0x73, 0x2e],
  ];
}

Deno.test("openPth() runs nothing that a pickle names", async () => {
  // os.system("touch ..."), as a pickle calls it.
  const command = "touch /tmp/never";
  const pickle = [
    ...[0x80, 2, 0x7d, 0x58, 1, 0, 0, 0, 0x61],
    ...[...ascii("cos\nsystem\n"), 0x58, command.length, 0, 0, 0, ...ascii(command)],
    ...[0x85, 0x52, 0x73, 0x2e],
  ];
  using file = await openPth(randomAccessOf("evil.pth", legacyFile(pickle)));
  assertEquals(file.names, []);
  assertEquals([...file.unreadable], [["a", "it is made by os.system, which is not known here"]]);
});

Deno.test("openPth() refuses small files that name much: lists in themselves, and shared ones", async () => {
  // ]q\0h\0a. : a list that is its own element.
  const itself = legacyFile([0x80, 2, 0x5d, 0x71, 0, 0x68, 0, 0x61, 0x2e]);
  // Each list holds the one before it twice: 2^200 ways to the innermost.
  const shared = [0x80, 2, 0x5d];
  for (let i = 0; i < 200; i++) shared.push(0x71, i, 0x30, 0x5d, 0x28, 0x68, i, 0x68, i, 0x65);
  for (const bytes of [itself, legacyFile([...shared, 0x2e])]) {
    await assertRejects(
      () => openPth(randomAccessOf("small.pth", bytes)),
      SyntaxError,
      "than its size justifies",
    );
  }
});

Deno.test("PthFile.read() repeats elements, but not beyond what the file justifies", async () => {
  const few = legacyFile(viewPickle([2, 3], [0, 0]), true);
  using file = await openPth(randomAccessOf("few.pth", few));
  assertEquals((await file.read("a")).data, new Float32Array(6).fill(1));
  using large = await openPth(
    randomAccessOf("many.pth", legacyFile(viewPickle([2 ** 30], [0]), true)),
  );
  assertEquals(large.type("a").shape, [2 ** 30]);
  await assertRejects(
    () => large.read("a"),
    RangeError,
    'Cannot read tensor "a" of many.pth: a float32[1073741824] that repeats its elements must not',
  );
});

Deno.test("openPth() and PthFile.read() read by range: little of a file of 1 GiB", async () => {
  const elements = 2 ** 28;
  const start = legacyFile(viewPickle([3, 2], [1000, 1], 7, elements), true, elements);
  const source = mostlyZeros(start, start.length - 4 + 4 * elements);
  using file = await openPth(source);
  assert(source.total < 200_000, `${source.total} bytes were read to open it`);
  const before = source.total;
  assertEquals((await file.read("a")).data, new Float32Array(6));
  assertEquals(source.total - before, 4 * 2002);
});

Deno.test("openPth() refuses views that leave their storage, and shapes that are none", async () => {
  const cases: [number[], string][] = [
    [viewPickle([2], [1]), "must lie in its storage of 4 bytes, found that it ends at 8"],
    [viewPickle([1], [1], 1), "found that it ends at 8"],
    [viewPickle([2 ** 30, 2 ** 30, 2 ** 30], [0, 0, 0]), "must lie in its storage"],
    [viewPickle([-1], [1]), "shape must be whole numbers, found a tuple of 1"],
    [viewPickle([1], [-1]), "strides must be whole numbers"],
    [viewPickle([1, 1], [1]), "must have a stride for each axis, found 1 for 2"],
    [viewPickle(Array(65).fill(1), Array(65).fill(1)), "must have at most 64 axes, found 65"],
  ];
  for (const [pickle, message] of cases) {
    await assertRejects(
      () => openPth(randomAccessOf("wrong.pth", legacyFile(pickle, true))),
      SyntaxError,
      message,
    );
  }
});
