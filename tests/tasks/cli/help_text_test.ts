import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { command } from "../../../tasks/cli/command_line.ts";
import { helpText } from "../../../tasks/cli/help_text.ts";

const COMMAND = command({
  name: "train",
  summary: "Tries something for as long as it takes, and says afterwards how long that has been.",
  positional: "RUN",
  examples: [{ command: "deno task train run", does: "tries it" }],
  options: {
    type: "object",
    properties: {
      backbone: {
        type: "string",
        default: "resnet18",
        suggestions: ["resnet18", "vit_tiny"],
        group: "Network",
        description: "network to train",
      },
      strict: { type: "boolean", default: true, description: "whether to stop" },
      threads: { type: "integer", default: 0, description: "threads (0: all cores)" },
      seed: { type: "integer", default: 0, group: "Run", description: "seed" },
      stem: {
        enum: ["imagenet", "small"],
        default: "small",
        group: "Network",
        description: "start",
      },
      decay: { type: ["number", "object"], default: 0, description: "a number or its schedule" },
      milestones: { type: "array", items: { type: "integer" }, default: [], description: "epochs" },
      options: {
        type: "object",
        default: {},
        entry: "option",
        title: "Options of SimSiam",
        description: "options of the method",
        properties: { embeddingWidth: { type: "integer", default: 8, description: "width" } },
      },
    },
  },
});

const plain = (columns: number) => helpText(COMMAND, { columns, heading: (text) => text });

Deno.test("helpText() lists options by group, with what they take", () => {
  const text = plain(100);
  const order = [
    "Usage: deno task train [options] RUN",
    "Examples:",
    "Options:",
    "Network:",
    "Run:",
  ];
  const places = order.map((part) => text.indexOf(part));
  assert(places.every((place) => place >= 0), text);
  assertEquals(places, places.toSorted((a, b) => a - b));
  assertStringIncludes(text, "network to train (default resnet18); known: resnet18, vit_tiny");
  assertStringIncludes(text, "--stem imagenet|small");
  assertStringIncludes(text, "--[no-]strict");
  assertStringIncludes(text, "whether to stop (on by default)");
  assertStringIncludes(text, "threads (0: all cores; default 0)");
  assertStringIncludes(text, "--milestones A,B,...");
  assertStringIncludes(text, "--decay NUMBER|JSON");
  assertStringIncludes(text, "Options of SimSiam:\n  --option.embedding-width NUMBER");
});

Deno.test("helpText() keeps to the width of the terminal", () => {
  for (const columns of [48, 72, 100]) {
    const wide = plain(columns).split("\n").filter((line) => line.length > columns);
    assertEquals(wide, [], `${columns} columns`);
  }
});

Deno.test("helpText() emphasises headings only", () => {
  const text = helpText(COMMAND, { columns: 80, heading: (heading) => `<${heading}>` });
  for (const heading of ["<Usage:>", "<Examples:>", "<Network:>"]) {
    assertStringIncludes(text, heading);
  }
});
