/**
 * Functions in WebAssembly, written as expressions: as many of its instructions as work on pixels takes.
 *
 * Source: the WebAssembly specification 2.0, chapter 5 (binary format).
 *
 * @module
 */

/** Encoded instructions. An expression leaves one value on the stack, a statement none. */
export type Code = readonly number[];

/** A variable of a function. */
export interface Variable {
  /** What it holds. */
  readonly value: Code;
  /** Assigns. */
  set(value: Code): Code;
  /** Adds to an integer. */
  advance(by: Code): Code;
}

/** A function of integers without a result. */
export interface WebAssemblyFunction {
  /** By which it is exported. */
  readonly name: string;
  /** How many integers it takes. */
  readonly parameters: number;
  /** Variables and statements, encoded. */
  readonly body: Code;
}

/** What variables beside the parameters hold: an integer, or four of them. */
const TYPES = { i32: 0x7f, i32x4: 0x7b } as const;

/** LEB128: seven bits a byte, the lowest first. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...unsigned(Math.floor(value / 128))];
}

function signed(value: number): number[] {
  const low = value & 127;
  const rest = value >> 7;
  return rest === (low & 64 ? -1 : 0) ? [low] : [low + 128, ...signed(rest)];
}

function variable(index: number): Variable {
  const value = [0x20, ...unsigned(index)];
  const set = (to: Code) => [...to, 0x21, ...unsigned(index)];
  return { value, set, advance: (by) => set(add(value, by)) };
}

/** An integer. */
export function int(value: number): Code {
  return [0x41, ...signed(value)];
}

/** The sum of two integers. */
export function add(a: Code, b: Code): Code {
  return [...a, ...b, 0x6a];
}

/** The integer at an address. */
export function load(address: Code): Code {
  return [...address, 0x28, 2, 0];
}

/** Runs statements, again and again while a counter, less `step` each time, is positive. */
export function repeat(counter: Variable, step: number, ...statements: readonly Code[]): Code {
  const isPositive = [...counter.value, ...int(0), 0x4a];
  return [0x03, 0x40, ...statements.flat(), ...counter.advance(int(-step)), ...isPositive, 0x0d, 0]
    .concat(0x0b);
}

function vector(opcode: number, ...operands: readonly Code[]): Code {
  return [...operands.flat(), 0xfd, ...unsigned(opcode)];
}

/** An instruction that reads from an address, or writes to it; it need not be aligned. */
function access(opcode: number, ...operands: readonly Code[]): Code {
  return [...vector(opcode, ...operands), 0, 0];
}

/** Instructions on four integers at once. */
export const i32x4 = {
  /** One integer four times. */
  splat: (value: Code): Code => vector(0x11, value),
  /** The integer at an address four times. */
  loadSplat: (address: Code): Code => access(0x09, address),
  add: (a: Code, b: Code): Code => vector(0xae, a, b),
  shiftLeft: (value: Code, bits: number): Code => vector(0xab, value, int(bits)),
  shiftRight: (value: Code, bits: number): Code => vector(0xac, value, int(bits)),
} as const;

/** Instructions on four floats at once, none of them NaN. They are kept where four integers are. */
export const f32x4 = {
  /** One number four times. */
  of: (value: number): Code => [
    ...vector(0x0c),
    ...new Uint8Array(Float32Array.of(value, value, value, value).buffer),
  ],
  from: (integers: Code): Code => vector(0xfa, integers),
  add: (a: Code, b: Code): Code => vector(0xe4, a, b),
  sub: (a: Code, b: Code): Code => vector(0xe5, a, b),
  mul: (a: Code, b: Code): Code => vector(0xe6, a, b),
  min: (a: Code, b: Code): Code => vector(0xea, a, b),
  max: (a: Code, b: Code): Code => vector(0xeb, a, b),
  /** `a` where `x >= y`, elsewhere `b`. */
  chooseFrom: (x: Code, y: Code, a: Code, b: Code): Code => vector(0x52, a, b, vector(0x46, x, y)),
} as const;

/** Instructions on eight integers of 16 bits. */
export const i16x8 = {
  /** One half of sixteen bytes. */
  half: (bytes: Code, which: 0 | 1): Code => vector(0x89 + which, bytes),
  /** The products of two times eight, each added to that of its neighbour: four integers of 32 bits. */
  dot: (a: Code, b: Code): Code => vector(0xba, a, b),
} as const;

/** Instructions on sixteen unsigned bytes. */
export const bytes16 = {
  of: (values: readonly number[]): Code => [...vector(0x0c), ...values],
  /** From four times four integers of 16 bits; those out of range are clamped. */
  from: ([a, b, c, d]: readonly [Code, Code, Code, Code]): Code =>
    vector(0x66, vector(0x85, a, b), vector(0x85, c, d)),
  load: (address: Code): Code => access(0x00, address),
  /** Eight bytes, and zeros after them. */
  loadEight: (address: Code): Code => access(0x5d, address),
  store: (address: Code, bytes: Code): Code => access(0x0b, address, bytes),
  /** Writes one quarter. */
  storeFour: (address: Code, bytes: Code, which: 0 | 1 | 2 | 3): Code => [
    ...access(0x5a, address, bytes),
    which,
  ],
  /** The bytes at indices, which are below 16, or 128 for a zero. */
  pick: (bytes: Code, indices: Code): Code => vector(0x100, bytes, indices),
  /** The bytes of one half of two, in turns. */
  zip: (a: Code, b: Code, which: 0 | 1): Code => [
    ...vector(0x0d, a, b),
    ...Array.from({ length: 16 }, (_, i) => (i % 2) * 16 + which * 8 + (i >> 1)),
  ],
} as const;

/** Declares a variable of a function. */
export type Declare = (type: keyof typeof TYPES) => Variable;

/** Defines a function: `write` is given its parameters, and declares further variables. */
export function defineFunction<const Names extends readonly string[]>(
  name: string,
  parameters: Names,
  write: (
    parameters: Readonly<Record<Names[number], Variable>>,
    declare: Declare,
  ) => readonly Code[],
): WebAssemblyFunction {
  const declared: number[] = [];
  const named = parameters.map((parameter, i) => [parameter, variable(i)] as const);
  const statements = write(
    Object.fromEntries(named) as Record<Names[number], Variable>,
    (type) => variable(parameters.length + declared.push(TYPES[type]) - 1),
  );
  const variables = vectorOf(declared.map((type) => [1, type]));
  return {
    name,
    parameters: parameters.length,
    body: sized([...variables, ...statements.flat(), 0x0b]),
  };
}

function sized(bytes: Code): Code {
  return [...unsigned(bytes.length), ...bytes];
}

function vectorOf(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

function text(value: string): Code {
  return sized([...new TextEncoder().encode(value)]);
}

/** A module of functions that share an imported memory. */
function encode(functions: readonly WebAssemblyFunction[]): Uint8Array<ArrayBuffer> {
  const section = (id: number, items: readonly Code[]) => [id, ...sized(vectorOf(items))];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      1,
      functions.map(({ parameters }) => [
        0x60,
        ...vectorOf(Array.from({ length: parameters }, () => [TYPES.i32])),
        0,
      ]),
    ),
    ...section(2, [[...text("host"), ...text("memory"), 2, 0, 1]]),
    ...section(3, functions.map((_, i) => unsigned(i))),
    ...section(7, functions.map(({ name }, i) => [...text(name), 0, ...unsigned(i)])),
    ...section(10, functions.map(({ body }) => body)),
  ]);
}

/** Compiles functions that work on a memory; they can be called by their names. */
export function compileFunctions(
  functions: readonly WebAssemblyFunction[],
  memory: WebAssembly.Memory,
): Readonly<Record<string, (...parameters: readonly number[]) => void>> {
  const module = new WebAssembly.Module(encode(functions));
  const { exports } = new WebAssembly.Instance(module, { host: { memory } });
  return exports as Record<string, (...parameters: readonly number[]) => void>;
}
