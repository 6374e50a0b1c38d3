/**
 * What a stage of the pipeline is.
 *
 * @module
 */
import type { StageName } from "./choose_stages.ts";
import type { PipelineContext } from "./pipeline_context.ts";
import type { StageEstimate } from "./pipeline_event.ts";

/** What a stage's files depend on, by the names that options have; values of JSON. */
export type StageSettings = Readonly<Record<string, unknown>>;

/** How a stage ended. */
export interface StageOutcome {
  /** Whether it is done; not so if the signal ended it. */
  readonly finished: boolean;
  /** What it has found, in a line. */
  readonly found: string;
}

/** A stage of the pipeline. Its files lie in the output folder, where later stages read them. */
export interface Stage {
  /** Its name, and that of its folder. */
  readonly name: StageName;
  /** Stages without whose files it cannot be run. */
  readonly needs: readonly StageName[];
  /** Refuses images that it could not take; called before anything is downloaded or written. */
  check?(context: PipelineContext): void;
  /** What its files depend on, beside the stages before it; throws where that cannot be had. */
  settings(context: PipelineContext): Promise<StageSettings>;
  /** Why there is nothing for it to do; undefined if there is. */
  idle?(context: PipelineContext): Promise<string | undefined>;
  /** Whether its files are there. */
  isThere(context: PipelineContext): Promise<boolean>;
  /** Whether its files follow from other stages' alone, and so are written anew when these have changed. */
  readonly isDerived?: boolean;
  /** Measures its speed on a few images; nothing of it stays. Stages that take little time have none. */
  measure?(context: PipelineContext): Promise<StageEstimate>;
  /** Runs it, or what is left of it. */
  run(context: PipelineContext): Promise<StageOutcome>;
}
