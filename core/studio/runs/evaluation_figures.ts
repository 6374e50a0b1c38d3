/**
 * What evaluations have found of a run: its figures, each with what it is and its chance level.
 *
 * @module
 */
import { join } from "node:path";
import { RESULTS_FILE } from "../../evaluate/results.ts";
import type { Explanation } from "../api/runs.ts";
import { readPlainJson } from "./plain_file.ts";
import { isEntries } from "./run_parts.ts";

/** A figure of a run's evaluations. */
export interface EvaluationFigure {
  /** Protocol and figure, such as `kNN k=20 T=0.07 top1`. */
  readonly name: string;
  readonly value: number;
  /** Kind of the protocol. */
  readonly protocol: string;
  /** Name of the figure by itself, such as `top1`. */
  readonly figure: string;
  /** What a classifier or an order reaches that sees no image, where that is known. */
  readonly chance: number | undefined;
}

/** Results that are read: the last. */
const RESULTS = 200;

/** What each protocol does, as a part of a sentence on its figures. */
const PROTOCOLS: Readonly<Record<string, string>> = {
  knn: "by their nearest neighbours among the training images, by the frozen backbone's features",
  probe: "by a linear classifier on the frozen backbone's features",
  linear: "by a linear classifier on the frozen backbone's features",
  semi: "by the whole network, fine-tuned with a part of the labels",
  finetune: "by the whole network, fine-tuned with all labels",
};

const finite = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined;

function chanceOf(chance: unknown, figure: string): number | undefined {
  if (!isEntries(chance)) return undefined;
  const { balanced, majority, balancedTop5, [figure]: own } = chance;
  if (figure === "top5") return finite(balancedTop5);
  if (figure !== "top1") return finite(own);
  const known = [balanced, majority].map(finite).filter((level) => level !== undefined);
  return known.length > 0 ? Math.max(...known) : undefined;
}

/**
 * The figures of a run's last evaluations, a later one of a name in the place of an earlier; none if it has had none.
 *
 * @throws {GenviewTypeError} if the file of results is no plain one
 * @throws {GenviewSyntaxError} if it is no JSON
 */
export function readFigures(folder: string): EvaluationFigure[] {
  const found = readPlainJson(join(folder, RESULTS_FILE));
  const results = isEntries(found) && Array.isArray(found["results"]) ? found["results"] : [];
  const figures = new Map<string, EvaluationFigure>();
  for (const result of results.slice(-RESULTS)) {
    const { name, encoder, protocol, figures: own, chance } = isEntries(result) ? result : {};
    if (typeof name !== "string" || !isEntries(own)) continue;
    for (const [figure, value] of Object.entries(own)) {
      if (typeof value !== "number") continue;
      const shown = `${encoder === "momentum" ? "momentum " : ""}${name} ${figure}`;
      figures.set(shown, {
        ...{ name: shown, value, figure, protocol: String(protocol) },
        chance: chanceOf(chance, figure),
      });
    }
  }
  return [...figures.values()];
}

function whatOf({ protocol, figure }: EvaluationFigure): string {
  const how = Object.hasOwn(PROTOCOLS, protocol) ? PROTOCOLS[protocol] : undefined;
  if (how === undefined) {
    return "How near the counterpart of each image is among all others, by the frozen backbone's features; 1 is the best.";
  }
  const guess = figure === "top5" ? "is among the five best guesses" : "is classified correctly";
  return `Share of held-out images whose class ${guess} ${how}.`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** What a figure is, and how it stands beside its chance level. */
export function explainFigure(figure: EvaluationFigure): Explanation {
  const { name, value, chance } = figure;
  const said = { name, label: name, unit: "", what: whatOf(figure) };
  if (chance === undefined || !Number.isFinite(value)) {
    return {
      ...said,
      healthy: "Higher is better.",
      verdict: "unknown",
      advice: "",
    };
  }
  const healthy = `Higher is better; without seeing the images one reaches ${percent(chance)}.`;
  if (value > chance) return { ...said, healthy, verdict: "good", advice: "" };
  return {
    ...said,
    healthy,
    verdict: "watch",
    advice:
      "It is no better than chance: look at the loss and the spread, and whether the labels are those of the images.",
  };
}
