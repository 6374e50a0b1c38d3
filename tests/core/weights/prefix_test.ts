import { assertEquals } from "@std/assert";
import { describeCandidates, findPrefix } from "../../../core/weights/prefix.ts";

const WANTED = new Set(["conv1.weight", "layer1.0.conv1.weight", "bn1.weight"]);

function named(...prefixes: string[]): string[] {
  return prefixes.flatMap((prefix) => [...WANTED].map((name) => prefix + name));
}

Deno.test("findPrefix() takes off the prefixes of training programs, also within each other", () => {
  const known = [
    ...["", "module.", "backbone.", "encoder_q.", "base_encoder.", "_orig_mod."],
    ...["module.encoder_q.", "module.base_encoder.", "module.encoder.", "_orig_mod.module."],
    ...["model.module.", "model._orig_mod.backbone."],
  ];
  for (const prefix of known) {
    const names = [...named(prefix), "optimizer.state.0.exp_avg", `${prefix}fc.weight`];
    assertEquals(findPrefix(names, WANTED).prefix, prefix);
  }
});

Deno.test("findPrefix() prefers the trained network to its moving average", () => {
  for (const [trained, average] of [["encoder_q.", "encoder_k."], ["backbone.", "momentum."]]) {
    assertEquals(findPrefix(named(average!, trained!), WANTED).prefix, trained);
  }
});

Deno.test("findPrefix() takes the encoder that is asked for, also where it lacks a few names", () => {
  const names = [...named("encoder_q.").slice(1), ...named("encoder_k.")];
  assertEquals(findPrefix(names, WANTED).prefix, "encoder_q.");
  assertEquals(findPrefix(names, WANTED, "momentum").prefix, "encoder_k.");
  // One name of three is a layer that is called alike.
  const head = [...named("student.net."), "bn1.weight"];
  assertEquals(findPrefix(head, WANTED).candidates, ["student.net."]);
});

Deno.test("findPrefix() names prefixes that it does not know, and does not choose among several", () => {
  const unknown = findPrefix(named("student.net.", "teacher."), WANTED);
  assertEquals(unknown, { candidates: ["student.net.", "teacher."] });
  assertEquals(
    describeCandidates(unknown),
    'found them behind "student.net." and "teacher.": save that part alone, without the prefix',
  );
  assertEquals(findPrefix(named("model.", "backbone."), WANTED).candidates, [
    "model.",
    "backbone.",
  ]);
  assertEquals(findPrefix(["a.b", "c"], WANTED), { candidates: [] });
});
