/**
 * A map's points on a canvas, as pictures from one sheet or as dots.
 *
 * @module
 */
import type { MapAnswer } from "../api/pictures.ts";
import { colourOf, rampColour } from "./colours.ts";
import { type MapWindow, type Point, toPixels } from "./map_geometry.ts";

/** What colours mean on a map. */
export type MapColours = "class" | "epoch" | "none";

/** What is drawn. */
export interface MapScene {
  readonly map: MapAnswer;
  /** The points at the place of the slider. */
  readonly points: readonly Point[];
  readonly window: MapWindow;
  readonly sheet: HTMLImageElement | undefined;
  readonly pictures: boolean;
  readonly colours: MapColours;
  /** Classes in the order of their colours. */
  readonly classes: readonly string[];
  /** The class that stands out; undefined for all. */
  readonly only: string | undefined;
  readonly chosen: number;
  readonly dark: boolean;
}

/** Side of a picture on the map, in CSS pixels. */
function sideOf({ window: { zoom }, map }: MapScene, width: number): number {
  const room = width / Math.sqrt(Math.max(1, map.images.length));
  return Math.min(96, Math.max(12, room * 0.62 * Math.sqrt(zoom)));
}

function drawTrails(
  context: CanvasRenderingContext2D,
  scene: MapScene,
  width: number,
  height: number,
): void {
  const { map, window, dark } = scene;
  const last = map.checkpoints.length - 1;
  map.images.forEach((_, i) => {
    for (let c = 0; c < last; c++) {
      const from = map.points[c]?.[i];
      const to = map.points[c + 1]?.[i];
      if (from === undefined || to === undefined) continue;
      context.strokeStyle = rampColour((c + 1) / last, dark);
      context.globalAlpha = i === scene.chosen ? 1 : 0.35;
      context.lineWidth = i === scene.chosen ? 2.5 : 1;
      context.beginPath();
      context.moveTo(...toPixels(from, window, width, height));
      context.lineTo(...toPixels(to, window, width, height));
      context.stroke();
    }
  });
  context.globalAlpha = 1;
}

function colourOfImage(scene: MapScene, label: string): string {
  if (scene.colours !== "class" || label === "") return scene.dark ? "#9aa5b1" : "#5f6c7b";
  return colourOf(scene.classes.indexOf(label), scene.dark);
}

/** Draws a map; sizes in CSS pixels. */
export function drawMap(
  context: CanvasRenderingContext2D,
  scene: MapScene,
  width: number,
  height: number,
): void {
  const { map, points, sheet, window, only, chosen } = scene;
  context.clearRect(0, 0, width, height);
  if (scene.colours === "epoch") drawTrails(context, scene, width, height);
  const side = sideOf(scene, Math.min(width, height));
  const { tile, columns } = map.sheet;
  const draw = (i: number): void => {
    const point = points[i];
    const image = map.images[i];
    if (point === undefined || image === undefined) return;
    const [x, y] = toPixels(point, window, width, height);
    const size = i === chosen ? side * 1.6 : side;
    if (x < -size || y < -size || x > width + size || y > height + size) return;
    const isFaded = only !== undefined && image.label !== only && i !== chosen;
    context.globalAlpha = isFaded ? 0.12 : 1;
    const colour = colourOfImage(scene, image.label);
    if (scene.pictures && sheet !== undefined) {
      const column = i % columns;
      const row = Math.floor(i / columns);
      if (scene.colours === "class" || i === chosen) {
        const edge = i === chosen ? 3 : 2;
        context.fillStyle = i === chosen ? (scene.dark ? "#ffffff" : "#000000") : colour;
        context.fillRect(
          x - size / 2 - edge,
          y - size / 2 - edge,
          size + 2 * edge,
          size + 2 * edge,
        );
      }
      context.drawImage(
        sheet,
        column * tile,
        row * tile,
        tile,
        tile,
        x - size / 2,
        y - size / 2,
        size,
        size,
      );
    } else {
      context.fillStyle = colour;
      context.beginPath();
      context.arc(x, y, i === chosen ? 8 : 4, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalAlpha = 1;
  };
  for (let i = 0; i < points.length; i++) if (i !== chosen) draw(i);
  if (chosen >= 0) draw(chosen);
}
