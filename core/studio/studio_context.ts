/**
 * What all parts of the studio's server share.
 *
 * @module
 */
import type { KnownNames } from "../train/mod.ts";
import type { TaskForms } from "./actions/task_form.ts";
import type { JobRequest } from "./api/actions.ts";
import type { RunRow, StudioEvent } from "./api/runs.ts";

/** A program and its arguments. */
export interface ProgramCall {
  /** File of the program. */
  readonly program: string;
  /** Its arguments, none of which passes through a shell. */
  readonly args: readonly string[];
  /** The same as people type it. */
  readonly shown: string;
}

/** How the studio starts tasks, which the library does not know of: the task that serves the studio says so. */
export type TaskPrograms = (request: JobRequest) => ProgramCall;

/** The runs below the root, as the table of runs has them. */
export interface StudioRuns {
  /**
   * The row of a run, as it is now.
   *
   * @throws {GenviewNotFound} if there is no such run
   */
  readonly row: (run: string) => Promise<RunRow>;
  /**
   * Replaces the tags of a run.
   *
   * @throws {GenviewTypeError} if they are no short words
   */
  readonly tag: (run: string, tags: readonly string[]) => Promise<void>;
}

/** What all parts of the studio's server share. */
export interface StudioContext {
  /** Folder that everything lies below, absolute and without symbolic links. */
  readonly root: string;
  /**
   * Folders beside the root whose files may be read, absolute and without symbolic links (default none): those that requests
   * name, and the images of runs, whose configuration may be anybody's.
   */
  readonly dataFolders?: readonly string[];
  /**
   * The real path of what is named by a path below the root.
   *
   * @throws {GenviewTypeError} if it is no path below the root, or a symbolic link leads out of it
   * @throws {GenviewNotFound} if it is not there
   */
  readonly resolve: (path: string) => Promise<string>;
  /**
   * The path at which something may be made below the root, whose folder need not be there.
   *
   * @throws {GenviewTypeError} if it is no path below the root, or a symbolic link leads out of it
   */
  readonly resolveNew: (path: string) => Promise<string>;
  /** Tells those who listen. */
  readonly announce: (event: StudioEvent) => void;
  /** How tasks are started. */
  readonly programs: TaskPrograms;
  /** The runs. */
  readonly runs: StudioRuns;
  /** What tasks can be given. */
  readonly forms: TaskForms;
  /** What names of methods and configurations lead to. */
  readonly known: KnownNames;
  /** Ends what is under way when the server does. */
  readonly signal: AbortSignal;
}
