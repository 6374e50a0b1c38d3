/**
 * Points of a map on their way from one checkpoint to the next.
 *
 * @module
 */
import { useEffect, useRef, useState } from "../../deps/preact.ts";
import type { MapAnswer } from "../api/pictures.ts";
import { between, type Point } from "./map_geometry.ts";
import { wantsLessMotion } from "./theme.ts";

/** Milliseconds in which points move from a checkpoint to the next. */
const MOVE = 500;

/** The points at a checkpoint, on their way there from those of the one before. */
export function useMovingPoints(map: MapAnswer | undefined, index: number): readonly Point[] {
  const target = map?.points[index] ?? [];
  const [points, setPoints] = useState<readonly Point[]>(target);
  const shown = useRef<readonly Point[]>(target);
  useEffect(() => {
    const from = shown.current;
    const show = (now: readonly Point[]): void => {
      shown.current = now;
      setPoints(now);
    };
    if (from.length !== target.length || wantsLessMotion()) {
      show(target);
      return;
    }
    const start = performance.now();
    let frame = 0;
    const move = (now: number): void => {
      const share = Math.min(1, Math.max(0, (now - start) / MOVE));
      show(share === 1 ? target : between(from, target, share * share * (3 - 2 * share)));
      if (share < 1) frame = requestAnimationFrame(move);
    };
    frame = requestAnimationFrame(move);
    return () => cancelAnimationFrame(frame);
  }, [map, index]);
  return points;
}
