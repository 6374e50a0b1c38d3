/**
 * Light or dark: as the system has it, or as the switch of the page says.
 *
 * @module
 */
import { useEffect, useState } from "../../deps/preact.ts";

/** What the switch says. */
export type Theme = "system" | "light" | "dark";

const KEY = "genview-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const watchers = new Set<() => void>();

/** The choice that was made last in this browser. */
export function chosenTheme(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}

/** Makes a choice and keeps it. */
export function chooseTheme(theme: Theme): void {
  if (theme === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
  applyTheme();
}

/** Sets the page's theme to the choice that is kept. */
export function applyTheme(): void {
  const theme = chosenTheme();
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  for (const watcher of watchers) watcher();
}

function isDark(): boolean {
  const theme = chosenTheme();
  return theme === "system" ? system.matches : theme === "dark";
}

/** Whether the page is dark now, for what is drawn on a canvas. */
export function useDark(): boolean {
  const [dark, setDark] = useState(isDark);
  useEffect(() => {
    const changed = (): void => setDark(isDark());
    watchers.add(changed);
    system.addEventListener("change", changed);
    return () => {
      watchers.delete(changed);
      system.removeEventListener("change", changed);
    };
  }, []);
  return dark;
}

/** Whether the system asks for less motion. */
export function wantsLessMotion(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
