/**
 * Where the results of an evaluation go: the run's `results.json` and its TensorBoard events.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { isGenviewError } from "../../errors/mod.ts";
import { addResults, type EvaluationResult, readResults } from "../../evaluate/results.ts";
import { TensorBoardLog } from "../log/tensorboard.ts";

/** The folder of the run that a checkpoint belongs to; undefined for one that lies elsewhere. */
export function runFolderOf(checkpoint: string): string | undefined {
  const checkpoints = dirname(checkpoint);
  return basename(checkpoints) === "checkpoints" ? dirname(checkpoints) : undefined;
}

/** A protocol's name as a tag of TensorBoard, such as `knn_k_20_t_0.07`. */
function tagOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9.]+/g, "_").replace(/_$/, "");
}

function writeEvents(run: string, results: readonly EvaluationResult[]): void {
  // In a folder of their own: TensorBoard reads no more of a file, such as that of a run under way, once its folder
  // holds a later one (`DirectoryWatcher` in `tensorboard/backend/event_processing/directory_watcher.py`).
  using events = new TensorBoardLog(join(run, "tensorboard", "evaluations"));
  for (const { name, encoder, figures, checkpoint } of results) {
    const prefix = encoder === "online" ? "evaluate" : `evaluate_${encoder}`;
    const scalars = Object.entries(figures).map(([figure, value]) =>
      [`${prefix}/${tagOf(name)}/${figure}`, value] as const
    );
    events.scalars(checkpoint.step, Object.fromEntries(scalars));
  }
}

/** Adds the results of a run's evaluation to its logs as they come. */
export class EvaluationLog {
  readonly #run: string | undefined;
  readonly #warn: (message: string) => void;
  /** The file of results; undefined if nothing could be added. */
  path: string | undefined;

  private constructor(run: string | undefined, warn: (message: string) => void) {
    this.#run = run;
    this.#warn = warn;
  }

  /**
   * Opens the logs of a run.
   *
   * @param run its folder; nothing is logged without one
   * @param warn told why results are not in the logs
   * @throws {GenviewError} if the results that are there cannot be read, rather than after hours
   */
  static async open(
    run: string | undefined,
    warn: (message: string) => void,
  ): Promise<EvaluationLog> {
    if (run !== undefined) await readResults(run);
    return new EvaluationLog(run, warn);
  }

  /** Adds results. Where that fails, such as on a full disk, it is said and they are not lost for that. */
  async add(results: readonly EvaluationResult[]): Promise<void> {
    if (this.#run === undefined) return;
    try {
      this.path = await addResults(this.#run, results);
      writeEvents(this.#run, results);
    } catch (error) {
      if (!isGenviewError(error)) throw error;
      this.#warn(`The results are not in the run's logs: ${error.message}`);
    }
  }
}
