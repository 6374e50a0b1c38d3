/**
 * Reading of Python's pickles as data. No code is run and no name is looked up: what a pickle would call is described.
 *
 * The instructions and their arguments are those of
 * {@link https://github.com/python/cpython/blob/main/Lib/pickletools.py | pickletools}, protocols 2 to 4.
 *
 * @module
 */
import { GenviewSyntaxError } from "../errors/mod.ts";
import { PickleReader } from "./pickle_reader.ts";
import { describeValue, Global, Opaque, type PickleValue, Tuple } from "./pickle_values.ts";

/** What is known of the classes and functions that a pickle names. */
export interface PickleSchema {
  /** What a call gives; an {@linkcode Opaque} value if it is not known. */
  call(name: string, args: readonly PickleValue[]): PickleValue;
  /** What a reference to something outside of the pickle stands for. */
  persistent(id: PickleValue): PickleValue;
}

/** A pickle's value, and where the pickle ends. */
export interface Unpickled {
  readonly value: PickleValue;
  readonly end: number;
}

class Machine {
  readonly reader: PickleReader;
  readonly schema: PickleSchema;
  stack: PickleValue[] = [];
  /** The stacks below the marks. */
  readonly below: PickleValue[][] = [];
  readonly memo = new Map<number, PickleValue>();

  constructor(reader: PickleReader, schema: PickleSchema) {
    this.reader = reader;
    this.schema = schema;
  }

  pop(): PickleValue {
    const value = this.stack.pop();
    if (value === undefined) throw this.#empty();
    return value;
  }

  top(): PickleValue {
    const value = this.stack.at(-1);
    if (value === undefined) throw this.#empty();
    return value;
  }

  /** What lies above the last mark, which goes. */
  popMark(): PickleValue[] {
    const items = this.stack;
    const below = this.below.pop();
    if (below === undefined) throw this.#empty();
    this.stack = below;
    return items;
  }

  /** The last `count` values as a tuple. */
  popTuple(count: number): Tuple {
    if (this.stack.length < count) throw this.#empty();
    return new Tuple(this.stack.splice(this.stack.length - count));
  }

  recall(index: number): PickleValue {
    const value = this.memo.get(index);
    if (value === undefined) {
      throw new GenviewSyntaxError(
        `a pickle must remember what it recalls, found none at ${index}`,
      );
    }
    return value;
  }

  append(items: readonly PickleValue[]): void {
    const list = this.top();
    if (Array.isArray(list)) { for (const item of items) list.push(item); }
    else if (!(list instanceof Opaque)) throw this.#wrong("append to a list", list);
  }

  setItems(items: readonly PickleValue[]): void {
    const dictionary = this.top();
    if (items.length % 2 !== 0) throw this.#wrong("pair keys with values", dictionary);
    if (dictionary instanceof Map) {
      for (let i = 0; i < items.length; i += 2) dictionary.set(items[i]!, items[i + 1]!);
    } else if (!(dictionary instanceof Opaque)) throw this.#wrong("fill a dictionary", dictionary);
  }

  call(callee: PickleValue, args: PickleValue): void {
    if (!(args instanceof Tuple)) throw this.#wrong("call with a tuple", args);
    if (callee instanceof Global) this.stack.push(this.schema.call(callee.origin, args.items));
    else if (callee instanceof Opaque) this.stack.push(new Opaque(callee.origin));
    else throw this.#wrong("call a class or function", callee);
  }

  name(module: PickleValue, name: PickleValue): void {
    if (typeof module !== "string" || typeof name !== "string") {
      throw this.#wrong("name classes by texts", name);
    }
    this.stack.push(new Global(`${module}.${name}`));
  }

  #empty(): SyntaxError {
    return new GenviewSyntaxError("a pickle must take from its stack what it has put there");
  }

  #wrong(rule: string, value: PickleValue): SyntaxError {
    return new GenviewSyntaxError(
      `a pickle must ${rule}, found ${describeValue(value)} by byte ${this.reader.position}`,
    );
  }
}

const STOP = 0x2e;

function push(read: (reader: PickleReader) => PickleValue): (machine: Machine) => void {
  return (machine) => machine.stack.push(read(machine.reader));
}

/** Instructions by their names in pickletools, each with its code. */
const INSTRUCTIONS: Readonly<Record<string, readonly [code: number, (m: Machine) => void]>> = {
  PROTO: [0x80, ({ reader }) => checkProtocol(reader.uint8())],
  FRAME: [0x95, ({ reader }) => void reader.uint64()],
  MARK: [0x28, (m) => {
    m.below.push(m.stack);
    m.stack = [];
  }],
  POP: [0x30, (m) => {
    if (m.stack.length > 0) m.stack.pop();
    else m.popMark();
  }],
  POP_MARK: [0x31, (m) => void m.popMark()],
  DUP: [0x32, (m) => m.stack.push(m.top())],
  NONE: [0x4e, push(() => null)],
  NEWTRUE: [0x88, push(() => true)],
  NEWFALSE: [0x89, push(() => false)],
  BININT: [0x4a, push((r) => r.int32())],
  BININT1: [0x4b, push((r) => r.uint8())],
  BININT2: [0x4d, push((r) => r.uint16())],
  LONG1: [0x8a, push((r) => r.integer(r.uint8()))],
  LONG4: [0x8b, push((r) => r.integer(r.int32()))],
  BINFLOAT: [0x47, push((r) => r.float64())],
  BINUNICODE: [0x58, push((r) => r.text(r.uint32()))],
  SHORT_BINUNICODE: [0x8c, push((r) => r.text(r.uint8()))],
  BINUNICODE8: [0x8d, push((r) => r.text(r.uint64()))],
  BINSTRING: [0x54, push((r) => r.textOrBytes(r.int32()))],
  SHORT_BINSTRING: [0x55, push((r) => r.textOrBytes(r.uint8()))],
  BINBYTES: [0x42, push((r) => r.bytes(r.uint32()))],
  SHORT_BINBYTES: [0x43, push((r) => r.bytes(r.uint8()))],
  BINBYTES8: [0x8e, push((r) => r.bytes(r.uint64()))],
  EMPTY_TUPLE: [0x29, push(() => new Tuple([]))],
  TUPLE: [0x74, (m) => {
    const items = m.popMark();
    m.stack.push(new Tuple(items));
  }],
  TUPLE1: [0x85, (m) => m.stack.push(m.popTuple(1))],
  TUPLE2: [0x86, (m) => m.stack.push(m.popTuple(2))],
  TUPLE3: [0x87, (m) => m.stack.push(m.popTuple(3))],
  EMPTY_LIST: [0x5d, push(() => [])],
  APPEND: [0x61, (m) => {
    const item = m.pop();
    m.append([item]);
  }],
  APPENDS: [0x65, (m) => m.append(m.popMark())],
  EMPTY_DICT: [0x7d, push(() => new Map())],
  SETITEM: [0x73, (m) => {
    const { items } = m.popTuple(2);
    m.setItems(items);
  }],
  SETITEMS: [0x75, (m) => m.setItems(m.popMark())],
  EMPTY_SET: [0x8f, push(() => new Opaque("builtins.set"))],
  ADDITEMS: [0x90, (m) => m.append(m.popMark())],
  FROZENSET: [0x91, (m) => {
    m.popMark();
    m.stack.push(new Opaque("builtins.frozenset"));
  }],
  BINPUT: [0x71, (m) => void m.memo.set(m.reader.uint8(), m.top())],
  LONG_BINPUT: [0x72, (m) => void m.memo.set(m.reader.uint32(), m.top())],
  MEMOIZE: [0x94, (m) => void m.memo.set(m.memo.size, m.top())],
  BINGET: [0x68, (m) => m.stack.push(m.recall(m.reader.uint8()))],
  LONG_BINGET: [0x6a, (m) => m.stack.push(m.recall(m.reader.uint32()))],
  BINPERSID: [0x51, (m) => {
    const id = m.pop();
    m.stack.push(m.schema.persistent(id));
  }],
  GLOBAL: [0x63, (m) => m.name(m.reader.line(), m.reader.line())],
  STACK_GLOBAL: [0x93, (m) => {
    const { items } = m.popTuple(2);
    m.name(items[0]!, items[1]!);
  }],
  REDUCE: [0x52, (m) => {
    const { items } = m.popTuple(2);
    m.call(items[0]!, items[1]!);
  }],
  NEWOBJ: [0x81, (m) => {
    const { items } = m.popTuple(2);
    m.call(items[0]!, items[1]!);
  }],
  NEWOBJ_EX: [0x92, (m) => {
    const { items } = m.popTuple(3);
    m.call(items[0]!, items[1]!);
  }],
  // What an object is given beside its items (a state dict's versions of layers) says nothing about tensors.
  BUILD: [0x62, (m) => {
    m.pop();
    m.top();
  }],
};

const BY_CODE: ((machine: Machine) => void)[] = [];
for (const [code, run] of Object.values(INSTRUCTIONS)) BY_CODE[code] = run;

function checkProtocol(protocol: number): void {
  if (protocol >= 2 && protocol <= 4) return;
  throw new GenviewSyntaxError(
    `a pickle must be of protocol 2, 3 or 4, found ${protocol}: save the file again with torch.save`,
  );
}

/**
 * Reads one pickle.
 *
 * @param start where in `bytes` it begins
 * @throws {PickleCut} if it goes on beyond `bytes`
 * @throws {SyntaxError} if it breaks a rule of the format, or uses what PyTorch never writes
 */
export function unpickle(bytes: Uint8Array, start: number, schema: PickleSchema): Unpickled {
  const reader = new PickleReader(bytes, start);
  const machine = new Machine(reader, schema);
  for (;;) {
    const code = reader.uint8();
    if (code === STOP) return { value: machine.pop(), end: reader.position };
    const run = BY_CODE[code];
    if (run === undefined) {
      throw new GenviewSyntaxError(
        `a pickle must be made of known instructions, found 0x${
          code.toString(16).padStart(2, "0")
        } at byte ${reader.position - 1}`,
      );
    }
    run(machine);
  }
}
