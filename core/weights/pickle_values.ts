/**
 * What a pickle is made into: plain data, and inert descriptions of everything else.
 *
 * @module
 */

/** A value of a pickle. Lists are arrays, dictionaries are maps. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Tuple
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | PickleObject;

/** Anything that is not plain data. */
export abstract class PickleObject {
  /** What it is, for messages. */
  abstract readonly origin: string;
}

/** A tuple. */
export class Tuple {
  readonly items: readonly PickleValue[];
  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** A class or function that a pickle names; it is never looked up. */
export class Global extends PickleObject {
  /** Module and name, such as `collections.OrderedDict`. */
  readonly origin: string;
  constructor(origin: string) {
    super();
    this.origin = origin;
  }
}

/** What a class or function that is not known here would have made. */
export class Opaque extends PickleObject {
  /** Name of that class or function. */
  readonly origin: string;
  constructor(origin: string) {
    super();
    this.origin = origin;
  }
}

/** Describes a value for a message. */
export function describeValue(value: PickleValue): string {
  if (value instanceof PickleObject) return value.origin;
  if (value instanceof Tuple) return `a tuple of ${value.items.length}`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Map) return `a dictionary of ${value.size}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === "string") {
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  }
  return String(value);
}
