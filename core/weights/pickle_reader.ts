/**
 * The arguments of a pickle's instructions.
 *
 * @module
 */
import { GenviewSyntaxError } from "../errors/mod.ts";

/** The error of a pickle that goes on beyond the bytes at hand. */
export class PickleCut extends GenviewSyntaxError {
  override readonly name = "SyntaxError";
}

/** Longest integer, in bytes: Python's have no limit, and none of what is read here is wider than 64 bits. */
const MAX_INTEGER_BYTES = 64;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads arguments one after the other. */
export class PickleReader {
  /** Where the next argument begins. */
  position: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, position: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = position;
  }

  /** Steps over `length` bytes; gives where they began. */
  #take(length: number): number {
    const start = this.position;
    if (length < 0) {
      throw new GenviewSyntaxError(
        `a pickle's lengths must not be negative, found ${length} at ${start}`,
      );
    }
    if (start + length > this.#bytes.length) {
      throw new PickleCut(
        `a pickle must have ${start + length} bytes or more, found ${this.#bytes.length}`,
      );
    }
    this.position = start + length;
    return start;
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  /** 64 bits; lengths above 2^53 are rounded, and beyond any file. */
  uint64(): number {
    return Number(this.#view.getBigUint64(this.#take(8), true));
  }

  /** A double; the only argument whose highest byte comes first. */
  float64(): number {
    return this.#view.getFloat64(this.#take(8), false);
  }

  /** An integer of so many bytes in two's complement, lowest first; a number where it is exact. */
  integer(length: number): number | bigint {
    if (length > MAX_INTEGER_BYTES) {
      throw new GenviewSyntaxError(
        `an integer of a pickle must take at most ${MAX_INTEGER_BYTES} bytes, found ${length}`,
      );
    }
    const start = this.#take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = value << 8n | BigInt(this.#bytes[start + i]!);
    const signed = BigInt.asIntN(8 * length, value);
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : signed;
  }

  /** A copy of so many bytes. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.slice(start, start + length);
  }

  /** A text of so many bytes in UTF-8. */
  text(length: number): string {
    const start = this.#take(length);
    try {
      return UTF8.decode(this.#bytes.subarray(start, start + length));
    } catch (cause) {
      throw new GenviewSyntaxError(
        `a pickle's texts must be UTF-8, found other bytes at ${start}`,
        {
          cause,
        },
      );
    }
  }

  /** What Python 2 does not tell apart: a text, or bytes if they are none. */
  textOrBytes(length: number): string | Uint8Array {
    const start = this.#take(length);
    const bytes = this.#bytes.slice(start, start + length);
    try {
      return UTF8.decode(bytes);
    } catch {
      return bytes;
    }
  }

  /** A text up to the end of a line. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.position);
    if (end < 0) this.#take(this.#bytes.length - this.position + 1);
    const text = this.text(end - this.position);
    this.position++;
    return text;
  }
}
