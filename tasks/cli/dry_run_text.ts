/**
 * What a run would be, in words.
 *
 * @module
 */
import { counted } from "../../core/schema/counted.ts";
import { describeDevice } from "../../core/engine/ort/mod.ts";
import type { DryRun, PlannedRanks } from "../../core/train/mod.ts";
import { formatBytes } from "./download_display.ts";

/** Names of the parts of the memory in words, the order in which they are shown. */
const PARTS = {
  state: "parameters and buffers",
  slots: "state of the optimizer",
  gradients: "gradients",
  activations: "intermediate values",
  batches: "batches",
  pairEncoder: "network that weights pairs",
  process: "process, code, models and the list of images",
} as const;

function rate(value: number): string {
  return Number(value.toPrecision(4)).toString();
}

function parameterText({ parameters: { trained, fixed, momentum } }: DryRun): string {
  const rest = [
    ...(momentum > 0 ? [`${momentum.toLocaleString("en")} in the momentum encoder`] : []),
    ...(fixed > 0 ? [`${fixed.toLocaleString("en")} fixed`] : []),
  ];
  const total = trained + fixed + momentum;
  return `${trained.toLocaleString("en")} trained` +
    (rest.length === 0 ? "" : `, ${rest.join(", ")}; ${total.toLocaleString("en")} in all`);
}

function batchText(run: DryRun): string {
  const { configuration: { batchSize, deviceBatchSize }, microBatches, ranks } = run;
  const parts = [
    ...(ranks === undefined
      ? []
      : [`${counted(ranks.places.length, "process", "processes")} with ${ranks.samples} each`]),
    ...(microBatches === 1
      ? []
      : [`${microBatches} micro-batches of ${deviceBatchSize}${ranks ? " on each" : ""}`]),
  ];
  const whole = counted(batchSize, "sample");
  if (parts.length === 0) return whole;
  return `${whole} in ${parts.join(", in ")}, ${normalised(run)}`;
}

/** What batch norm takes its statistics of. */
function normalised({ configuration, microBatches, ranks }: DryRun): string {
  if (ranks === undefined || !configuration.syncBatchNorm) {
    return "within each of which batch norm normalises";
  }
  return microBatches > 1
    ? "within each of which batch norm normalises over all processes"
    : "over all of which batch norm normalises";
}

/** Where processes compute, those alike that follow each other in one: `ranks 0 to 3 on node1: cpu, 2 threads`. */
function placeText({ places }: PlannedRanks): string[] {
  return places.map(({ host, device, threads }, rank) =>
    `rank ${rank} on ${host}, ${device}${threads > 0 ? `, ${counted(threads, "thread")}` : ""}`
  );
}

/** What each process sends in a step. */
function trafficText({ traffic }: PlannedRanks): string {
  const { gradients, gradientsSent, collectives, collectivesSent } = traffic;
  return `${formatBytes(gradientsSent)} a step at the least for ${
    formatBytes(gradients)
  } of gradients` +
    (collectives === 0
      ? ""
      : `, and ${formatBytes(collectivesSent)} in ${counted(collectives, "collective")} within it`);
}

/** Sizes of views, the number of each: `2 of 224 px, 6 of 96 px`. */
function viewText({ viewSizes }: DryRun): string {
  return [...Map.groupBy(viewSizes, (size) => size)]
    .map(([size, { length }]) => `${length} of ${size} px`).join(", ");
}

const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];

/** A time as people say it. */
function timeText(seconds: number): string {
  const [unit, name] = seconds < 2 * MINUTE
    ? [1, "seconds"]
    : seconds < 2 * HOUR
    ? [MINUTE, "minutes"]
    : seconds < 2 * DAY
    ? [HOUR, "hours"]
    : [DAY, "days"];
  return `${Number((seconds / unit).toPrecision(2))} ${name}`;
}

/**
 * Describes a run that is not started.
 *
 * @param secondsEach what a step takes, where that was measured
 */
export function dryRunText(run: DryRun, secondsEach?: number): string {
  const { method, configuration, learningRate: { start, peak, end }, memory, models, ranks } = run;
  const { backbone, epochs, optimizer } = configuration;
  const rows = [
    ["method", `${method.title} on ${backbone}`],
    ["data", `${run.data.name}, ${counted(run.data.length, "image")}`],
    ["parameters", parameterText(run)],
    ["views", viewText(run)],
    ["step", batchText(run)],
    ...(ranks === undefined ? [] : [
      ...placeText(ranks).map((text, i) => [i === 0 ? "processes" : "", text]),
      ["each sends", trafficText(ranks)],
    ]),
    [
      "length",
      `${counted(epochs, "epoch")} of ${counted(run.stepsPerEpoch, "step")}, ${
        counted(run.totalSteps, "step")
      } in all`,
    ],
    ...(secondsEach === undefined ? [] : [[
      "time",
      `about ${timeText(secondsEach * run.totalSteps)}, at ${
        timeText(secondsEach)
      } a step as measured now, without evaluations`,
    ]]),
    [
      "learning rate",
      `${rate(start)} at the start, at most ${rate(peak)}, ${rate(end)} at the end (${optimizer})`,
    ],
    [
      "models",
      Object.entries(models).map(([name, { nodes, bytes }]) =>
        `${name} ${counted(nodes, "node")}, ${formatBytes(bytes)}`
      ).join("; "),
    ],
    ...(run.precision === "float32" ? [] : [[
      "precision",
      `${run.precision}, weights and sums in float32`,
    ]]),
    [
      "memory",
      `about ${formatBytes(memory.total)} at most${
        ranks ? " for each process" : ""
      }, estimated for the CPU`,
    ],
    ...Object.entries(PARTS).flatMap(([part, name]) => {
      const bytes = memory[part as keyof typeof PARTS];
      return bytes === 0 ? [] : [["", `${formatBytes(bytes)} ${name}`]];
    }),
    ...(run.device.provider === "cpu" ? [] : [[
      "",
      `on ${
        describeDevice(run.device)
      } all but the process and the loaded batches take its own memory, and its libraries some more`,
    ]]),
    ...run.warnings.map((warning) => ["warning", warning]),
  ];
  const width = Math.max(...rows.map(([name]) => name!.length));
  return rows.map(([name, text]) => `${name!.padEnd(width)}  ${text}`).join("\n");
}
