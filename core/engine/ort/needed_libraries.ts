/**
 * Shared libraries that another one needs, and which of them the system cannot find.
 *
 * @module
 */

/** Sizes and places in a 64-bit little-endian ELF file: {@link https://gabi.xinuos.com | the System V ABI}, chapter 4. */
const HEADER_BYTES = 64;
const SECTION_BYTES = 64;
const DYNAMIC_SECTION = 6;
const NEEDED = 1n;

function read(file: Deno.FsFile, position: number, length: number): DataView {
  file.seekSync(position, Deno.SeekMode.Start);
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const count = file.readSync(bytes.subarray(done));
    if (count === null) break;
    done += count;
  }
  return new DataView(bytes.buffer, 0, done);
}

/** Offset and size of a section, and the section that it links to. */
function section(table: DataView, index: number) {
  const at = index * SECTION_BYTES;
  return {
    type: table.getUint32(at + 4, true),
    offset: Number(table.getBigUint64(at + 24, true)),
    size: Number(table.getBigUint64(at + 32, true)),
    link: table.getUint32(at + 40, true),
  };
}

/**
 * Names of the libraries that a library of Linux needs, as in `libcudart.so.13`; none if the file is no 64-bit ELF file.
 *
 * @throws {Deno.errors.NotFound} if there is no such file
 */
export function neededLibraries(path: string): string[] {
  using file = Deno.openSync(path);
  const header = read(file, 0, HEADER_BYTES);
  const isElf = header.byteLength === HEADER_BYTES && header.getUint32(0) === 0x7f454c46 &&
    header.getUint8(4) === 2 && header.getUint8(5) === 1;
  if (!isElf) return [];
  const count = header.getUint16(60, true);
  const table = read(file, Number(header.getBigUint64(40, true)), count * SECTION_BYTES);
  if (table.byteLength < count * SECTION_BYTES) return [];
  const sections = Array.from({ length: count }, (_, i) => section(table, i));
  const dynamic = sections.find(({ type }) => type === DYNAMIC_SECTION);
  const strings = dynamic === undefined ? undefined : sections[dynamic.link];
  if (dynamic === undefined || strings === undefined) return [];
  const entries = read(file, dynamic.offset, dynamic.size);
  const texts = read(file, strings.offset, strings.size);
  const names: string[] = [];
  for (let at = 0; at + 16 <= entries.byteLength; at += 16) {
    if (entries.getBigInt64(at, true) !== NEEDED) continue;
    const start = Number(entries.getBigUint64(at + 8, true));
    let end = start;
    while (end < texts.byteLength && texts.getUint8(end) !== 0) end++;
    names.push(new TextDecoder().decode(new Uint8Array(texts.buffer, start, end - start)));
  }
  return names;
}

/** Whether the system finds and loads a library by its name. */
export function canLoad(name: string): boolean {
  try {
    Deno.dlopen(name, {}).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false;
  }
}
