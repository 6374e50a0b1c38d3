/**
 * Names of the tensors in what a PyTorch file holds.
 *
 * @module
 */
import { GenviewRangeError, GenviewSyntaxError } from "../errors/mod.ts";
import { StoredTensor, UnreadableTensor } from "./pth_objects.ts";
import { describeValue, Opaque, type PickleValue, Tuple } from "./pickle_values.ts";

/** Where state dicts lie in files that hold more, by habit of most training programs. */
const STATE_DICT = "state_dict";

/** Deepest nesting of dictionaries and lists that tensors are looked for in. */
const MAX_DEPTH = 32;

/** What a file holds, by name. */
export interface NamedTensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Tensors that cannot be read and values of classes that are not known, each with the reason. */
  readonly unreadable: ReadonlyMap<string, string>;
}

function isDictionary(value: PickleValue | undefined): value is Map<PickleValue, PickleValue> {
  return value instanceof Map;
}

function isPlainKey(key: PickleValue): key is string | number | bigint | boolean {
  return ["string", "number", "bigint", "boolean"].includes(typeof key);
}

/** The value within which names count. */
function rootOf(value: PickleValue, root: string | undefined): PickleValue {
  if (root === "") return value;
  const found = isDictionary(value) ? value.get(root ?? STATE_DICT) : undefined;
  if (root === undefined) return isDictionary(found) ? found : value;
  if (found !== undefined) return found;
  const keys = isDictionary(value) ? [...value.keys()].filter(isPlainKey).slice(0, 20) : [];
  throw new GenviewRangeError(
    `the file must have an entry "${root}", found ${describeValue(value)}` +
      (keys.length > 0 ? ` of ${keys.join(", ")}` : ""),
  );
}

/** Whether there may be tensors in a value, or it is one. */
function mayHold(value: PickleValue): value is PickleValue & object {
  return typeof value === "object" && value !== null && !(value instanceof Uint8Array);
}

/** Gathers tensors; names that a small file could make long or many by references to one value are refused. */
class Collector implements NamedTensors {
  readonly tensors = new Map<string, StoredTensor>();
  readonly unreadable = new Map<string, string>();
  /** Steps that may still be made: one for each value, and for each character of a name. */
  #budget: number;

  constructor(budget: number) {
    this.#budget = budget;
  }

  visit(value: PickleValue, name: string, depth: number): void {
    this.#spend(name.length, depth);
    if (value instanceof StoredTensor) this.#add(this.tensors, name, value);
    else if (value instanceof UnreadableTensor) this.#add(this.unreadable, name, value.reason);
    else if (value instanceof Opaque) {
      this.#add(this.unreadable, name, `it is made by ${value.origin}, which is not known here`);
    } else if (value instanceof Tuple || Array.isArray(value)) {
      const items = value instanceof Tuple ? value.items : value;
      items.forEach((item, i) => this.#visitItem(item, String(i), name, depth));
    } else if (isDictionary(value)) {
      for (const [key, item] of value) {
        this.#visitItem(item, isPlainKey(key) ? String(key) : undefined, name, depth);
      }
    }
  }

  #visitItem(item: PickleValue, key: string | undefined, name: string, depth: number): void {
    this.#spend(1, depth);
    if (!mayHold(item)) return;
    if (key !== undefined) this.visit(item, join(name, key), depth + 1);
    else this.unreadable.set(join(name, "?"), "its key is neither a text nor a number");
  }

  #spend(steps: number, depth: number): void {
    this.#budget -= steps;
    if (this.#budget >= 0 && depth <= MAX_DEPTH) return;
    throw new GenviewSyntaxError(
      "a file's names must not be longer or deeper than its size justifies, found lists or " +
        "dictionaries within themselves, or many references to one of them",
    );
  }

  #add<T>(to: Map<string, T>, name: string, value: T): void {
    if (this.tensors.has(name) || this.unreadable.has(name)) {
      throw new GenviewSyntaxError(`a file's names must differ, found "${name}" twice`);
    }
    to.set(name, value);
  }
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/**
 * Finds the tensors of a value; those in nested dictionaries and lists are named by their path, joined with dots.
 *
 * @param root entry of the value within which names count; the value itself if it is empty; when left out the entry
 * `state_dict` if there is one, or else the value itself
 * @param pickleBytes bytes that the value was read from, which bound how much can be named
 * @throws {RangeError} if there is no such entry
 * @throws {SyntaxError} if two names are the same, or too much would have to be named
 */
export function nameTensors(
  value: PickleValue,
  root: string | undefined,
  pickleBytes: number,
): NamedTensors {
  const collector = new Collector(16 * pickleBytes + 4096);
  collector.visit(rootOf(value, root), "", 0);
  return collector;
}
