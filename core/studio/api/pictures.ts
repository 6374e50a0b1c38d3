/**
 * What the studio's calls say of what a run sees and of what its network makes of it. Pictures are addresses of calls that
 * answer PNG.
 *
 * @module
 */

/** Answer of `GET /api/views`: views of samples exactly as the network gets them. */
export interface ViewsAnswer {
  /** Epoch that they were drawn for, counted from 0. */
  readonly epoch: number;
  /** Samples, each with its original and its views. */
  readonly samples: readonly {
    /** Key of the sample in its data set. */
    readonly key: string;
    /** Address of the original's picture. */
    readonly original: string;
    /** Address of each view's picture. */
    readonly views: readonly string[];
    /** Whether a view was cut from a generated variation. */
    readonly generated: boolean;
    /** Of each view the address of the variation that it was cut from; null of one of the image itself. */
    readonly variations: readonly (string | null)[];
  }[];
}

/** Answer of `GET /api/pairs`: pairs with their foreground maps and weights, the largest weight first. */
export interface PairsAnswer {
  /** Epoch in whose first batch they were judged, counted from 0. */
  readonly epoch: number;
  /** The pairs. */
  readonly pairs: readonly {
    /** Address of each view's picture. */
    readonly views: readonly [string, string];
    /** Address of each view's foreground map. */
    readonly maps: readonly [string, string];
    /** Cosine similarity of the foregrounds. */
    readonly foreground: number;
    /** Cosine similarity of the backgrounds. */
    readonly background: number;
    /** Weight in the loss; the mean of a batch is 1. */
    readonly weight: number;
  }[];
}

/** A picture of a data set, and what it is. */
export interface Thumbnail {
  /** Key of the sample in its data set. */
  readonly key: string;
  /** Name of its class; empty where there is none. */
  readonly label: string;
  /** Address of its picture. */
  readonly picture: string;
}

/** Answer of `GET /api/neighbours`: nearest images by cosine similarity, before training and by a checkpoint. */
export interface NeighboursAnswer {
  /** Queries, each with its nearest of the bank, the nearest first. */
  readonly queries: readonly {
    readonly query: Thumbnail;
    readonly before: readonly (Thumbnail & { readonly similarity: number })[];
    readonly after: readonly (Thumbnail & { readonly similarity: number })[];
  }[];
}

/** Answer of `GET /api/map`: features of images in two dimensions. */
export interface MapAnswer {
  /** Checkpoints that it has been made of, in order, all in one space; the first is the untrained network. */
  readonly checkpoints: readonly { readonly name: string; readonly epoch: number }[];
  /** The images. */
  readonly images: readonly Thumbnail[];
  /** For each checkpoint, `[x, y]` of each image, in [0, 1]. */
  readonly points: readonly (readonly (readonly [number, number])[])[];
  /** One picture with all thumbnails in rows, its tiles' side in pixels and its number of columns. */
  readonly sheet: { readonly picture: string; readonly tile: number; readonly columns: number };
}

/** Answer of `GET /api/masks`: images with the scores of their tokens, from which page or server get masks by a threshold. */
export interface MasksAnswer {
  /** Threshold in use: a token is foreground where its score is above it. */
  readonly threshold: number;
  /** Images whose tokens the shares are of, evenly out of all that were analysed. */
  readonly sampled: number;
  /** Share of their tokens that is foreground, at each of 101 thresholds evenly from the lowest score to the highest. */
  readonly shares: readonly { readonly threshold: number; readonly share: number }[];
  /** Upper bounds of the foreground ratio for the levels, such as `[0.2, 0.4, 0.6, 0.8, 1]`. */
  readonly bounds: readonly number[];
  /** Noise levels of the bounds, such as `[0, 100, 200, 300, 400]`. */
  readonly levels: readonly number[];
  /** Images. */
  readonly images: readonly (Thumbnail & {
    /** Rows and columns of the tokens. */
    readonly grid: readonly [number, number];
    /** Score of each token, row by row. */
    readonly scores: readonly number[];
  })[];
}

/** Answer of `GET /api/variations`: originals beside their variations. */
export interface VariationsAnswer {
  /** The images. */
  readonly images: readonly {
    readonly original: Thumbnail;
    /** Its foreground ratio, where it is known. */
    readonly ratio?: number;
    readonly variations: readonly { readonly level: number; readonly picture: string }[];
  }[];
}
