/**
 * The canvas of a map: drawn, dragged, zoomed, and walked through by keys.
 *
 * @module
 */
import { useEffect, useRef, useState, type VNode } from "../../deps/preact.ts";
import { html } from "./html.ts";
import { drawMap, type MapScene } from "./map_drawing.ts";
import {
  type MapWindow,
  moved,
  nearest,
  type Point,
  toPixels,
  WHOLE,
  zoomed,
} from "./map_geometry.ts";

/** What the canvas is given. */
export interface MapCanvasProps extends Omit<MapScene, "window" | "sheet"> {
  readonly choose: (index: number) => void;
  readonly label: string;
}

/** Pixels around a point within which a pointer means it. */
const REACH = 24;

/** The sheet of all pictures, once the browser has it. */
function useSheet(address: string): HTMLImageElement | undefined {
  const [sheet, setSheet] = useState<HTMLImageElement | undefined>(undefined);
  useEffect(() => {
    const image = new Image();
    image.onload = () => setSheet(image);
    image.src = address;
    return () => {
      image.onload = null;
    };
  }, [address]);
  return sheet;
}

/** A map that a pointer and keys move. */
export function MapCanvas(props: MapCanvasProps): VNode {
  const { map, points, chosen, choose, label } = props;
  const canvas = useRef<HTMLCanvasElement | null>(null);
  const [size, setSize] = useState({ width: 600, height: 480 });
  const [window, setWindow] = useState<MapWindow>(WHOLE);
  const drag = useRef<{ x: number; y: number } | undefined>(undefined);
  const sheet = useSheet(map.sheet.picture);
  const { width, height } = size;

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const observer = new ResizeObserver(() =>
      setSize({ width: element.clientWidth, height: element.clientHeight })
    );
    observer.observe(element);
    const turn = (event: WheelEvent): void => {
      event.preventDefault();
      const at: Point = [event.offsetX, event.offsetY];
      const factor = Math.exp(-event.deltaY * 0.0015);
      setWindow((before) => zoomed(before, factor, at, element.clientWidth, element.clientHeight));
    };
    // Preact would listen passively, and the page would be scrolled as well.
    element.addEventListener("wheel", turn, { passive: false });
    return () => {
      observer.disconnect();
      element.removeEventListener("wheel", turn);
    };
  }, []);

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (element === null || context === null || context === undefined) return;
    const ratio = devicePixelRatio;
    element.width = Math.round(width * ratio);
    element.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawMap(context, { ...props, window, sheet }, width, height);
  }, [props, window, sheet, width, height]);

  const point = (event: PointerEvent): void => {
    if (drag.current === undefined) {
      choose(nearest(points, [event.offsetX, event.offsetY], window, size, REACH));
      return;
    }
    const { x, y } = drag.current;
    drag.current = { x: event.clientX, y: event.clientY };
    setWindow((before) => moved(before, event.clientX - x, event.clientY - y, width, height));
  };
  const hold = (event: PointerEvent): void => {
    drag.current = { x: event.clientX, y: event.clientY };
    canvas.current?.setPointerCapture(event.pointerId);
  };
  /** Chooses an image and moves the window to it where it is not seen. */
  const walk = (index: number): void => {
    const next = (index + map.images.length) % map.images.length;
    choose(next);
    const place = points[next];
    if (place === undefined) return;
    const [x, y] = toPixels(place, window, width, height);
    if (x < 0 || y < 0 || x > width || y > height) {
      setWindow({ ...window, x: place[0], y: place[1] });
    }
  };
  const press = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const middle: Point = [width / 2, height / 2];
    const actions: Record<string, () => void> = {
      ArrowLeft: () => setWindow(moved(window, 40, 0, width, height)),
      ArrowRight: () => setWindow(moved(window, -40, 0, width, height)),
      ArrowUp: () => setWindow(moved(window, 0, 40, width, height)),
      ArrowDown: () => setWindow(moved(window, 0, -40, width, height)),
      "+": () => setWindow(zoomed(window, 1.3, middle, width, height)),
      "=": () => setWindow(zoomed(window, 1.3, middle, width, height)),
      "-": () => setWindow(zoomed(window, 1 / 1.3, middle, width, height)),
      0: () => setWindow(WHOLE),
      n: () => walk(chosen + 1),
      p: () => walk(chosen < 0 ? -1 : chosen - 1),
    };
    const action = actions[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  };
  return html`
    <canvas ref=${canvas} class="map-canvas" tabindex="0" role="application"
      aria-roledescription="map" aria-label=${label}
      onPointerMove=${point} onPointerDown=${hold} onPointerUp=${() => drag.current = undefined}
      onPointerCancel=${() => drag.current = undefined} onKeyDown=${press}></canvas>
  `;
}
