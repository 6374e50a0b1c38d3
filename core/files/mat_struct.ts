/**
 * Reading of MATLAB's files, as far as lists of records go: one variable that is an array of structures whose fields are
 * numbers and texts.
 *
 * Source: MathWorks, "MAT-File Format", level 5.
 *
 * @module
 */
import { GenviewSyntaxError } from "../errors/mod.ts";

/** What a field holds: a number, a text, or something else, which is left out. */
export type MatRecord = Readonly<Record<string, number | string>>;

/** Bytes of the header. */
const HEADER = 128;

/** Classes of arrays. */
const [STRUCTURE, TEXT] = [2, 4];
const FIRST_NUMBER = 6;

/** Types of elements. */
const [MATRIX, COMPRESSED] = [14, 15];

/** Numbers of a type, by how one of them is read and how many bytes it has. */
const NUMBERS: Readonly<
  Record<number, readonly [bytes: number, read: (view: DataView, at: number) => number]>
> = {
  1: [1, (view, at) => view.getInt8(at)],
  2: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at) => view.getInt16(at, true)],
  4: [2, (view, at) => view.getUint16(at, true)],
  5: [4, (view, at) => view.getInt32(at, true)],
  6: [4, (view, at) => view.getUint32(at, true)],
  7: [4, (view, at) => view.getFloat32(at, true)],
  9: [8, (view, at) => view.getFloat64(at, true)],
  16: [1, (view, at) => view.getUint8(at)],
  17: [2, (view, at) => view.getUint16(at, true)],
};

/** Why a file cannot be read. */
class Malformed extends Error {}

/** One element: its type and its bytes. */
interface Element {
  readonly type: number;
  readonly data: DataView<ArrayBuffer>;
}

/** Reads elements one after another. */
class ElementReader {
  readonly #data: DataView<ArrayBuffer>;
  #at: number;

  constructor(data: DataView<ArrayBuffer>, at = 0) {
    this.#data = data;
    this.#at = at;
  }

  get done(): boolean {
    return this.#at >= this.#data.byteLength;
  }

  next(): Element {
    const first = this.#number(this.#at);
    // A small element has its length in the upper half of the tag's first number, and its bytes in the second.
    const small = first >>> 16;
    const [type, length, start] = small > 0
      ? [first & 0xffff, small, this.#at + 4]
      : [first, this.#number(this.#at + 4), this.#at + 8];
    const end = start + length;
    if (end > this.#data.byteLength || (small > 4)) {
      throw new Malformed(`an element ends at byte ${end} of ${this.#data.byteLength}`);
    }
    const padded = small > 0 ? this.#at + 8 : start + 8 * Math.ceil(length / 8);
    this.#at = type === COMPRESSED ? end : padded;
    return { type, data: part(this.#data, start, length) };
  }

  #number(at: number): number {
    if (at + 4 > this.#data.byteLength) throw new Malformed("it ends within an element");
    return this.#data.getUint32(at, true);
  }
}

function part(data: DataView<ArrayBuffer>, start: number, length: number): DataView<ArrayBuffer> {
  return new DataView(data.buffer, data.byteOffset + start, length);
}

function numbersOf({ type, data }: Element): number[] {
  const known = NUMBERS[type];
  if (known === undefined) throw new Malformed(`an element of type ${type} holds no numbers`);
  const [bytes, read] = known;
  return Array.from(
    { length: Math.floor(data.byteLength / bytes) },
    (_, i) => read(data, i * bytes),
  );
}

function textOf(element: Element): string {
  if (element.type !== 16) return String.fromCharCode(...numbersOf(element));
  return new TextDecoder().decode(element.data);
}

async function inflate(data: DataView<ArrayBuffer>): Promise<DataView<ArrayBuffer>> {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  try {
    return new DataView(await new Response(inflated).arrayBuffer());
  } catch (cause) {
    throw new Malformed(`a variable cannot be inflated: ${(cause as Error).message}`);
  }
}

/** What stands before the values of an array. */
interface ArrayHead {
  readonly kind: number;
  readonly count: number;
  readonly name: string;
}

function readHead(elements: ElementReader): ArrayHead {
  const [flags] = numbersOf(elements.next());
  const count = numbersOf(elements.next()).reduce((product, length) => product * length, 1);
  return { kind: flags! & 0xff, count, name: textOf(elements.next()) };
}

/** The one number or the text of a field; undefined of anything else. */
function valueOf({ type, data }: Element): number | string | undefined {
  // An empty array may have no bytes at all.
  if (type !== MATRIX || data.byteLength === 0) return undefined;
  const elements = new ElementReader(data);
  const { kind, count } = readHead(elements);
  if (kind === TEXT) return elements.done ? "" : textOf(elements.next());
  return kind >= FIRST_NUMBER && count === 1 ? numbersOf(elements.next())[0] : undefined;
}

/** The records of a variable; undefined if it has another name, or is no array of structures. */
function recordsOf(data: DataView<ArrayBuffer>, variable: string): MatRecord[] | undefined {
  const elements = new ElementReader(data);
  const { kind, count, name } = readHead(elements);
  if (name !== variable || kind !== STRUCTURE) return undefined;
  const [length] = numbersOf(elements.next());
  const { data: names } = elements.next();
  const fields = Array.from(
    { length: names.byteLength / length! },
    (_, i) => textOf({ type: 16, data: part(names, i * length!, length!) }).split("\0")[0]!,
  );
  return Array.from({ length: count }, () => {
    const values = fields.map((field) => [field, valueOf(elements.next())] as const);
    return Object.fromEntries(values.filter(([, value]) => value !== undefined)) as MatRecord;
  });
}

/**
 * The records of a variable of a MATLAB file (version 5, with compression or without), each with those of its fields that
 * are one number or a text.
 *
 * @param name what errors call the file
 * @param variable name of an array of structures
 * @throws {SyntaxError} if the file breaks a rule of its format, or has no such variable
 */
export async function readMatRecords(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
  variable: string,
): Promise<MatRecord[]> {
  const file = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    // Little-endian, as every machine of today writes it.
    if (bytes.length < HEADER || file.getUint16(126, true) !== 0x4d49) {
      throw new Malformed("it does not begin as a MATLAB file of version 5 does");
    }
    const elements = new ElementReader(file, HEADER);
    while (!elements.done) {
      let element = elements.next();
      if (element.type === COMPRESSED) {
        element = new ElementReader(await inflate(element.data)).next();
      }
      const records = element.type === MATRIX ? recordsOf(element.data, variable) : undefined;
      if (records !== undefined) return records;
    }
    throw new Malformed(`it has no array of structures "${variable}"`);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new GenviewSyntaxError(`Cannot read ${name}: ${error.message}`, { cause: error });
  }
}
