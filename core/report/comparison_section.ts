/**
 * The section of a report that compares runs: what each can do, and how it came to it, beside what needs no training.
 *
 * @module
 */
import type { LogRecord } from "../files/json_lines.ts";
import type { Point } from "../plot/curve.ts";
import { lineChart, type Rule } from "../plot/line_chart.ts";
import { percent } from "./describe_curve.ts";
import type { NetworkScores } from "./network_scores.ts";
import type { Figure, Section, Table } from "./report.ts";

/** A run that is compared. */
export interface ComparedRun {
  /** What it is called, such as `ordinary pairs`. */
  readonly name: string;
  /** Its log of epochs, epoch 0 being the untrained network. */
  readonly epochs: readonly LogRecord[];
  /** What its network can do at the end. */
  readonly scores: NetworkScores;
}

/** Runs, and what stands beside them. */
export interface ComparedRuns {
  /** At most seven; the last is what the text compares with the first. */
  readonly runs: readonly ComparedRun[];
  /** The weights that all of them start with. */
  readonly initial: NetworkScores;
  /** The pixels of images as they are. */
  readonly pixels: NetworkScores;
  /** What readers call the images that are classified. */
  readonly queries: string;
}

/** A figure of networks, by which they are compared. */
interface Measure {
  readonly title: string;
  /** What it is, in words that a number of percent stands before. */
  readonly words: (queries: string) => string;
  readonly value: (scores: NetworkScores) => number;
  /** Its name in the log of epochs; none if it is not logged. */
  readonly logged?: string;
  readonly chance: (scores: NetworkScores) => number;
}

const KNN: Measure = {
  title: "Nearest neighbours",
  words: (queries) => `${queries} given the right class by nearest neighbours`,
  value: ({ features }) => features.knn.top1,
  logged: "knnTop1",
  chance: ({ features }) => features.chance.balanced,
};

const PROBE: Measure = {
  title: "Linear probe",
  words: (queries) => `${queries} given the right class by a linear probe`,
  value: ({ probe }) => probe.top1,
  chance: ({ features }) => features.chance.balanced,
};

const RETRIEVAL: Measure = {
  title: "Counterpart first",
  words: (queries) => `${queries} whose counterpart is the nearest image`,
  value: ({ features }) => features.retrieval!.forward.recallAt1,
  logged: "recallAt1",
  chance: ({ features }) => features.retrieval!.forward.chance.recallAt1,
};

/** What is measured; without counterparts there is no retrieval. */
function measuresOf({ initial }: Pick<ComparedRuns, "initial">): Measure[] {
  return [KNN, PROBE, ...(initial.features.retrieval === undefined ? [] : [RETRIEVAL])];
}

/** A difference of two shares, in points of percent. */
function points(difference: number): string {
  return `${difference < 0 ? "−" : "+"}${Math.abs(100 * difference).toFixed(1)} points`;
}

async function curveFigure(measure: Measure, compared: ComparedRuns): Promise<Figure | undefined> {
  const { logged, title, words, value, chance } = measure;
  if (logged === undefined) return undefined;
  const { runs, initial, pixels, queries } = compared;
  const series = runs.map(({ name, epochs }) => ({
    name,
    points: epochs.flatMap((record): Point[] => {
      const [x, y] = [record["epoch"], record[logged]];
      return typeof x === "number" && typeof y === "number" ? [[x, 100 * y]] : [];
    }),
  }));
  if (series.some((one) => one.points.length === 0)) return undefined;
  const rules: Rule[] = [
    { value: 100 * value(initial), label: "untrained" },
    { value: 100 * value(pixels), label: "raw pixels" },
    { value: 100 * chance(initial), label: "chance" },
  ];
  const ends = runs.map(({ name, scores }) => `${name} ${percent(value(scores))}`);
  const levels = [initial, pixels].map((scores) => percent(value(scores)));
  const said = `${title} after each epoch: ${ends.join(", ")} at the end; untrained ${
    levels[0]
  }, raw pixels ${levels[1]}.`;
  return {
    svg: await lineChart({
      ...{ title, series, rules, xLabel: "epoch" },
      yLabel: `${words(queries)}, %`,
    }),
    caption: said,
    alt: said,
  };
}

function tableOf(compared: ComparedRuns): Table {
  const { runs, initial, pixels } = compared;
  const measures = measuresOf(compared);
  const row = (name: string, of: (measure: Measure) => number) => [
    name,
    ...measures.map((measure) => percent(of(measure))),
  ];
  const [first, last] = [runs[0]!, runs.at(-1)!];
  return {
    columns: ["", ...measures.map(({ title }) => title)],
    rows: [
      row("chance", ({ chance }) => chance(initial)),
      row("raw pixels", ({ value }) => value(pixels)),
      row("untrained", ({ value }) => value(initial)),
      ...runs.map(({ name, scores }) => row(name, ({ value }) => value(scores))),
      ...(runs.length < 2 ? [] : [[
        `${last.name} less ${first.name}`,
        ...measures.map(({ value }) => points(value(last.scores) - value(first.scores))),
      ]]),
    ],
  };
}

/** What the last run has more than the first, figure by figure, as it was measured. */
function claimOf(compared: ComparedRuns): string {
  const { runs, queries } = compared;
  const [first, last] = [runs[0]!, runs.at(-1)!];
  if (runs.length < 2) return "";
  const each = measuresOf(compared).map(({ value, words }) => {
    const [before, after] = [value(first.scores), value(last.scores)];
    return `${percent(after)} of ${words(queries)} (${points(after - before)} from the ${
      percent(before)
    } of ${first.name})`;
  });
  return `With ${last.name}: ${
    each.join("; ")
  }. It is one run of each: what a difference means, several seeds say.`;
}

/**
 * Curves of runs in one chart for each figure that was logged, a table of what all networks can do, and the last run's
 * figures beside the first one's in words.
 *
 * @param text stands before what was measured
 */
export async function comparisonSection(
  compared: ComparedRuns,
  { title, text }: { readonly title: string; readonly text: string },
): Promise<Section> {
  const figures: Figure[] = [];
  for (const measure of measuresOf(compared)) {
    const figure = await curveFigure(measure, compared);
    if (figure !== undefined) figures.push(figure);
  }
  const claim = claimOf(compared);
  return {
    title,
    text: claim === "" ? text : `${text}\n\n${claim}`,
    figures,
    tables: [tableOf(compared)],
  };
}
