/**
 * Numbers, times and sizes in words.
 *
 * @module
 */
import type { Cell } from "../api/runs.ts";

/** A number with four significant digits at most, such as `0.0312`, `1,204` or `3.1e-7`. */
export function formatNumber(value: number | null | undefined): string {
  if (value === undefined) return "";
  if (value === null || !Number.isFinite(value)) return "not finite";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) return value.toLocaleString("en-US");
  if (size < 1e-3 || size >= 1e7) return value.toExponential(2).replace("e+", "e");
  if (size >= 1000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(4)));
}

/** A cell of a table as text. */
export function formatCell(value: Cell | undefined): string {
  if (typeof value === "number") return formatNumber(value);
  if (value === null) return "none";
  return value === undefined ? "" : String(value);
}

/** Bytes, such as `12.4 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Seconds in the two largest units, such as `2 h 5 min`. */
export function formatSeconds(seconds: number): string {
  const parts: [number, string][] = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const whole = Math.max(0, Math.round(seconds));
  const first = parts.findIndex(([size]) => whole >= size);
  if (first < 0) return seconds > 0.05 ? `${seconds.toFixed(1)} s` : "0 s";
  const [size, unit] = parts[first] as [number, string];
  const next = parts[first + 1];
  const rest = next === undefined ? 0 : Math.floor((whole % size) / next[0]);
  const head = `${Math.floor(whole / size)} ${unit}`;
  return rest === 0 || next === undefined ? head : `${head} ${rest} ${next[1]}`;
}

/** How long ago a time is, such as `3 min ago`. */
export function formatAgo(time: number, now: number): string {
  const seconds = (now - time) / 1000;
  return seconds < 10 ? "just now" : `${formatSeconds(seconds).split(" ", 2).join(" ")} ago`;
}

/** A time as `2026-11-30 04:10`, in the viewer's own zone. */
export function formatTime(time: number): string {
  const date = new Date(time);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** A share as a percentage, such as `42.1 %`. */
export function formatShare(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
