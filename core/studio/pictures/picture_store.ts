/**
 * Pictures that answers have named, until a browser asks for them.
 *
 * @module
 */
import { createHmac, randomBytes } from "node:crypto";

/** Makes the bytes of a PNG file. */
export type MakePicture = () => Promise<Uint8Array<ArrayBuffer>>;

/** Pictures that are known at a time. */
const MOST_PICTURES = 50_000;

/** Bytes of pictures that are held at a time. */
const MOST_BYTES = 256 << 20;

interface StoredPicture {
  readonly make: MakePicture;
  /** Bytes that it holds. */
  readonly bytes: number;
}

/** How much a {@linkcode PictureStore} holds. */
export interface PictureStoreOptions {
  /** Pictures, at most (default 50,000). */
  readonly mostPictures?: number;
  /** Bytes of drawn pictures, at most (default 256 MiB). */
  readonly mostBytes?: number;
}

/**
 * Pictures by names that nobody can guess and that hold no path: what is asked for was named by an answer before. Names are
 * the same for the same picture as long as the program runs, so that a browser keeps what it has.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { PictureStore } from "./picture_store.ts";
 *
 * const store = new PictureStore();
 * const address = store.add("red", () => Promise.resolve(Uint8Array.of(1)));
 * const id = new URL(address, "http://127.0.0.1").searchParams.get("id")!;
 * assertEquals(await store.find(id)!(), Uint8Array.of(1));
 * assertEquals(store.find("red"), undefined);
 * ```
 */
export class PictureStore {
  readonly #secret = randomBytes(32);
  readonly #pictures = new Map<string, StoredPicture>();
  readonly #mostPictures: number;
  readonly #mostBytes: number;
  #bytes = 0;

  /** Nothing is stored yet. */
  constructor({ mostPictures = MOST_PICTURES, mostBytes = MOST_BYTES }: PictureStoreOptions = {}) {
    this.#mostPictures = mostPictures;
    this.#mostBytes = mostBytes;
  }

  /**
   * Names a picture that is drawn when it is asked for.
   *
   * @param key what it shows: pictures of one key are one
   * @returns the address that answers it
   */
  add(key: string, make: MakePicture): string {
    return this.#store(`made ${key}`, { make, bytes: 0 });
  }

  /**
   * Names a picture that is drawn already.
   *
   * @returns the address that answers it
   */
  keep(png: Uint8Array<ArrayBuffer>): string {
    const key = createHmac("sha256", this.#secret).update(png).digest("hex");
    return this.#store(`kept ${key}`, { make: () => Promise.resolve(png), bytes: png.length });
  }

  #store(key: string, picture: StoredPicture): string {
    const id = createHmac("sha256", this.#secret).update(key).digest("hex").slice(0, 40);
    this.#remove(id);
    this.#pictures.set(id, picture);
    this.#bytes += picture.bytes;
    for (const oldest of this.#pictures.keys()) {
      if (this.#pictures.size <= this.#mostPictures && this.#bytes <= this.#mostBytes) break;
      if (oldest !== id) this.#remove(oldest);
    }
    return `/api/picture?id=${id}`;
  }

  #remove(id: string): void {
    this.#bytes -= this.#pictures.get(id)?.bytes ?? 0;
    this.#pictures.delete(id);
  }

  /** What draws a picture; undefined if none of this name is known, or it had to make room. */
  find(id: string): MakePicture | undefined {
    return this.#pictures.get(id)?.make;
  }
}
