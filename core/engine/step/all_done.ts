/**
 * Work of which none is left running.
 *
 * @module
 */

/** Waits until all are done, so that none is left running when one of them fails; then throws its error. */
export async function allDone<T extends readonly Promise<unknown>[]>(
  ...work: T
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work);
  return await Promise.all(work);
}
