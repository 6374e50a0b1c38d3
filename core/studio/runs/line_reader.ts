/**
 * Lines of a log as numbers by name. Lines of one log are alike: names come in the same order, and values such as the epoch
 * stay the same for long, so that a line is mostly compared with the one before.
 *
 * @module
 */
import { isTooDeep } from "../../files/json.ts";
import { NumberReader } from "./parse_number.ts";

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Column of the step, which every record has. */
const STEP = -1;
/** Column of what is not kept. */
const NONE = -2;

/** Most characters of a name. */
const NAME_CHARACTERS = 200;

/** A name at its place in a line, as it stood in the line before. */
interface Place {
  /** `"name":` */
  readonly bytes: Uint8Array;
  readonly column: number;
}

/** Texts that stand for numbers that JSON cannot write. */
const NOT_IN_JSON: readonly string[] = ["NaN", "Infinity", "-Infinity"];

const DECODER = new TextDecoder();

/** Reads the numbers of records, one line at a time. */
export class LineReader {
  /** Step of the last line. */
  step = 0;
  /** Whether the last line was no record with a step. */
  isDamaged = false;
  /** How many values the last line had. */
  count = 0;
  /** Columns of its values. */
  readonly indices: Int32Array = new Int32Array(512);
  /** Its values; NaN where one is not finite. */
  readonly values: Float64Array = new Float64Array(512);
  readonly #numbers = new NumberReader();
  readonly #columns = new Map<string, number>();
  readonly #addName: (name: string) => number;
  #places: Place[] = [];

  /** @param addName makes a column for a name; its number, or a negative one if there is no room for more */
  constructor(addName: (name: string) => number) {
    this.#addName = addName;
  }

  /** Reads the line that begins at a position and has its break; the position after it. */
  read(bytes: Uint8Array, start: number): number {
    this.count = 0;
    this.step = -1;
    const end = this.#readFast(bytes, start);
    if (end > 0) {
      this.isDamaged = !this.#isStep();
      return end;
    }
    const newline = bytes.indexOf(NEWLINE, start);
    this.#readSlowly(DECODER.decode(bytes.subarray(start, newline)));
    return newline + 1;
  }

  #isStep(): boolean {
    return Number.isSafeInteger(this.step) && this.step >= 0;
  }

  /** Reads a line of plain numbers as this library writes it; 0 for any other. */
  #readFast(bytes: Uint8Array, start: number): number {
    const numbers = this.#numbers;
    const limit = bytes.length;
    let at = start;
    if (bytes[at++] !== OPEN) return 0;
    for (let index = 0;; index++) {
      const place = this.#places[index];
      let column: number;
      if (place !== undefined && isAt(place.bytes, bytes, at)) {
        column = place.column;
        at += place.bytes.length;
      } else {
        const end = nameEnd(bytes, at);
        if (end === 0) return 0;
        column = this.#place(index, bytes.slice(at, end));
        at = end;
      }
      const after = numbers.read(bytes, at, limit);
      if (after === at) return 0;
      at = after;
      if (column === STEP) this.step = numbers.value;
      else if (column !== NONE) this.#add(column, numbers.value);
      const next = bytes[at++];
      if (next === COMMA) continue;
      return next === CLOSE && bytes[at] === NEWLINE ? at + 1 : 0;
    }
  }

  #add(column: number, value: number): void {
    this.indices[this.count] = column;
    this.values[this.count++] = Number.isFinite(value) ? value : NaN;
  }

  /** Notes a name's place in the line. */
  #place(index: number, bytes: Uint8Array): number {
    const column = this.#columnOf(DECODER.decode(bytes.subarray(1, -2)));
    // Lines with hundreds of names are read all the same, by their names.
    if (index < this.indices.length) this.#places[index] = { bytes, column };
    return this.count < this.indices.length ? column : NONE;
  }

  #columnOf(name: string): number {
    if (name === "step") return STEP;
    const known = this.#columns.get(name);
    if (known !== undefined) return known;
    if (name.length === 0 || name.length > NAME_CHARACTERS) return NONE;
    const added = this.#addName(name);
    // Names without a column are not remembered, of which there may be any number.
    if (added < 0) return NONE;
    this.#columns.set(name, added);
    return added;
  }

  /** Reads a line of any form. */
  #readSlowly(line: string): void {
    this.count = 0;
    this.step = -1;
    this.isDamaged = true;
    let record: unknown;
    try {
      if (isTooDeep(line)) return;
      record = JSON.parse(line);
    } catch {
      // The caller counts it.
      return;
    }
    if (typeof record !== "object" || record === null || Array.isArray(record)) return;
    const entries = Object.entries(record);
    this.step = Number((record as { readonly step?: unknown }).step ?? NaN);
    if (!this.#isStep()) return;
    this.isDamaged = false;
    for (const [name, value] of entries) {
      const isNumber = typeof value === "number" || NOT_IN_JSON.includes(value as string);
      if (!isNumber || this.count >= this.indices.length) continue;
      const column = this.#columnOf(name);
      if (column >= 0) this.#add(column, Number(value));
    }
  }
}

function isAt(part: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < part.length; i++) if (bytes[at + i] !== part[i]) return false;
  return true;
}

/** Where a `"name":` of plain characters ends; 0 if there is none. */
function nameEnd(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== QUOTE) return 0;
  for (let i = at + 1; i < at + 2 + NAME_CHARACTERS * 3; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) return bytes[i + 1] === COLON ? i + 2 : 0;
    // Escapes and line breaks go the long way.
    if (byte === undefined || byte === 0x5c || byte < 0x20) return 0;
  }
  return 0;
}
