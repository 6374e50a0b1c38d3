/**
 * What is done with a run that is there: it is stopped, gone on with, forked, evaluated, exported, tagged or discarded.
 *
 * @module
 */
import { join } from "node:path";
import { GenviewAlreadyExists, GenviewTypeError } from "../../errors/mod.ts";
import { hostName, lockHolder } from "../../files/folder_lock.ts";
import { validate } from "../../schema/validate.ts";
import { readDescription } from "../../train/run/run_description.ts";
import { checkpointStep } from "../../weights/checkpoint/state.ts";
import type { Job, JobRequest, RunAction } from "../api/actions.ts";
import type { RunRow } from "../api/runs.ts";
import type { StudioContext } from "../studio_context.ts";
import { addRequest } from "./add_request.ts";
import type { JobQueue } from "./job_queue.ts";
import { recordedOptions } from "./recorded_pipeline.ts";
import { trashRun } from "./trash_run.ts";

const TEXT = { type: "string", minLength: 1, maxLength: 4096 };

/** Members of each action. */
const MEMBERS: Readonly<Record<RunAction["action"], readonly [needed: object, wanted: object]>> = {
  stop: [{}, {}],
  resume: [{}, {}],
  lengthen: [{ epochs: { type: "integer", minimum: 1 } }, {}],
  fork: [{ checkpoint: TEXT, output: TEXT }, {}],
  evaluate: [{}, { checkpoint: TEXT }],
  export: [{ output: TEXT }, { checkpoint: TEXT }],
  tag: [{ tags: { type: "array", items: { type: "string" } } }, {}],
  trash: [{ confirm: { type: "string" } }, {}],
};

/** Schemas of actions, made once so that each is compiled once. */
const SCHEMAS: Readonly<Record<string, object>> = Object.fromEntries(
  Object.entries(MEMBERS).map(([action, [needed, wanted]]) => [action, {
    type: "object",
    additionalProperties: false,
    required: ["action", ...Object.keys(needed)],
    properties: { action: { enum: [action] }, ...needed, ...wanted },
  }]),
);

/** What an action on a run is, from outside. */
function parseAction(body: unknown): RunAction {
  const name = (body as { readonly action?: unknown } | null)?.action;
  const schema = typeof name === "string" && Object.hasOwn(SCHEMAS, name) ? SCHEMAS[name]! : {
    type: "object",
    required: ["action"],
    properties: { action: { enum: Object.keys(MEMBERS) } },
  };
  return validate<RunAction>(schema, body, "act on the run", "the action");
}

/** Actions on the runs below a root. */
export class RunActions {
  readonly #context: StudioContext;
  readonly #queue: JobQueue;
  /** Processes that were told to stop: a second signal would end them without saving. */
  readonly #told = new Set<string>();

  constructor(context: StudioContext, queue: JobQueue) {
    this.#context = context;
    this.#queue = queue;
  }

  /**
   * Acts on a run.
   *
   * @param run path below the root
   * @param body what is done
   * @returns the run's row, or the job that does it
   * @throws {GenviewTypeError} if it is no action, or one that such a run has not
   * @throws {GenviewNotFound} if there is no such run or checkpoint
   * @throws {GenviewAlreadyExists} if it runs and must not, or the other way round
   */
  async act(run: string, body: unknown): Promise<RunRow | Job> {
    const action = parseAction(body);
    const row = await this.#context.runs.row(run);
    switch (action.action) {
      case "stop":
        return await this.#stop(row);
      case "resume":
        return await this.#add(await this.#resumed(row, {}));
      case "lengthen":
        return await this.#add(await this.#resumed(row, { epochs: action.epochs }));
      case "fork":
        return await this.#add(await this.#forked(row, action));
      case "evaluate":
        return await this.#add({
          task: "evaluate",
          positional: [await this.#network(row, action.checkpoint)],
          options: await this.#placement(row),
        });
      case "export":
        return await this.#add({
          task: "export",
          positional: [await this.#network(row, action.checkpoint), action.output],
          options: {},
        });
      case "tag":
        await this.#context.runs.tag(run, action.tags);
        return await this.#changed(run);
      case "trash":
        await trashRun(run, action.confirm, this.#context, this.#queue);
        return row;
    }
  }

  async #add(request: JobRequest): Promise<Job> {
    return await addRequest(request, this.#context, this.#queue);
  }

  async #changed(run: string): Promise<RunRow> {
    const row = await this.#context.runs.row(run);
    this.#context.announce({ kind: "run", row });
    return row;
  }

  /** Stops what goes on in a run's folder, whoever has started it. */
  async #stop({ run }: RunRow): Promise<RunRow | Job> {
    const job = this.#queue.writerOf(run);
    if (job !== undefined) return await this.#queue.stop(job.id);
    const holder = await lockHolder(await this.#context.resolve(run));
    if (holder === undefined) {
      throw new GenviewAlreadyExists(`Cannot stop ${run}: nobody is at work in it`);
    }
    if (holder.process === Deno.pid || holder.process === 1) {
      throw new GenviewAlreadyExists(
        `Cannot stop ${run}: process ${holder.process} holds it, which is no training`,
      );
    }
    if (holder.host !== hostName()) {
      throw new GenviewAlreadyExists(
        `Cannot stop ${run}: process ${holder.process} on ${holder.host} is at work in it; stop it there`,
      );
    }
    // The lock is held, so its holder lives, and no other process has its number.
    const mark = `${holder.process} ${holder.since}`;
    if (!this.#told.has(mark)) Deno.kill(holder.process, "SIGINT");
    this.#told.add(mark);
    return await this.#changed(run);
  }

  /** Where a run was computed, and by how many processes. */
  async #placement({ run }: RunRow): Promise<Record<string, unknown>> {
    const { configuration, ranks = 1 } = await readDescription(await this.#context.resolve(run));
    return {
      ...(configuration.device !== "auto" && { device: configuration.device }),
      ...(ranks > 1 && { workers: ranks }),
    };
  }

  async #resumed(row: RunRow, changes: { readonly epochs?: number }): Promise<JobRequest> {
    const { run, kind, state } = row;
    const output = await this.#context.resolve(run);
    if (state === "running" || this.#queue.writerOf(run) !== undefined) {
      throw new GenviewAlreadyExists(`Cannot go on with ${run}: it is running, or is about to`);
    }
    if (state === "finished" && changes.epochs === undefined) {
      throw new GenviewAlreadyExists(
        `Cannot go on with ${run}: it has finished; lengthen it to more epochs`,
      );
    }
    if (kind === "pretraining" || kind === "demo") {
      const options = { output, resume: "latest", ...await this.#placement(row), ...changes };
      return { task: "train", options };
    }
    if (changes.epochs !== undefined) this.#refuse(row, "lengthen");
    if (kind === "generator") {
      return { task: "generator", positional: ["train"], options: { output, resume: true } };
    }
    const before = await recordedOptions(run, this.#context) ?? this.#queue.lastFor(run)?.options;
    if (kind !== "pipeline" || before === undefined) return this.#refuse(row, "go on with");
    return { task: "pipeline", options: { ...before, output } };
  }

  #refuse({ run, kind }: RunRow, action: string): never {
    const remedy = kind === "pipeline"
      ? "; start the pipeline with its options and this output"
      : "";
    throw new GenviewTypeError(`Cannot ${action} ${run}: it is a run of ${kind}${remedy}`);
  }

  /** The folder of a run, or of one of its checkpoints. */
  async #network(row: RunRow, checkpoint: string | undefined): Promise<string> {
    const { run, kind } = row;
    if (kind !== "pretraining" && kind !== "demo") this.#refuse(row, "use the network of");
    const folder = await this.#context.resolve(run);
    if (checkpoint === undefined) return folder;
    if (checkpointStep(checkpoint) === undefined) {
      throw new GenviewTypeError(
        `Cannot use the checkpoint ${
          JSON.stringify(checkpoint)
        }: it must be a name such as step-000000522`,
      );
    }
    const below = run === "." ? "" : `${run}/`;
    return await this.#context.resolve(`${below}checkpoints/${checkpoint}`);
  }

  async #forked(
    row: RunRow,
    { checkpoint, output }: Extract<RunAction, { readonly action: "fork" }>,
  ): Promise<JobRequest> {
    const resume = await this.#network(row, checkpoint);
    const options = { output: join(this.#context.root, output), resume };
    return { task: "train", options: { ...options, ...await this.#placement(row) } };
  }
}
