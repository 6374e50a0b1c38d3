/**
 * What the studio's calls say of runs.
 *
 * @module
 */

/** What made a run. */
export type RunKind = "pretraining" | "probe" | "fine-tuning" | "generator" | "pipeline" | "demo";

/** How a run stands: `running` while a process holds its folder, `stopped` where steps are left and none does. */
export type RunState = "running" | "stopped" | "finished" | "failed";

/** A value of an option or a metric in a table. */
export type Cell = string | number | boolean | null;

/** One row of the table of runs. */
export interface RunRow {
  /** Path of its folder below the studio's root, with `/`; names the run in all calls. */
  readonly run: string;
  /** What made it. */
  readonly kind: RunKind;
  /** How it stands. */
  readonly state: RunState;
  /** Steps taken. */
  readonly step: number;
  /** Steps in all, where they are known. */
  readonly totalSteps?: number;
  /** Whole epochs that were finished. */
  readonly epoch: number;
  /** Time of the last change of its logs, in milliseconds since 1970. */
  readonly changed: number;
  /** Time of its first step or of its folder, in milliseconds since 1970. */
  readonly started: number;
  /** Words that the user gave it. */
  readonly tags: readonly string[];
  /** Its options by dotted name, such as `options.temperature`. */
  readonly options: Readonly<Record<string, Cell>>;
  /** The last value of each metric, by the name in the logs, such as `loss` or `knn top1`. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Answer of `GET /api/runs`. */
export interface RunList {
  /** The studio's root, as the user named it. */
  readonly root: string;
  /** All runs below it, the last changed first. */
  readonly runs: readonly RunRow[];
  /** Folders that look like runs and cannot be read, each with the reason. */
  readonly unreadable: readonly { readonly run: string; readonly reason: string }[];
}

/** A checkpoint of a run. */
export interface CheckpointRow {
  /** Name of its folder, such as `step-000000522`. */
  readonly name: string;
  /** Steps taken before it. */
  readonly step: number;
  /** Whole epochs that were finished before it. */
  readonly epoch: number;
  /** Bytes of its files. */
  readonly bytes: number;
  /** When it was written, in milliseconds since 1970. */
  readonly written: number;
}

/** Values that a metric has by itself when training goes well and when it does not. */
export interface Bands {
  /** Metric, by its name in the logs. */
  readonly metric: string;
  /** Values of an untrained network, `[lowest, highest]`, where they are known. */
  readonly random?: readonly [number, number];
  /** Values when training goes well. */
  readonly healthy?: readonly [number, number];
  /** Value when all embeddings are alike. */
  readonly collapsed?: number;
}

/** What a number is, whether it is well, and what to do. */
export interface Explanation {
  /** Metric or fact, by its name in the logs. */
  readonly name: string;
  /** Name for people, such as `Learning rate`. */
  readonly label: string;
  /** Unit, such as `images/s`; empty where there is none. */
  readonly unit: string;
  /** One sentence: what it is. */
  readonly what: string;
  /** One sentence: what is healthy for this method at this point. */
  readonly healthy: string;
  /** How it stands now; `unknown` where nothing says so. */
  readonly verdict: "good" | "watch" | "bad" | "unknown";
  /** What to do if it is not well; empty where it is. */
  readonly advice: string;
}

/** Answer of `GET /api/run`. */
export interface RunDetails extends RunRow {
  /** The configuration as recorded, whole. */
  readonly configuration: unknown;
  /** Options that were changed on a resume. */
  readonly changes: readonly unknown[];
  /** Names of all metrics in the logs of steps and of epochs. */
  readonly series: { readonly steps: readonly string[]; readonly epochs: readonly string[] };
  /** Steps of an epoch, where they are known. */
  readonly stepsPerEpoch?: number;
  /** Its checkpoints, the newest last. */
  readonly checkpoints: readonly CheckpointRow[];
  /** Bands of its metrics. */
  readonly bands: readonly Bands[];
  /** What its numbers mean. */
  readonly explanations: readonly Explanation[];
  /** Warnings and notes of the program that trains or trained it, the newest last. */
  readonly messages: readonly { readonly kind: "warning" | "note"; readonly text: string }[];
  /** Pictures in its folder, as paths below it, such as `pairs/epoch-0001.png`. */
  readonly pictures: readonly string[];
  /** Versions, processor and device, by name, where they are known. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A curve, or a sampled part of one: as many values of each as there are steps. */
export interface Series {
  /** Metric, by its name in the logs. */
  readonly name: string;
  /** Steps taken. */
  readonly steps: readonly number[];
  /** Seconds since the first record, without pauses between resumed parts. */
  readonly seconds: readonly number[];
  /** Values; null where a value was not finite. */
  readonly values: readonly (number | null)[];
  /** Smallest value around each point, where points were left out. */
  readonly lows?: readonly (number | null)[];
  /** Largest value around each point, where points were left out. */
  readonly highs?: readonly (number | null)[];
}

/** Answer of `GET /api/series`. */
export interface SeriesAnswer {
  /** The run. */
  readonly run: string;
  /** Curves over steps. */
  readonly steps: readonly Series[];
  /** Curves over epochs. */
  readonly epochs: readonly Series[];
  /** Whether all values of the asked range are there, none left out. */
  readonly exact: boolean;
}

/** An event of `GET /api/events`, by its name. */
export type StudioEvent =
  /** A run has appeared or changed: its new row. */
  | { readonly kind: "run"; readonly row: RunRow }
  /** A run is there no more. */
  | { readonly kind: "gone"; readonly run: string }
  /** New values of the run that the caller asked for. */
  | { readonly kind: "series"; readonly series: SeriesAnswer }
  /** The queue has changed. */
  | { readonly kind: "queue" };
