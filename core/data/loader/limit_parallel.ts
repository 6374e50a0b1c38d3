/**
 * Tasks, only so many at a time.
 *
 * @module
 */

/** Runs a task when its turn comes. */
export type Limiter = <T>(task: () => Promise<T>) => Promise<T>;

/** Lets at most `parallel` tasks run at once; the others wait and start in the order in which they came. */
export function limitParallel(parallel: number): Limiter {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    if (running < parallel) running++;
    else await new Promise<void>((start) => waiting.push(start));
    try {
      return await task();
    } finally {
      // A waiting task takes over this one's place, so that no newcomer slips in between.
      const start = waiting.shift();
      if (start) start();
      else running--;
    }
  };
}
