import { assertEquals } from "@std/assert";
import { EvaluateDisplay } from "../../../tasks/cli/evaluate_display.ts";

Deno.test("EvaluateDisplay has a line for each part, also where both sets are parts of one, and warnings before and above it", () => {
  let text = "";
  {
    using display = new EvaluateDisplay((part) => text += part);
    display.show({ kind: "warning", message: "early" });
    display.show({ kind: "features", set: "bank", data: "photos", done: 0, total: 8 });
    display.show({ kind: "warning", message: "a.png cannot be read" });
    display.show({ kind: "features", set: "queries", data: "photos", done: 0, total: 8 });
    display.show({ kind: "probe", done: 0, total: 90, loss: 1.5 });
  }
  assertEquals(
    text,
    [
      "warning: early",
      "features of photos (--train)",
      "0%  0/8  – left",
      "warning: a.png cannot be read",
      "features of photos (--test)",
      "0%  0/8  – left",
      "linear probe on cached features",
      "0%   0/90  – left  loss 1.500",
      "",
    ].join("\n"),
  );
});

Deno.test("EvaluateDisplay shows trainings by name from where they go on, and results as they come", () => {
  let text = "";
  {
    using display = new EvaluateDisplay((part) => text += part);
    const name = "linear A (lars)";
    display.show({ kind: "training", name, done: 50, total: 100, epoch: 4, loss: 2 });
    display.show({ kind: "result", result: { name, figures: { top1: 0.5 } } as never });
  }
  assertEquals(
    text,
    "linear A (lars)\n50%   50/100  – left  epoch 5  loss 2\nlinear A (lars): 50.00 %\n",
  );
});
