/**
 * Tabs: arrow keys, Home and End move among them, as the pattern of WAI-ARIA has it.
 *
 * @module
 */
import { type ComponentChildren, useRef, type VNode } from "../../deps/preact.ts";
import { html } from "./html.ts";

/** A tab. */
export interface Tab {
  readonly name: string;
  readonly title: string;
}

/** What tabs are given. */
export interface TabsProps {
  /** What the tabs are of, for screen readers. */
  readonly label: string;
  readonly tabs: readonly Tab[];
  /** Name of the tab that is shown. */
  readonly shown: string;
  readonly choose: (name: string) => void;
  /** What the tab shows. */
  readonly children?: ComponentChildren;
}

/** Tabs and the panel of the one that is shown. */
export function Tabs({ label, tabs, shown, choose, children }: TabsProps): VNode {
  const list = useRef<HTMLElement | null>(null);
  const move = (event: KeyboardEvent): void => {
    const index = tabs.findIndex(({ name }) => name === shown);
    const steps: Record<string, number> = {
      ArrowRight: index + 1,
      ArrowLeft: index - 1,
      Home: 0,
      End: tabs.length - 1,
    };
    const target = steps[event.key];
    if (target === undefined) return;
    event.preventDefault();
    const tab = tabs[(target + tabs.length) % tabs.length] as Tab;
    choose(tab.name);
    list.current?.querySelector<HTMLElement>(`#tab-${tab.name}`)?.focus();
  };
  return html`
    <div class="tabs" role="tablist" aria-label=${label} ref=${list} onKeyDown=${move}>
      ${tabs.map(({ name, title }) =>
        html`
          <button key=${name} id=${`tab-${name}`} type="button" role="tab" aria-selected=${String(
            name === shown,
          )}
            aria-controls="panel" tabindex=${name === shown ? 0 : -1} onClick=${() =>
              choose(name)}>${title}</button>
        `
      )}
    </div>
    <section id="panel" class="panel" role="tabpanel" aria-labelledby=${`tab-${shown}`}
      tabindex="-1">${children}</section>
  `;
}
