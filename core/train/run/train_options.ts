/**
 * Options of a training run, and how it ends.
 *
 * @module
 */
import type { Backbone } from "../../backbones/backbone.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { ProcessGroup } from "../../distributed/mod.ts";
import type { Device, DeviceTensor } from "../../engine/ort/mod.ts";
import type { Configuration } from "../../method/configuration.ts";
import type { TrainableMethod } from "../../method/load.ts";
import type { CompileLimits } from "../compile/compile_limits.ts";
import type { PairEncoder } from "../step/pair_weighting.ts";
import type { TrainEvent } from "./train_event.ts";

/** A run at the end of an epoch, as an evaluation sees it. */
export interface RunView {
  /** Whole epochs that were finished; 0 before the first. */
  readonly epoch: number;
  /** The network that is trained, without its state. */
  readonly backbone: Backbone;
  /** Device that holds the state. */
  readonly device: Device;
  /** Parameters and buffers on the device, by full name. */
  readonly weights: ReadonlyMap<string, DeviceTensor>;
  /** The processes that train it, if there are several: then they have the same weights, and all evaluate. */
  readonly group?: ProcessGroup;
}

/** Options of {@linkcode train}. */
export interface TrainOptions {
  /** The method that trains. */
  readonly method: TrainableMethod;
  /** How much a method may take that is compiled in a worker. */
  readonly limits?: CompileLimits;
  /** Everything else that determines the run. */
  readonly configuration: Configuration;
  /** The images, in memory or read as they are needed. */
  readonly dataset: Dataset;
  /** Folder for checkpoints and logs. */
  readonly output: string;
  /**
   * `latest`, or the path of a checkpoint to resume from; from the start when left out. The run in `output` resumes from
   * its own last checkpoint; from one of another run a new run starts there.
   */
  readonly resume?: string;
  /** Weights that the backbone starts with, as `openBackboneWeights` takes them; initial ones when left out. */
  readonly from?: string;
  /** Whether the method's heads and moving averages start with those weights too (default false). */
  readonly fromHeads?: boolean;
  /** Gives metrics before the first epoch and after every `evaluateEvery` epochs; of several processes all call it at once. */
  readonly evaluate?: (run: RunView) => Promise<Readonly<Record<string, number>>>;
  /** Weights each pair of views; all weights are equal when left out. Pairs are drawn if the configuration's `vis` is set. */
  readonly pairEncoder?: PairEncoder;
  /**
   * The processes that train the run together, each of which calls `train` alike: a batch is that of all of them. Call it
   * within `inProcessGroup`, so that one that fails ends all. One process alone when left out.
   */
  readonly group?: ProcessGroup;
  /** When it aborts, on any of the processes, the run saves a checkpoint after the step that it is in and ends. */
  readonly signal?: AbortSignal;
  /** Called with everything that happens, as it happens. */
  readonly report?: (event: TrainEvent) => void;
}

/** How a run ended. */
export interface TrainResult {
  /** Steps that were taken in all. */
  readonly step: number;
  /** Whether all epochs were done. */
  readonly finished: boolean;
  /** The last checkpoint. */
  readonly checkpoint: string;
  /** Images that could not be read since the run was started or resumed, each time that another came in their place. */
  readonly skipped: number;
}
