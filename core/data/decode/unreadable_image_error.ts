/**
 * The error of image files that cannot be read.
 *
 * @module
 */
import { GenviewError } from "../../errors/mod.ts";

/** An image that is missing, truncated, corrupt or in an unknown format; the file is at fault, not the program. */
export class UnreadableImageError extends GenviewError {
  /** Name of the class. */
  override readonly name = "UnreadableImageError";
  /** What the image is called, usually its path. */
  readonly source: string;
  /** What is wrong with it. */
  readonly reason: string;

  /**
   * Says what is wrong with an image.
   *
   * @param source what the image is called, usually its path
   * @param reason what is wrong with it
   */
  constructor(source: string, reason: string, options?: ErrorOptions) {
    super(
      `Cannot read the image "${source}": it must be a whole image file in a known format, found: ${reason}`,
      options,
    );
    this.source = source;
    this.reason = reason;
  }

  /** From what the decoder threw. */
  static from(source: string, cause: unknown): UnreadableImageError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new UnreadableImageError(source, reason.trim().replaceAll("\n", "; "), { cause });
  }
}
