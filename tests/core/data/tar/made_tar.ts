/**
 * Small tars, made for a test and cut into parts.
 *
 * @module
 */
import { type Header, pack } from "../../../../core/deps/tar_stream.ts";

/** A file of a tar, or whatever else its header says it is. */
export interface MadeEntry {
  readonly header: Partial<Header> & Pick<Header, "name">;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Bytes that differ from file to file. */
export function bytesOf(size: number, seed: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, i) => (i * 31 + seed * 97 + (i >> 8)) % 251);
}

/** A file of `size` bytes. */
export function file(name: string, size: number, seed: number = name.length): MadeEntry {
  return { header: { name }, bytes: bytesOf(size, seed) };
}

/** Three classes of images and a text. */
export const IMAGES: readonly MadeEntry[] = [
  { header: { name: "train/", type: "directory" }, bytes: new Uint8Array(0) },
  file("./train/n01440764/a.JPEG", 1500, 1),
  file("train/n01440764/b.JPEG", 512, 2),
  file("train/n01443537/c.JPEG", 3001, 3),
  file("train/labels.txt", 100, 4),
  file("train/n01484850/empty.png", 0, 5),
  file("train/n01484850/d.png", 7777, 6),
];

/** Paths and bytes of the files among {@linkcode IMAGES}, as they come out. */
export const FILES: ReadonlyMap<string, Uint8Array<ArrayBuffer>> = new Map(
  IMAGES.slice(1).map(({ header, bytes }) => [header.name.replace(/^\.\//, ""), bytes]),
);

/** Packs entries into a tar. */
export async function tarOf(entries: readonly MadeEntry[]): Promise<Uint8Array<ArrayBuffer>> {
  const packer = pack();
  for (const { header, bytes } of entries) packer.entry(header, bytes);
  packer.finalize();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of packer) chunks.push(chunk as Uint8Array<ArrayBuffer>);
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/** Writes bytes in parts of `size` as `split` does; returns their paths. */
export async function split(
  bytes: Uint8Array,
  prefix: string,
  size: number,
): Promise<string[]> {
  const paths: string[] = [];
  for (let start = 0; start < bytes.length; start += size) {
    const number = paths.length;
    const suffix = String.fromCharCode(97 + Math.floor(number / 26), 97 + number % 26);
    await Deno.writeFile(`${prefix}${suffix}`, bytes.subarray(start, start + size));
    paths.push(`${prefix}${suffix}`);
  }
  return paths;
}

/** Compresses by gzip. */
export async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** An entry by which GNU tar says that the next has a long name; `pack` writes these in the pax format. */
export async function gnuLongName(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const content = new TextEncoder().encode(`${name}\0`);
  const archive = await tarOf([{ header: { name: "././@LongLink" }, bytes: content }]);
  const blocks = archive.slice(0, archive.length - 1024);
  blocks[156] = "L".charCodeAt(0);
  blocks.set(new TextEncoder().encode("ustar  \0"), 257);
  blocks.fill(32, 148, 156);
  const sum = blocks.subarray(0, 512).reduce((all, byte) => all + byte, 0);
  blocks.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  return blocks;
}

/** Paths and bytes of all files below a folder. */
export async function filesBelow(folder: string): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (!isDirectory) files.set(name, await Deno.readFile(`${folder}/${name}`));
    else {for (const [path, bytes] of await filesBelow(`${folder}/${name}`)) {
        files.set(`${name}/${path}`, bytes);
      }}
  }
  return new Map([...files].sort(([a], [b]) => a < b ? -1 : 1));
}

/** {@linkcode FILES} in the order of {@linkcode filesBelow}. */
export function sortedFiles(): Map<string, Uint8Array<ArrayBuffer>> {
  return new Map([...FILES].sort(([a], [b]) => a < b ? -1 : 1));
}
