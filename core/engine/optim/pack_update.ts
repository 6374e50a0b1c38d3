/**
 * Which tensors of an update are packed together: parameters that follow one rule, with all that belongs to them, and
 * buffers.
 *
 * @module
 */
import { elementCount } from "../graph/shape.ts";
import { input, type Value } from "../graph/value.ts";
import { type Pack, packInPieces, piecesOf } from "./pack.ts";
import type { ParameterRule } from "./parameter_groups.ts";
import { gradientName, writtenName } from "./step_names.ts";

/** What one update is built for: a parameter, or a piece of a vector of several. */
export interface UpdateUnit {
  /** Name of the parameter or piece. */
  readonly name: string;
  /** The input that declares it. */
  readonly value: Value;
  /** The rule that it follows. */
  readonly rule: Omit<ParameterRule, "pattern">;
  /** The inputs that declare its moving averages. */
  readonly averages: readonly Value[];
}

/** Some units, and the vectors that pieces among them belong to. */
export interface PackedUnits {
  readonly units: readonly UpdateUnit[];
  readonly packs: readonly Pack[];
}

function nameOf({ source }: Value): string {
  if (source.kind !== "input") throw new Error("Internal: only inputs are packed");
  return source.name;
}

/** Units whose elements may follow one rule in one vector have the same of it. */
function kindOf({ value, averages, rule }: UpdateUnit): string {
  const { weightDecayScale = 1, learningRateScale = 1 } = rule;
  const { fixedLearningRate = false, excludeFromLars = false } = rule;
  const numbers = [weightDecayScale, learningRateScale, averages.length];
  return JSON.stringify([value.dtype, ...numbers, fixedLearningRate, excludeFromLars]);
}

/** The pieces of a vector of units, and the packs of all that belongs to them, which lie alike. */
function pack(
  name: string,
  units: readonly UpdateUnit[],
  slots: readonly string[],
  pieceLength: number,
): PackedUnits {
  const [first] = units as [UpdateUnit];
  const averageName = (i: number, of: string) => `average ${i} of ${of}`;
  const of = (prefixed: string, member: (unit: UpdateUnit) => string) =>
    packInPieces(
      prefixed,
      pieceLength,
      units.map((unit) => ({ name: member(unit), type: unit.value.type })),
    );
  const parameters = of(name, (unit) => unit.name);
  const { dtype } = parameters;
  return {
    units: piecesOf(parameters).map(({ name, length }) => ({
      name,
      value: input(name, dtype, [length]),
      rule: first.rule,
      averages: first.averages.map((_, i) => input(averageName(i, name), dtype, [length])),
    })),
    packs: [
      parameters,
      of(gradientName(name), (unit) => gradientName(unit.name)),
      ...slots.map((slot) => of(`${slot}.${name}`, (unit) => `${slot}.${unit.name}`)),
      ...first.averages.map((_, i) =>
        of(averageName(i, name), (unit) => nameOf(unit.averages[i]!))
      ),
    ],
  };
}

/** Whether packing tensors makes fewer or shorter ones of them. */
function isWorthwhile(values: readonly Value[], pieceLength: number): boolean {
  return values.length > 1 || values.some(({ shape }) => elementCount(shape) > pieceLength);
}

/**
 * Packs those units of an update that treat each element by itself and follow the same rule.
 *
 * @param slots names of the optimizer's slots
 * @param pieceLength elements of a piece; 0 for no packs
 * @param isPackable whether a unit's update treats each element by itself
 */
export function packParameters(
  units: readonly UpdateUnit[],
  slots: readonly string[],
  pieceLength: number,
  isPackable: (unit: UpdateUnit) => boolean,
): PackedUnits {
  if (pieceLength === 0) return { units, packs: [] };
  const kinds = [...Map.groupBy(units.filter(isPackable), kindOf).values()].filter((alike) =>
    isWorthwhile(alike.map(({ value }) => value), pieceLength)
  );
  const taken = new Set(kinds.flat());
  const packed = kinds.map((alike, i) => pack(`pack ${i}`, alike, slots, pieceLength));
  return {
    units: [...packed.flatMap(({ units }) => units), ...units.filter((unit) => !taken.has(unit))],
    packs: packed.flatMap(({ packs }) => packs),
  };
}

/**
 * Packs buffers by element type, and what is written to them.
 *
 * @param pieceLength elements of a piece; 0 for no packs
 * @returns the inputs that declare pieces, and those that declare buffers which are in none
 */
export function packBuffers(
  buffers: readonly Value[],
  pieceLength: number,
): { readonly values: readonly Value[]; readonly packs: readonly Pack[] } {
  if (pieceLength === 0) return { values: buffers, packs: [] };
  const kinds = [...Map.groupBy(buffers, ({ dtype }) => dtype).values()].filter((alike) =>
    isWorthwhile(alike, pieceLength)
  );
  const packed = kinds.map((alike, i) => {
    const tensors = (rename: (name: string) => string) =>
      alike.map((value) => ({ name: rename(nameOf(value)), type: value.type }));
    const name = `buffers ${i}`;
    return [
      packInPieces(name, pieceLength, tensors((known) => known)),
      packInPieces(writtenName(name), pieceLength, tensors(writtenName)),
    ] as const;
  });
  const taken = new Set(kinds.flat());
  const pieces = packed.flatMap(([{ dtype, ...pack }]) =>
    piecesOf(pack).map(({ name, length }) => input(name, dtype, [length]))
  );
  return {
    values: [...pieces, ...buffers.filter((buffer) => !taken.has(buffer))],
    packs: packed.flat(),
  };
}
