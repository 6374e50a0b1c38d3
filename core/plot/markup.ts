/**
 * Text inside of SVG and HTML.
 *
 * @module
 */

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * A text as it must stand in markup, between tags or inside a quoted attribute, to mean itself. Control characters,
 * which no XML document may hold, become the replacement character.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(escapeMarkup(`<a href="x">`), "&lt;a href=&quot;x&quot;&gt;");
 * ```
 */
export function escapeMarkup(text: string): string {
  return text.toWellFormed()
    // deno-lint-ignore no-control-regex
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"']/g, (sign) => ENTITIES[sign]!);
}
