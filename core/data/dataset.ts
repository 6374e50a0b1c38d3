/**
 * Data sets: what a loader reads. A data set knows how many samples there are and where each image comes from; it
 * decodes nothing.
 *
 * @module
 */

/** An image in memory: 8-bit RGB, row-major, channels last. */
export interface RgbImage {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** `height * width * 3` bytes. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** An image with, where it is known, what belongs to its foreground. */
export interface MaskedImage extends RgbImage {
  /** `height * width` bytes: 0 is background, 255 foreground. */
  readonly mask?: Uint8Array<ArrayBuffer>;
}

/** Where the bytes of an image lie within a file of many, in plain data. */
export type ImagePlace =
  /** A part of a file that has so many bytes in all. */
  | {
    readonly path: string;
    readonly bytes: number;
    readonly offset: number;
    readonly size: number;
  }
  /** A row of a Parquet file. */
  | { readonly path: string; readonly row: number };

/** An image as the bytes of a file in some image format. */
export interface EncodedSource {
  /** Tells it from a rendered image. */
  readonly kind: "encoded";
  /** What warnings and errors call it, usually its path. */
  readonly name: string;
  /** Where they lie, if within a file of many. */
  readonly place?: ImagePlace;
  /** Reads the bytes. */
  read(): Promise<Uint8Array<ArrayBuffer>>;
}

/** An image that is rendered rather than read. */
export interface RenderedSource {
  /** Tells it from an encoded image. */
  readonly kind: "rendered";
  /** What warnings and errors call it. */
  readonly name: string;
  /** Renders the image for one epoch; sources that are the same in every epoch ignore the number. */
  render(epoch: number): Promise<MaskedImage>;
}

/** Where an image comes from. */
export type ImageSource = EncodedSource | RenderedSource;

/** One element of a data set. */
export interface Sample {
  /** Names the sample within its data set, the same in every run. */
  readonly key: string;
  /** The image. */
  readonly source: ImageSource;
  /** Index into the data set's `classes`, if the sample is labelled. */
  readonly label?: number;
  /** What a retrieval has to find again: two samples of one identity show the same thing. */
  readonly identity?: string;
  /** Further images of the same content, such as generated ones, that may stand in for the image in a view. */
  readonly variations?: readonly ImageSource[];
}

/** How many variations the samples of a data set have. */
export interface Coverage {
  /** Samples that have any. */
  readonly matched: number;
  /** All samples that variations were looked for. */
  readonly total: number;
  /** Samples that have no variation, one, two and so on, up to the most that any has. */
  readonly samplesByCount: readonly number[];
}

/** A list of samples in a fixed order. */
export interface Dataset {
  /** What reports call it. */
  readonly name: string;
  /** Number of samples. */
  readonly length: number;
  /** How many samples have how many variations, where variations were looked for. */
  readonly coverage?: Coverage;
  /** Names of the classes in the order of their labels, if the samples are labelled by name. */
  readonly classes?: readonly string[];
  /**
   * How many samples lie together on the disk, run by run, where they lie in shards: read in this order, they are read
   * forwards. An order of training then mixes samples within a buffer.
   */
  readonly runs?: readonly number[];
  /**
   * The sample at an index.
   *
   * @throws {RangeError} if the index is not an integer in [0, length)
   */
  sample(index: number): Sample;
}
