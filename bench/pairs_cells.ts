/**
 * The kinds of pairs that are compared: what the second view of a pair is cut from, and one factor at a time.
 *
 * @module
 */
import type { PartialConfiguration } from "../core/method/resolve_configuration.ts";
import { chosenNames } from "./chosen_names.ts";

/** What pairs are made of in a cell; what is left out is as in `generated`. */
export interface PairCell {
  /** What a view of a pair is cut from, where it is not cut from the image itself. */
  readonly partner: "image" | "ideal" | "generated";
  /** Whether emoji get new backgrounds in every epoch, in place of one for all (default false). */
  readonly redrawn?: boolean;
  /** Variations of each image that there are to choose from (default 1). */
  readonly variations?: number;
  /** Noise level of all variations (default that of each image's foreground ratio). */
  readonly level?: number;
  /** Classifier-free guidance scale of variations (default the comparison's). */
  readonly guidance?: number;
  /** Steps of the scheduler (default the comparison's). */
  readonly steps?: number;
  /** Smallest share of the image that a view shows, up to all of it (default as the method's preset has it). */
  readonly leastArea?: number;
  /** Whether pairs are weighted by their quality (default false). */
  readonly weighted?: boolean;
  /** Options of pretraining that differ. */
  readonly configuration?: PartialConfiguration;
  /** The cell that it is compared with (default `ordinary`). */
  readonly against?: string;
}

const GENERATED: PairCell = { partner: "generated" };

/** Pairs whose views show another share of the image at least, of both kinds. */
function ofArea(leastArea: number): Record<string, PairCell> {
  const against = `ordinary-area-${leastArea}`;
  return {
    [against]: { partner: "image", leastArea },
    [`generated-area-${leastArea}`]: { ...GENERATED, leastArea, against },
  };
}

/** Cells of a sweep over values of one factor. */
function sweep<Value extends number>(
  name: string,
  values: readonly Value[],
  cell: (value: Value) => PairCell,
): Record<string, PairCell> {
  return Object.fromEntries(values.map((value) => [`${name}-${value}`, cell(value)]));
}

/** The cells by group, each by its name. */
export const PAIR_GROUPS: Readonly<Record<string, Readonly<Record<string, PairCell>>>> = {
  main: {
    "ordinary": { partner: "image" },
    "ideal": { partner: "ideal" },
    "generated": GENERATED,
    "generated+weights": { ...GENERATED, weighted: true },
  },
  redrawn: {
    "ordinary-redrawn": { partner: "image", redrawn: true },
    "ideal-redrawn": { partner: "ideal", redrawn: true, against: "ordinary-redrawn" },
  },
  levels: sweep("level", [0, 100, 200, 300, 400], (level) => ({ ...GENERATED, level })),
  share: sweep("share", [0.25, 0.5, 0.75], (share) => ({
    ...GENERATED,
    configuration: { variationProbability: share },
  })),
  number: {
    "ideal-4": { partner: "ideal", variations: 4 },
    ...sweep("variations", [2, 4], (variations) => ({ ...GENERATED, variations })),
  },
  guidance: sweep("guidance", [1, 6], (guidance) => ({ ...GENERATED, guidance })),
  steps: sweep("steps", [6, 24], (steps) => ({ ...GENERATED, steps })),
  views: {
    "views-second": { ...GENERATED, configuration: { variationViews: [1] } },
    "views-both": {
      ...GENERATED,
      variations: 2,
      configuration: { variationsPerImage: 2 },
    },
  },
  area: { ...ofArea(0.1), ...ofArea(0.6) },
  weights: {
    "ordinary+weights": { partner: "image", weighted: true },
    "ideal+weights": { partner: "ideal", weighted: true },
    ...sweep("sharpness", [0.5, 2, 4], (sharpness) => ({
      ...GENERATED,
      weighted: true,
      configuration: { qualitySharpness: sharpness },
    })),
  },
};

/** All cells by name, in the order of the table. */
export const PAIR_CELLS: Readonly<Record<string, PairCell>> = Object.assign(
  {},
  ...Object.values(PAIR_GROUPS),
);

/** A cell's name and what it is. */
export type NamedCell = PairCell & { readonly name: string };

/** The cell that another is compared with; undefined for `ordinary` itself. */
export function rivalOf(name: string): string | undefined {
  const { against = "ordinary" } = PAIR_CELLS[name]!;
  return name === against ? undefined : against;
}

/**
 * The cells that an option names: cells, groups of them, or `all`, in the order of the table.
 *
 * @param text names between commas
 * @throws {TypeError} if there is none of a name
 */
export function chosenCells(text: string): NamedCell[] {
  const names = Object.keys(PAIR_CELLS);
  const known = ["all", ...Object.keys(PAIR_GROUPS), ...names];
  const chosen = new Set(
    chosenNames("compare", "--cells", text, known).flatMap((name) =>
      name === "all" ? names : Object.keys(PAIR_GROUPS[name] ?? { [name]: true })
    ),
  );
  return names.filter((name) => chosen.has(name)).map((name) => ({ name, ...PAIR_CELLS[name]! }));
}
