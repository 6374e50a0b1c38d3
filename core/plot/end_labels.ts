/**
 * Labels beside a chart, each level with the end of its line, which a reader finds faster than an entry of a legend.
 *
 * @module
 */
import type { Layer } from "./axes.ts";
import { spreadApart } from "./axis_range.ts";
import { textWidth } from "./text_width.ts";
import { FONT_SIZE, INK, LINE_HEIGHT } from "./theme.ts";

/** A sample of a line or a band, and a text beside it. */
export interface EndLabel {
  /** Where it would best be, as a share of the chart's height from the top. */
  readonly place: number;
  readonly lines: readonly string[];
  readonly color: string;
  readonly kind: "series" | "rule" | "band";
}

const SAMPLE = { from: 8, to: 24 };
const TEXT_GAP = 6;

/** Pixels that labels take beside the chart. */
export function endLabelWidth(labels: readonly EndLabel[]): number {
  const widths = labels.flatMap(({ lines }) => lines.map((line) => textWidth(line, FONT_SIZE)));
  return widths.length === 0 ? 0 : SAMPLE.to + TEXT_GAP + Math.max(...widths);
}

function sampleLayer({ kind, color }: EndLabel, width: number, y: number): Layer {
  return {
    data: { values: [{}] },
    mark: {
      type: "rule",
      color,
      strokeWidth: kind === "band" ? 9 : 2,
      strokeDash: kind === "rule" ? [4, 3] : [],
      opacity: kind === "band" ? 0.5 : 1,
    },
    encoding: {
      x: { value: width + SAMPLE.from },
      x2: { value: width + SAMPLE.to },
      y: { value: y },
    },
  };
}

function textLayer({ lines }: EndLabel, width: number, y: number): Layer {
  return {
    data: { values: [{}] },
    mark: {
      type: "text",
      text: [...lines],
      align: "left",
      baseline: "middle",
      color: INK,
      dy: -(lines.length - 1) * LINE_HEIGHT / 2,
      fontSize: FONT_SIZE,
      lineHeight: LINE_HEIGHT,
    },
    encoding: { x: { value: width + SAMPLE.to + TEXT_GAP }, y: { value: y } },
  };
}

/** Labels as layers of a chart of this size in pixels, moved apart where they would overlap. */
export function endLabelLayers(
  labels: readonly EndLabel[],
  width: number,
  height: number,
): Layer[] {
  const wanted = labels.map(({ place, lines }) => ({
    center: height * Math.min(Math.max(place, 0), 1),
    size: lines.length * LINE_HEIGHT + 2,
  }));
  const centers = spreadApart(wanted, -LINE_HEIGHT / 2, height + LINE_HEIGHT / 2);
  return labels.flatMap((label, i) => [
    sampleLayer(label, width, centers[i]!),
    textLayer(label, width, centers[i]!),
  ]);
}
