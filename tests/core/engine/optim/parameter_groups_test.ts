import { assert, assertEquals, assertThrows } from "@std/assert";
import { groupParameters } from "../../../../core/engine/optim/parameter_groups.ts";

const NAMES = [
  "backbone.conv1.weight",
  "backbone.bn1.weight",
  "backbone.bn1.bias",
  "backbone.layer1.0.downsample.1.weight",
  "projector.fc0.bias",
];

function patterns(names: readonly string[], rules: readonly string[]): (string | undefined)[] {
  const followed = groupParameters(names, rules.map((pattern) => ({ pattern }))).rules;
  return names.map((name) => followed.get(name)?.pattern);
}

Deno.test("groupParameters() finds the norms and biases that BYOL excludes", () => {
  const rules = ["downsample.1", "bias", "bn"];
  assertEquals(patterns(NAMES, rules), [undefined, "bn", "bias", "downsample.1", "bias"]);
});

Deno.test("groupParameters() prefers the longest pattern, then the first in the alphabet", () => {
  assertEquals(patterns(["abcd"], ["d", "cd", "ab", "b"]), ["ab"]);
  assertEquals(patterns(["abcd"], ["cd", "bcd", "ab"]), ["bcd"]);
});

Deno.test("groupParameters() warns of rules that no parameter follows", () => {
  const { warnings } = groupParameters(["fc.bias"], [
    { pattern: "bn" },
    { pattern: "bias" },
    { pattern: "fc.bias" },
  ]);
  assertEquals(warnings.length, 2);
  assert(warnings[0]!.includes(`"bn": it is part of none of 1 names`), warnings[0]);
  assert(warnings[1]!.includes(`"bias": longer patterns take all`), warnings[1]);
});

Deno.test("groupParameters() lists all that is wrong with rules", () => {
  const error = assertThrows(
    () =>
      groupParameters(NAMES, [
        { pattern: "" },
        { pattern: "bias", weightDecayScale: -1 },
        { pattern: "bias", learningRateScale: NaN },
      ]),
    RangeError,
    "a pattern must not be empty",
  );
  for (
    const part of [
      'weightDecayScale of pattern "bias" must be 0 or more, found -1',
      'pattern "bias" must occur once',
      'learningRateScale of pattern "bias" must be 0 or more, found NaN',
    ]
  ) assert(error.message.includes(part), error.message);
});
