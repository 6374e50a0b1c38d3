/**
 * What the training of a generator says to people, and why it ended: `messages.jsonl` in its folder, as of other runs.
 *
 * @module
 */
import { join } from "node:path";
import { JsonLinesLog } from "../../files/json_lines.ts";
import { MESSAGES_FILE } from "../../train/log/run_log.ts";
import { RunMessages } from "../../train/log/run_messages.ts";
import { listCheckpoints } from "../../weights/checkpoint/list.ts";
import type { StageEvent, StageName } from "./stage_event.ts";

const STAGES: readonly StageName[] = ["autoencoder", "unet"];

/** Steps before the newest checkpoint of a stage. */
async function savedSteps(output: string, stage: StageName): Promise<number> {
  return (await listCheckpoints(join(output, stage, "checkpoints"))).at(-1)?.step ?? 0;
}

/** The messages of one run. They are said after so many steps of both stages together. */
export class GeneratorMessages implements Disposable {
  readonly #messages = new RunMessages();
  readonly #file: JsonLinesLog;
  readonly #steps: Record<StageName, number>;
  /** Steps that were counted last: where a damaged checkpoint is passed over, some are taken again. */
  #counted: number;

  private constructor(file: JsonLinesLog, steps: Record<StageName, number>, resumedAt: number) {
    this.#file = file;
    this.#steps = steps;
    this.#counted = resumedAt;
    const message = (step: number, kind: string, text: string) =>
      file.write({ step, kind, message: text });
    this.#messages.open({ message }, resumedAt);
  }

  /**
   * Starts the file, or takes it up where the run goes on: what was said after the newest checkpoints, and why the run
   * ended, is dropped.
   *
   * @throws {GenviewError} if the system refuses, such as on a full disk
   */
  static async open(output: string): Promise<GeneratorMessages> {
    const [autoencoder, unet] = await Promise.all(STAGES.map((stage) => savedSteps(output, stage)));
    const steps = { autoencoder: autoencoder!, unet: unet! };
    const resumeAt = steps.autoencoder + steps.unet;
    const file = await JsonLinesLog.open(join(output, MESSAGES_FILE), { resumeAt });
    const messages = new GeneratorMessages(file, steps, resumeAt);
    if (file.damaged.length > 0) {
      const lines = file.damaged.join(", ");
      messages.take({
        kind: "warning",
        message: `${file.path} was damaged: left out lines ${lines}`,
      });
    }
    return messages;
  }

  /** Takes an event: messages are written, steps counted. */
  take(event: StageEvent): void {
    // An image encoder learns outside of a generator's run.
    if (event.kind === "step" && event.stage !== "image encoder") {
      this.#steps[event.stage] = event.step;
      this.#counted = Math.max(this.#counted, this.#steps.autoencoder + this.#steps.unet);
      this.#messages.count(this.#counted);
    } else if (event.kind === "note" || event.kind === "warning") {
      this.#messages.say(event.kind, event.message);
    }
  }

  /** Writes why the run has ended, where that can be written. */
  fail(error: unknown): void {
    this.#messages.fail(error);
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}
