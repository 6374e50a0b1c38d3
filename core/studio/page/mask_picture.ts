/**
 * An image with what lies below a threshold shaded.
 *
 * @module
 */
import { useEffect, useRef, type VNode } from "../../deps/preact.ts";
import { html } from "./html.ts";

/** What a masked picture is given. */
export interface MaskPictureProps {
  readonly picture: string;
  /** Rows and columns of the tokens. */
  readonly grid: readonly [number, number];
  /** Score of each token, row by row. */
  readonly scores: readonly number[];
  readonly threshold: number;
  readonly label: string;
}

/** An image; what is background at the threshold is shaded, and the edge between the two is drawn. */
export function MaskPicture(
  { picture, grid: [rows, columns], scores, threshold, label }: MaskPictureProps,
): VNode {
  const canvas = useRef<HTMLCanvasElement | null>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context === null || context === undefined) return;
    const { width, height } = context.canvas;
    // Whole pixels: neighbours that overlapped would be shaded twice along their edges.
    const x = (column: number): number => Math.round(column * width / columns);
    const y = (row: number): number => Math.round(row * height / rows);
    const isFore = (row: number, column: number): boolean =>
      (scores[row * columns + column] ?? 0) > threshold;
    context.clearRect(0, 0, width, height);
    context.fillStyle = "rgba(8, 14, 22, 0.72)";
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        if (isFore(row, column)) continue;
        context.fillRect(x(column), y(row), x(column + 1) - x(column), y(row + 1) - y(row));
      }
    }
    context.fillStyle = "#ffffff";
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const here = isFore(row, column);
        if (column + 1 < columns && here !== isFore(row, column + 1)) {
          context.fillRect(x(column + 1) - 1, y(row), 2, y(row + 1) - y(row));
        }
        if (row + 1 < rows && here !== isFore(row + 1, column)) {
          context.fillRect(x(column), y(row + 1) - 1, x(column + 1) - x(column), 2);
        }
      }
    }
  }, [rows, columns, scores, threshold]);
  return html`
    <div class="masked">
      <img src=${picture} alt=${label} loading="lazy" />
      <canvas ref=${canvas} width="256" height="256" aria-hidden="true"></canvas>
    </div>
  `;
}
