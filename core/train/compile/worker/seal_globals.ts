/**
 * A thread in which nothing is left of the runtime but the language. Permissions are what keeps a method from doing harm;
 * this makes what it may not do an error of its own code, with file and line.
 *
 * @module
 */

/** What is no part of the language and stays: texts, copies, time, jobs, and the console of a plugin's author. */
const KEPT: readonly string[] = [
  "globalThis",
  "console",
  "performance",
  // By which Deno takes the second of two messages that lie there.
  "queueMicrotask",
  "structuredClone",
  "TextDecoder",
  "TextEncoder",
  "URL",
  "URLSearchParams",
];

/** What ECMAScript and its extensions of 2026 define. */
const LANGUAGE: readonly string[] = [
  ..."Infinity NaN undefined eval isFinite isNaN parseFloat parseInt".split(" "),
  ..."decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape".split(" "),
  ..."AggregateError Array ArrayBuffer AsyncDisposableStack BigInt BigInt64Array".split(" "),
  ..."BigUint64Array Boolean DataView Date DisposableStack Error EvalError".split(" "),
  ..."FinalizationRegistry Float16Array Float32Array Float64Array Function Int16Array".split(" "),
  ..."Int32Array Int8Array Iterator Map Number Object Promise Proxy RangeError".split(" "),
  ..."ReferenceError RegExp Set String SuppressedError Symbol SyntaxError TypeError".split(" "),
  ..."URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef".split(" "),
  ..."WeakSet Atomics Intl JSON Math Reflect Temporal".split(" "),
];

/** Takes away whatever is neither language nor kept. */
export function sealGlobals(): void {
  const kept = new Set<PropertyKey>([...KEPT, ...LANGUAGE]);
  for (const name of Reflect.ownKeys(globalThis)) {
    if (typeof name === "symbol" || kept.has(name)) continue;
    if (Reflect.deleteProperty(globalThis, name)) continue;
    throw new Error(`Internal: a global named "${name}" cannot be taken away`);
  }
}
