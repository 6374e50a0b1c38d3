import { assertEquals } from "@std/assert";
import { requestWords, shellText } from "../../../../core/studio/actions/request_words.ts";
import { STUDIO_TASKS } from "../../../../core/studio/actions/task_form.ts";
import type { PropertySchema } from "../../../../core/schema/schema.ts";
import { parse } from "../../../../tasks/cli/command_line.ts";
import { studioTasks } from "../../../../tasks/cli/studio_tasks.ts";
import { tasks } from "../../../../cli.ts";

/** Texts that shells, command lines or pages might take for something else. */
const TEXTS = [
  "-x",
  "--output=/etc",
  "--",
  "-",
  "a b",
  "it's",
  'say "hi"',
  "$(touch /tmp/x) `id` $HOME; rm -rf ~ | & > < * ? # !",
  "first\nsecond\r\tthird",
  "<img src=x onerror=alert(1)>",
  "a\\b",
  "a=b,c",
  "[1,2",
  '{"a":1}',
  "true",
  "12",
  "ünï 画像",
];

/** Values that a schema takes, of all kinds that it does. */
function valuesOf(schema: PropertySchema): readonly unknown[] {
  if (schema.enum !== undefined) return schema.enum;
  const types = [schema.type].flat();
  const isUnion = types.length > 1;
  return types.flatMap((type): readonly unknown[] => {
    const { minimum = -3, items, pattern } = schema as {
      minimum?: number;
      items?: PropertySchema;
      pattern?: string;
    };
    const low = "exclusiveMinimum" in schema ? 0.25 : minimum;
    if (type === "boolean") return [true, false];
    if (type === "integer") return [Math.max(minimum, 1), Math.max(minimum, 40)];
    if (type === "number") {
      return [low, low + 1e-7].filter((value) => value <= 1 || !("maximum" in schema));
    }
    if (type === "string") return pattern ? ["global"] : isUnion ? ["simsiam"] : TEXTS;
    if (type === "array" && items?.enum !== undefined) return [[], items.enum];
    if (type === "array" && items?.type === "string") return [TEXTS, ["a", "b"], [""], ["a,b"]];
    if (type === "array" && items?.type !== "object") return [[1, 2], [3]];
    return [];
  });
}

Deno.test("what a form takes reaches the task's own command line as it was given, whatever it holds", async () => {
  const { forms } = studioTasks(tasks);
  const tried = new Set<unknown>();
  for (const task of STUDIO_TASKS) {
    const { description } = await tasks[task]!();
    const { schema } = await forms(task);
    const properties = Object.entries(schema.properties)
      .map(([name, property]) => [name, valuesOf(property)] as const)
      .filter(([, values]) => values.length > 0);
    // All options at once, each with another of its values: a schema takes long to compile.
    for (let round = 0; round < 2; round++) {
      const options = Object.fromEntries(
        properties.map(([name, values], i) => [name, values[(7 * round + i) % values.length]]),
      );
      for (const value of Object.values(options)) tried.add(value);
      const words = requestWords({ task, options });
      assertEquals(parse(description!, words)?.given, options, `${task}: ${words.join(" ")}`);
    }
  }
  assertEquals(TEXTS.filter((text) => !tried.has(text)), []);
});

Deno.test("options of methods and objects reach the command line whole", async () => {
  const { description } = await tasks["train"]!();
  const options = {
    options: { projectorWidth: 32, name: "it's -- \n" },
    views: { preset: "swav", locals: 4 },
    paramwise: [],
  };
  const words = requestWords({ task: "train", options });
  const given = parse(
    {
      ...description!,
      options: { type: "object", properties: { options: {}, views: {}, paramwise: {} } },
    },
    words,
  )!.given;
  assertEquals(given, options);
});

Deno.test("words beside options come as they are, also those that look like options", async () => {
  const { description } = await tasks["export"]!();
  for (
    const positional of [["run", "a.onnx"], ["-run", "--names"], ["true", "it's\n"], ["", "b"]]
  ) {
    const words = requestWords({ task: "export", positional, options: { imageSize: 96 } });
    const parsed = parse(description!, words)!;
    assertEquals([parsed.positional, parsed.given], [positional, { imageSize: 96 }]);
  }
});

Deno.test("a shell gives the words back that were quoted for it", async () => {
  const words = [...TEXTS, ...TEXTS.map((text) => `--data=${text}`), ""];
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `printf '%s\\0' ${shellText(words)}`],
  }).output();
  assertEquals(new TextDecoder().decode(stdout).split("\0").slice(0, -1), words);
});
