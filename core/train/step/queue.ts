/**
 * Queues of rows from earlier steps.
 *
 * @module
 */
import { formatType } from "../../engine/graph/tensor.ts";
import { constantInitializer, unitRows } from "../../engine/nn/initializers.ts";
import type { Scope } from "../../engine/nn/scope.ts";
import { add } from "../../engine/ops/add.ts";
import { concat } from "../../engine/ops/concat.ts";
import { greaterOrEqual } from "../../engine/ops/greater_or_equal.ts";
import { minimum } from "../../engine/ops/minimum.ts";
import { slice } from "../../engine/ops/slice.ts";
import { stopGradient } from "../../engine/ops/stop_gradient.ts";
import { where } from "../../engine/ops/where.ts";
import { GenviewRangeError } from "../../errors/mod.ts";
import type { Queue } from "../../method/method.ts";

/**
 * A queue under a name: buffers `NAME`, its rows, and `NAME_filled`, how many of them were pushed, which stops at its
 * length. Rows that were not pushed yet are random and of unit length, as in MoCo's `builder.py`.
 */
export function makeQueue(scope: Scope, name: string, length: number, width: number): Queue {
  const counter = `${name}_filled`;
  // As they are by now: another push of this step may have come before.
  const heldRows = () => scope.buffer(name, [length, width], unitRows());
  const heldCount = () => scope.buffer(counter, [], constantInitializer(0));
  heldRows();
  heldCount();
  const before = (buffer: string) => scope.declarations.get(buffer)!.value;
  return {
    rows: before(name),
    full: greaterOrEqual(before(counter), length),
    push(pushed, when) {
      const [rows, filled] = [heldRows(), heldCount()];
      const [count = 0, inner] = pushed.shape;
      if (pushed.rank !== 2 || inner !== width) {
        throw new GenviewRangeError(
          `Cannot push to queue "${name}": rows must be [N,${width}], found ${
            formatType(pushed.type)
          }`,
        );
      }
      if (count > length) {
        throw new GenviewRangeError(
          `Cannot push to queue "${name}": it must hold a whole batch, found ${length} rows for ${count}; ` +
            "make it longer or the batch smaller",
        );
      }
      const fresh = stopGradient(pushed);
      const next = count === length ? fresh : concat([
        fresh,
        slice(rows, { starts: [0], ends: [length - count], axes: [0] }),
      ], { axis: 0 });
      const known = minimum(add(filled, count), length);
      scope.write(name, when === undefined ? next : where(when, next, rows));
      scope.write(counter, when === undefined ? known : where(when, known, filled));
    },
  };
}
