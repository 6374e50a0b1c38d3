import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { configurationSchema } from "../../../core/method/configuration.ts";
import { command, parse } from "../../../tasks/cli/command_line.ts";
import { withMethodOptions } from "../../../tasks/cli/training_options.ts";

const COMMAND = command({
  name: "train",
  summary: "Trains.",
  examples: [],
  options: {
    type: "object",
    properties: {
      method: { type: "string", default: "simsiam", description: "method" },
      preset: { type: "string", default: "", description: "preset" },
      config: { type: "string", default: "", description: "configuration" },
      resume: { type: "string", default: "", description: "checkpoint" },
      ...configurationSchema.properties,
    },
  },
});

async function parsed(...args: string[]) {
  return parse(await withMethodOptions(COMMAND, args), args);
}

Deno.test("train takes the method's options one by one, checked by its manifest", async () => {
  const { given } = (await parsed("--option.projector-width", "64", "--batch-size", "8"))!;
  assertEquals(given, { batchSize: 8, options: { projectorWidth: 64 } });
  for (
    const [args, message] of [
      [
        ["--option.projector-width", "wide"],
        '--option.projector-width must be integer, found "wide"',
      ],
      [["--option.projector-width", "0"], "--option.projector-width must be >= 1, found 0"],
      [["--option.projector-with", "8"], 'did you mean "--option.projector-width"?'],
    ] as const
  ) {
    const extended = await withMethodOptions(COMMAND, args);
    assertThrows(() => parse(extended, args), TypeError, message);
  }
});

Deno.test("train leaves the options of a resumed run's method to that method", async () => {
  const { given } = (await parsed("--resume", "latest", "--option.temperature", "0.2"))!;
  assertEquals(given, { resume: "latest", options: { temperature: 0.2 } });
});

Deno.test("train knows the options of the method that a configuration names", async () => {
  const config = "byol_resnet50_16xb256-coslr-200e_in1k";
  const { given } = (await parsed("--config", config, "--option.hidden-width", "64"))!;
  assertEquals(given, { config, options: { hiddenWidth: 64 } });
  await assertRejects(
    () => parsed("--config", config, "--option.projector-width", "64"),
    TypeError,
    "--option.projector-width is not known",
  );
});

Deno.test("train --help lists what its options are known to take, and the method's own", async () => {
  let text = "";
  const args = ["--help", "--method", "simsiam"];
  parse(await withMethodOptions(COMMAND, args), args, (printed) => text = printed);
  const words = text.replaceAll(/\s+/g, " ");
  assertStringIncludes(words, "known: resnet18, ");
  assertStringIncludes(words, "known: imagenet, cifar, demo");
  assertStringIncludes(words, "known: simsiam");
  assertStringIncludes(
    text,
    "Options of SimSiam (--method simsiam):\n  --option.projector-width NUMBER",
  );
});

Deno.test("train --help says that a method is not there", async () => {
  await assertRejects(
    () => withMethodOptions(COMMAND, ["--help", "--method", "simsam"]),
    TypeError,
    'the nearest is "simsiam"',
  );
});

Deno.test("train takes views by name, by name with parameters, and spelled out", async () => {
  for (const views of ["swav", { preset: "swav", locals: 4, localSize: 96 }]) {
    const text = typeof views === "string" ? views : JSON.stringify(views);
    assertEquals((await parsed("--views", text))!.given, { views });
  }
  for (
    const [text, message] of [
      ['{"preset":"swav","local":4}', '--views.local is not known: did you mean "--views.locals"?'],
      ['{"preset":"swav","locals":-1}', "--views.locals must be >= 0, found -1"],
      ['{"locals":4}', "--views.preset must be given"],
      ['[{"size":32}]', "--views.0.crop must be given"],
    ] as const
  ) {
    await assertRejects(() => parsed("--views", text), TypeError, message);
  }
});
