/**
 * What the studio's calls take and say of actions: jobs that the studio starts, and forms for their options.
 *
 * @module
 */
import type { ObjectSchema } from "../../schema/schema.ts";

/** Tasks that the studio starts. */
export type StudioTask =
  | "train"
  | "evaluate"
  | "export"
  | "extract-features"
  | "fg-ratio"
  | "noise-levels"
  | "variations"
  | "generator"
  | "pipeline";

/** A task with its arguments, of which none passes through a shell. */
export interface JobRequest {
  /** The task. */
  readonly task: StudioTask;
  /** Words before the options, such as `train` of `generator train`. */
  readonly positional?: readonly string[];
  /** Options by their names in the schema, such as `batchSize`. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** How a job stands. */
export type JobState = "waiting" | "running" | "finished" | "stopped" | "failed";

/** A job of the queue. */
export interface Job extends JobRequest {
  /** Number of the job. */
  readonly id: number;
  /** How it stands. */
  readonly state: JobState;
  /** The command line that does the same, to copy. */
  readonly command: string;
  /** Device that it waits for or runs on. */
  readonly device: string;
  /** The run that it makes or goes on with, as a path below the root, where it has one. */
  readonly run?: string;
  /** When it was asked for, in milliseconds since 1970. */
  readonly asked: number;
  /** When it started, in milliseconds since 1970. */
  readonly started?: number;
  /** When it ended, in milliseconds since 1970. */
  readonly ended?: number;
  /** Whether it has been told to stop, and is about to. */
  readonly stopping?: boolean;
  /** Why it could not be started, where it could not. */
  readonly reason?: string;
  /** The last lines that it printed. */
  readonly output: readonly string[];
}

/** Answer of `GET /api/form`: what a task can be given. */
export interface FormAnswer {
  /** The task. */
  readonly task: StudioTask;
  /** What it does. */
  readonly summary: string;
  /** Its options. */
  readonly schema: ObjectSchema;
  /** The plugin's own options, where the task has a method. */
  readonly methodSchema?: ObjectSchema;
  /** Presets of the method by name, each with the options that it sets. */
  readonly presets: readonly {
    readonly name: string;
    readonly summary: string;
    readonly options: Readonly<Record<string, unknown>>;
  }[];
  /** Whether `POST /api/dry-run` can say what a request would take. */
  readonly dryRun: boolean;
  /** Methods that can be chosen, with a title for people. */
  readonly methods: readonly { readonly name: string; readonly title: string }[];
}

/** Answer of `POST /api/check`: what a request would be. */
export interface CheckAnswer {
  /** All that is wrong with it, each with the option that it concerns; empty where it can be started. */
  readonly problems: readonly { readonly option: string; readonly text: string }[];
  /** The command line that does the same. */
  readonly command: string;
}

/** Answer of `POST /api/dry-run`. */
export interface DryRunAnswer {
  /** What the task's own dry run prints. */
  readonly text: string;
  /** Bytes that it would take at its peak, where they are known. */
  readonly memoryBytes?: number;
  /** Seconds that it would take, where they are known. */
  readonly seconds?: number;
}

/** What is done with a run. */
export type RunAction =
  /** Stops it after the present step, with a checkpoint. */
  | { readonly action: "stop" }
  /** Goes on with it. */
  | { readonly action: "resume" }
  /** Goes on with it for so many epochs in all. */
  | { readonly action: "lengthen"; readonly epochs: number }
  /** A new run from one of its checkpoints. */
  | { readonly action: "fork"; readonly checkpoint: string; readonly output: string }
  /** Evaluates a checkpoint. */
  | { readonly action: "evaluate"; readonly checkpoint?: string }
  /** Writes its backbone as ONNX or safetensors. */
  | { readonly action: "export"; readonly checkpoint?: string; readonly output: string }
  /** Replaces its tags. */
  | { readonly action: "tag"; readonly tags: readonly string[] }
  /** Moves it into the trash folder of the root; `confirm` must repeat the run's name. */
  | { readonly action: "trash"; readonly confirm: string };

/** A stage of GenView's path on a folder of images. */
export interface PathStage {
  /** Its name. */
  readonly name:
    | "features"
    | "ratios"
    | "levels"
    | "variations"
    | "pretraining"
    | "evaluation"
    | "report";
  /** How it stands; `changed` where it was made with other settings than are asked for now. */
  readonly state: "waiting" | "running" | "done" | "changed";
  /** Share of it that is done, in [0, 1]. */
  readonly progress: number;
  /** What it has found, in a sentence; empty before it is done. */
  readonly found: string;
  /** Pictures of it, as paths below the output folder. */
  readonly pictures: readonly string[];
  /** The report's page, once it is written, as a path below the output folder. */
  readonly page?: string;
}

/** Answer of `GET /api/path`. */
export interface PathAnswer {
  /** Folder of the pipeline, as a path below the root. */
  readonly output: string;
  /** The images. */
  readonly data: string;
  /** Options of the last call, by which stages are run, but for the output and which of them were. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Its stages, in their order. */
  readonly stages: readonly PathStage[];
}
