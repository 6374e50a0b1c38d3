/**
 * The display of a training run: a progress line, and notes above it.
 *
 * @module
 */
import { counted } from "../../core/schema/counted.ts";
import type { Coverage } from "../../core/data/mod.ts";
import { describeDevice } from "../../core/engine/ort/mod.ts";
import { optionName } from "../../core/schema/option_name.ts";
import { ProgressLine, type ProgressOutput, progressOutput } from "./progress_line.ts";
import type { LossRange } from "../../core/method/manifest.ts";
import type { JointRanks, TrainEvent } from "../../core/train/run/train_event.ts";

/** Says how many images have variations, and how many each: `variations: 3 of 4 images have some (75.0 %), 1 to 8 each`. */
export function describeCoverage({ matched, total, samplesByCount }: Coverage): string {
  const share = (100 * matched / total).toFixed(1);
  const most = samplesByCount.length - 1;
  const fewest = samplesByCount.findIndex((samples, count) => count > 0 && samples > 0);
  const each = fewest === most ? String(most) : `${fewest} to ${most}`;
  return `variations: ${matched} of ${total} images have some (${share} %), ${each} each`;
}

/** Says who computes where: `2 processes by Open MPI v4.1.4: rank 0 on node1 cuda:0, rank 1 on node1 cuda:1`. */
export function describeRanks({ size, library, places }: JointRanks): string {
  const each = places.map(({ host, device }, rank) => `rank ${rank} on ${host} ${device}`);
  return `${counted(size, "process", "processes")} by ${library}: ${each.join(", ")}`;
}

/** What is expected of the loss, to three digits, where that is known: `loss: -0.25 to 0.25 at random, …`. */
export function describeLoss(range: LossRange | undefined): string {
  if (range === undefined) return "";
  const [random, healthy] = [range.random, range.healthy].map((ends) =>
    ends.map((value) => Number(value.toPrecision(3))).join(" to ")
  );
  const collapsed = Number(range.collapsed.toPrecision(4));
  return `loss: ${random} at random, ${healthy} when healthy, ${collapsed} when collapsed; `;
}

/** Shows a run's events as a progress line and notes. */
export class TrainDisplay implements Disposable {
  #progress: ProgressLine | undefined;
  readonly #output: ProgressOutput;

  /** @param write takes the text; by default to standard error */
  constructor(write?: (text: string) => void) {
    this.#output = progressOutput(write);
  }

  /** Shows one event. */
  show(event: TrainEvent): void {
    if (event.kind === "start") {
      const { backbone, batchSize, epochs } = event.configuration;
      this.#progress = new ProgressLine({
        total: event.totalSteps,
        start: event.resumedAt,
        imagesPerStep: batchSize,
        ...this.#output,
      });
      this.note(
        `${event.method.title}, ${backbone}, ${(event.parameters / 1e6).toFixed(1)} M ` +
          `trained parameters, on ${describeDevice(event.device)}` +
          (event.precision === "float32" ? "" : ` in ${event.precision}`) +
          `; ${counted(epochs, "epoch")} of ` +
          `${counted(event.stepsPerEpoch, "step")} of ${counted(batchSize, "image")}` +
          (event.resumedAt > 0 ? `, from step ${event.resumedAt}` : ""),
      );
      if (event.ranks !== undefined) this.note(describeRanks(event.ranks));
      this.note(
        `${describeLoss(event.lossRange)}spread: about ${
          event.uniformSpread.toFixed(4)
        } when healthy, ` +
          "0 when collapsed",
      );
      for (const { name, from, to } of event.changes) {
        const schedules = name === "epochs" ? "; schedules run over the new length" : "";
        this.note(`${optionName(name)} was ${from}, and is ${to} from here${schedules}`);
      }
      if (event.coverage !== undefined) this.note(describeCoverage(event.coverage));
    } else if (event.kind === "step") {
      this.#progress?.update(event.step, {
        loss: event.loss,
        spread: event.spread,
        lr: event.learningRate,
        ...(event.communicationSeconds !== undefined && {
          comm: event.communicationSeconds / event.seconds,
        }),
        ...(event.lossScale && {
          scale: event.lossScale.scale,
          ...(event.lossScale.skippedSteps > 0 && { skipped: event.lossScale.skippedSteps }),
        }),
        ...event.metrics,
      });
    } else if (event.kind === "epoch") {
      const metrics = Object.entries(event.metrics).map(([name, value]) =>
        `${name} ${value.toFixed(4)}`
      );
      this.note(
        [
          `epoch ${event.epoch}: loss ${event.loss.toFixed(4)}`,
          ...metrics,
          `${event.seconds.toFixed(1)} s, ${
            event.waitSeconds.toFixed(1)
          } s of it waiting for images`,
          ...(event.skipped > 0 ? [`${event.skipped} unreadable images replaced`] : []),
        ].join(", "),
      );
    } else if (event.kind === "checkpoint") {
      this.note(`saved ${event.path}`);
    } else if (event.kind === "tuning") {
      console.error(`timing convolution ${event.done + 1} of ${event.total}`);
    } else if (event.kind === "pairs") {
      this.note(`drew ${event.path}`);
    } else if (event.kind === "note") {
      this.note(event.message);
    } else {
      this.note(`warning: ${event.message}`);
    }
  }

  /** Writes a line of text above the progress. */
  note(text: string): void {
    // What is reported before the start, such as a rule that matches nothing, has no progress to stand above.
    if (this.#progress === undefined) this.#output.write(`${text}\n`);
    else this.#progress.note(text);
  }

  /** Ends the progress line. */
  [Symbol.dispose](): void {
    this.#progress?.[Symbol.dispose]();
  }
}
