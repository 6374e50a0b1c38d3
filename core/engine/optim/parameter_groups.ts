/**
 * Rules for parameters by name: which ones decay, and how fast they learn.
 *
 * @module
 */
import { GenviewRangeError } from "../../errors/mod.ts";

/** A rule for the parameters whose names contain a text. */
export interface ParameterRule {
  /** Part of a parameter's full name. */
  readonly pattern: string;
  /** Factor on the weight decay; 0 is none. */
  readonly weightDecayScale?: number;
  /** Factor on the learning rate. */
  readonly learningRateScale?: number;
  /** Whether the parameter keeps the base learning rate for the whole run. */
  readonly fixedLearningRate?: boolean;
  /** Whether LARS leaves the parameter's step unscaled. */
  readonly excludeFromLars?: boolean;
}

/** The rule that each parameter follows. */
export interface ParameterGroups {
  /** Rules by parameter; a parameter that no rule is for is absent. */
  readonly rules: ReadonlyMap<string, ParameterRule>;
  /** A sentence for each rule that no parameter follows. */
  readonly warnings: readonly string[];
}

/** Longest patterns first, those of one length in alphabetical order. */
function byPrecedence(a: ParameterRule, b: ParameterRule): number {
  if (a.pattern.length !== b.pattern.length) return b.pattern.length - a.pattern.length;
  return a.pattern < b.pattern ? -1 : 1;
}

function findings(rules: readonly ParameterRule[]): string[] {
  const seen = new Set<string>();
  return rules.flatMap(({ pattern, weightDecayScale = 1, learningRateScale = 1 }) => {
    const repeated = seen.has(pattern);
    seen.add(pattern);
    return [
      ...(pattern === "" ? ["a pattern must not be empty"] : []),
      ...(repeated ? [`pattern "${pattern}" must occur once`] : []),
      ...Object.entries({ weightDecayScale, learningRateScale }).flatMap(([name, value]) =>
        Number.isFinite(value) && value >= 0
          ? []
          : [`${name} of pattern "${pattern}" must be 0 or more, found ${value}`]
      ),
    ];
  });
}

/**
 * Finds each parameter's rule as mmengine's `paramwise_cfg.custom_keys` does: of the rules whose pattern is part of the
 * name, the one with the longest pattern, the first in the alphabet of several; all others are ignored.
 *
 * ```ts
 * import { groupParameters } from "./parameter_groups.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { rules } = groupParameters(["fc.weight", "fc.bias"], [{ pattern: "bias", weightDecayScale: 0 }]);
 * assertEquals([...rules.keys()], ["fc.bias"]);
 * ```
 *
 * @throws {RangeError} if a pattern is empty or repeated, or a scale is negative, with all findings
 */
export function groupParameters(
  names: readonly string[],
  rules: readonly ParameterRule[],
): ParameterGroups {
  const wrong = findings(rules);
  if (wrong.length > 0) throw new GenviewRangeError(`Cannot group parameters: ${wrong.join("; ")}`);
  const ordered = rules.toSorted(byPrecedence);
  const followed = new Map<string, ParameterRule>();
  for (const name of names) {
    const rule = ordered.find(({ pattern }) => name.includes(pattern));
    if (rule !== undefined) followed.set(name, rule);
  }
  const used = new Set(followed.values());
  const warnings = rules.filter((rule) => !used.has(rule)).map(({ pattern }) =>
    names.some((name) => name.includes(pattern))
      ? `No parameter follows the rule for "${pattern}": longer patterns take all that it matches`
      : `No parameter follows the rule for "${pattern}": it is part of none of ${names.length} names`
  );
  return { rules: followed, warnings };
}
