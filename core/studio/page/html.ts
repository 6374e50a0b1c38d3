/**
 * Markup of the page's components. Values are set as text and properties, never as markup: a name with tags in it stays a
 * name.
 *
 * @module
 */
import { htm } from "../../deps/htm.ts";
import { h, type VNode } from "../../deps/preact.ts";

/** What htm's module exports: its declarations describe CommonJS, browsers get the function itself. */
interface Htm {
  bind(create: typeof h): (strings: TemplateStringsArray, ...values: unknown[]) => VNode;
}

/** An element from a template: `<p class="found">${text}</p>`. */
export const html: (strings: TemplateStringsArray, ...values: unknown[]) => VNode =
  (htm as unknown as Htm).bind(h);
