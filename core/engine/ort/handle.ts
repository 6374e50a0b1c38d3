/**
 * Ownership of native objects.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";

/** Closes what its owner forgot to dispose. */
const forgotten = new FinalizationRegistry<Handle>((handle) => handle.close());

/** What a {@linkcode Handle} owns. */
export interface Owned {
  /** How messages call the object, as in `the session`. */
  readonly name: string;
  readonly pointer: Deno.PointerObject;
  /** Releases the object. Must not refer to the owner, or the owner is never collected. */
  readonly release: (pointer: Deno.PointerObject) => void;
}

/**
 * A native object that one JavaScript object owns. It is released once it is closed and nothing retains it any more:
 * a run in flight retains its session and binding, a binding retains its session.
 */
export class Handle {
  readonly #owned: Owned;
  #retained = 0;
  #closed = false;

  /** Takes ownership, which ends by {@linkcode close} or, if that is forgotten, when `owner` is collected. */
  constructor(owner: object, owned: Owned) {
    this.#owned = owned;
    forgotten.register(owner, this, this);
  }

  /** Whether the owner has closed it. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * The native object.
   *
   * @throws {TypeError} if it is closed
   */
  get pointer(): Deno.PointerObject {
    if (this.#closed) {
      throw new GenviewTypeError(
        `Cannot use ${this.#owned.name}: it must not be disposed yet, found it disposed`,
      );
    }
    return this.#owned.pointer;
  }

  /** Keeps the object until the matching {@linkcode drop}, even if it is closed meanwhile. */
  retain(): void {
    this.#retained++;
  }

  /** Ends one {@linkcode retain}. */
  drop(): void {
    this.#retained--;
    this.#releaseIfUnused();
  }

  /** Ends the ownership. Further calls do nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    forgotten.unregister(this);
    this.#releaseIfUnused();
  }

  #releaseIfUnused(): void {
    if (this.#closed && this.#retained === 0) this.#owned.release(this.#owned.pointer);
  }
}
