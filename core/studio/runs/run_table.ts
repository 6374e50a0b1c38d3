/**
 * All runs below a root, as they are now.
 *
 * @module
 */
import { join } from "node:path";
import { GenviewNotFound } from "../../errors/mod.ts";
import { isFolderHeld, LOCK_FILE } from "../../files/folder_lock.ts";
import { isSameValue } from "../../schema/same_value.ts";
import type { RunList, RunRow } from "../api/runs.ts";
import { describeEvaluation, isEvaluation, newestCheckpoint } from "./evaluation_run.ts";
import { RunLogs } from "./run_logs.ts";
import { type DescribedRun, describeRun } from "./run_parts.ts";
import { rowOf, stateOfFiles } from "./run_row.ts";
import { fileState } from "./plain_file.ts";
import type { Tags } from "./tags.ts";
import { type CandidateFolder, FolderWalk } from "./walk_folders.ts";

/** A run that was found. */
export interface KnownRun {
  readonly row: RunRow;
  readonly described: DescribedRun;
  /** Its folder, absolute. */
  readonly folder: string;
}

/** What has changed since the last look. */
export interface RunChanges {
  readonly changed: readonly RunRow[];
  readonly gone: readonly string[];
}

interface Entry extends KnownRun {
  readonly candidate: CandidateFolder;
  /** Says when the row must be made anew. */
  readonly mark: string;
  /** Says when the folder must be described anew. */
  readonly descriptionMark: string;
}

/** Milliseconds for which the folders that were found stay found. */
const WALK_MILLISECONDS = 2000;

/** Milliseconds of work after which others have a turn. */
const TURN = 20;

/** Most runs whose logs are kept in memory, and most bytes of them. */
const OPEN_RUNS = 32;
const OPEN_BYTES = 512 << 20;

/** Says when what describes a run has changed. */
function descriptionOf(folder: string, { names }: CandidateFolder): string {
  return ["configuration.json", "pipeline.json"].map((name) => {
    const state = names.has(name) ? fileState(join(folder, name)) : undefined;
    return state === undefined ? "-" : `${state.size}@${state.changed}`;
  }).join(";");
}

/** The runs below a root. */
export class RunTable {
  readonly #root: string;
  readonly #shown: string;
  readonly #tags: Tags;
  readonly #walk: FolderWalk;
  readonly #logs = new Map<string, RunLogs>();
  #entries = new Map<string, Entry>();
  #unreadable: { run: string; reason: string }[] = [];
  #candidates: readonly CandidateFolder[] = [];
  #walked = -Infinity;
  #blocked: readonly { readonly path: string; readonly reason: string }[] = [];
  #refreshing: Promise<void> | undefined;
  /** What has changed since it was told last, whoever looked. */
  readonly #changed = new Map<string, RunRow>();
  readonly #gone = new Set<string>();

  /**
   * Nothing is read yet.
   *
   * @param root absolute, without symbolic links
   * @param shown what the user called it
   */
  constructor(root: string, shown: string, tags: Tags) {
    this.#root = root;
    this.#shown = shown;
    this.#tags = tags;
    this.#walk = new FolderWalk(root);
  }

  /** Looks, and gives what has changed since it was asked for last; at first all runs. */
  async changes(): Promise<RunChanges> {
    await this.#refresh();
    const changes = { changed: [...this.#changed.values()], gone: [...this.#gone] };
    this.#changed.clear();
    this.#gone.clear();
    return changes;
  }

  /** Looks for what has changed; those who ask meanwhile wait for the same. */
  #refresh(): Promise<void> {
    return this.#refreshing ??= this.#lookAtAll().finally(() => this.#refreshing = undefined);
  }

  async #lookAtAll(): Promise<void> {
    if (performance.now() - this.#walked > WALK_MILLISECONDS) {
      const found = await this.#walk.find();
      this.#candidates = found.candidates;
      this.#blocked = found.unreadable;
      this.#walked = performance.now();
    }
    const entries = new Map<string, Entry>();
    const unreadable = this.#blocked.map(({ path, reason }) => ({ run: path, reason }));
    let turn = performance.now();
    for (const candidate of this.#candidates) {
      if (performance.now() - turn > TURN) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        turn = performance.now();
      }
      const run = candidate.path;
      try {
        const before = this.#entries.get(run);
        const entry = this.#look(candidate, before);
        if (entry === undefined) continue;
        entries.set(run, entry);
        if (entry !== before) this.#changed.set(run, entry.row);
        this.#gone.delete(run);
      } catch (error) {
        // One folder's faults are no other's: whatever it is, the table says so and goes on.
        unreadable.push({ run, reason: (error as Error).message });
      }
    }
    for (const run of this.#entries.keys()) {
      if (entries.has(run)) continue;
      this.#gone.add(run);
      this.#changed.delete(run);
      this.#logs.delete(run);
    }
    this.#entries = entries;
    this.#unreadable = unreadable;
  }

  #look({ path: run }: CandidateFolder, before: Entry | undefined): Entry | undefined {
    const folder = join(this.#root, run);
    const candidate = this.#walk.look(run);
    const checkpoint = isEvaluation(candidate) ? newestCheckpoint(folder) : undefined;
    const descriptionMark = checkpoint ?? descriptionOf(folder, candidate);
    const described = before?.descriptionMark === descriptionMark
      ? before.described
      : checkpoint === undefined
      ? describeRun(this.#root, candidate)
      : describeEvaluation(folder, checkpoint);
    if (described === undefined) return undefined;
    const { mark: files, changed } = stateOfFiles(folder, candidate, described);
    const tags = this.#tags.of(run);
    const isHeld = candidate.names.has(LOCK_FILE) && isFolderHeld(folder);
    const mark = `${files} ${isHeld} ${JSON.stringify(tags)}`;
    if (before?.mark === mark && before.described === described) return before;
    const row = rowOf(run, described, { folder, names: candidate.names, changed, isHeld, tags });
    return { row, described, folder, candidate, mark, descriptionMark };
  }

  /** All runs, the last changed first. */
  async list(): Promise<RunList> {
    await this.#refresh();
    const rows = [...this.#entries.values()].map(({ row }) => row);
    return {
      root: this.#shown,
      runs: rows.sort((a, b) => b.changed - a.changed),
      unreadable: this.#unreadable,
    };
  }

  /**
   * One run.
   *
   * @throws {GenviewNotFound} if there is none
   */
  async find(run: string): Promise<KnownRun> {
    const known = this.#entries.get(run);
    if (known !== undefined) {
      // As it is now; what has changed since is found by the next look at all.
      const now = this.#lookSafely(known);
      if (now !== undefined) return now;
    }
    await this.#refresh();
    if (!this.#entries.has(run)) {
      this.#walked = -Infinity;
      await this.#refresh();
    }
    const found = this.#entries.get(run);
    if (found !== undefined) return found;
    const reason = this.#unreadable.find((each) => each.run === run)?.reason;
    throw new GenviewNotFound(
      `Cannot find the run ${JSON.stringify(run.slice(0, 200))} below the studio's root${
        reason === undefined ? "" : `: ${reason}`
      }`,
    );
  }

  #lookSafely(known: Entry): KnownRun | undefined {
    try {
      return this.#look(known.candidate, known);
    } catch {
      // The look at all says what is wrong with it.
      return undefined;
    }
  }

  /**
   * The logs of a run, read up to now.
   *
   * @throws what reading them throws
   */
  async logs({ row: { run }, described: { parts } }: KnownRun): Promise<RunLogs> {
    const known = this.#logs.get(run);
    const isSame = known !== undefined && isSameValue(known.parts, parts);
    const logs = isSame ? known : new RunLogs(parts);
    // The one that was asked for last stays longest.
    this.#logs.delete(run);
    this.#logs.set(run, logs);
    await logs.refresh();
    this.#makeRoom();
    return logs;
  }

  #makeRoom(): void {
    let bytes = [...this.#logs.values()].reduce((sum, logs) => sum + logs.bytes, 0);
    for (const [run, logs] of this.#logs) {
      if (this.#logs.size <= 1 || (this.#logs.size <= OPEN_RUNS && bytes <= OPEN_BYTES)) return;
      this.#logs.delete(run);
      bytes -= logs.bytes;
    }
  }
}
