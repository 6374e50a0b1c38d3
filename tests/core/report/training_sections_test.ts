import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { LossRange } from "../../../core/method/manifest.ts";
import type { Section } from "../../../core/report/report.ts";
import {
  lossSection,
  metricSection,
  spreadSection,
  timingSection,
} from "../../../core/report/training_sections.ts";
import type { RunLogs } from "../../../core/train/log/run_logs.ts";
import { resolveConfiguration } from "../../../core/method/resolve_configuration.ts";

const record: RunLogs = {
  description: { method: "simsiam", configuration: resolveConfiguration({ batchSize: 8 }) },
  steps: [1, 2, 3, 4].map((step) => ({ step, loss: -step / 5, seconds: 0.5 })),
  epochs: [{ step: 4, epoch: 1, waitSeconds: 2 }],
};

Deno.test("lossSection() draws what the loss is at random, in health and after collapse", async () => {
  const section = await lossSection(record, {
    title: "SimSiam",
    lossRange: { random: [-0.25, 0.25], healthy: [-0.97, -0.6], collapsed: -1, note: "" },
  });
  const [figure] = section.figures!;
  for (const label of ["at random", "healthy", "collapsed"]) {
    assertStringIncludes((figure as { svg: string }).svg, `>${label}</text>`);
  }
});

Deno.test("timingSection() tells the speed with the wait for images and without", () => {
  const [table] = timingSection(record).tables!;
  assertEquals(table!.rows.slice(-2), [
    ["images a second at the median", "16.0"],
    ["images a second, the wait included", "8.0"],
  ]);
});

/** Text, alternative text and picture of a section of one figure. */
function partsOf({ text, figures }: Section) {
  const [figure] = figures! as unknown as { alt: string; svg: string }[];
  return { text: text!, alt: figure!.alt, svg: figure!.svg };
}

const healthy: LossRange = {
  random: [-0.25, 0.25],
  healthy: [-0.97, -0.6],
  collapsed: -1,
  note: "N.",
};

Deno.test("lossSection() says what the curve does, and where it ends", async () => {
  const about = async (...losses: number[]) => {
    const steps = losses.map((loss, step) => ({ step, loss }));
    return partsOf(await lossSection({ steps }, { title: "SimSiam", lossRange: healthy }));
  };
  const ended = "where a healthy run ends (-0.97 to -0.6).";
  const falling = await about(0.01234567890123, -0.7654321);
  assertStringIncludes(falling.text, `It falls from 0.0123 to -0.765. That is ${ended}`);
  assertStringIncludes(falling.text, "What to expect of SimSiam: N.");
  assertStringIncludes(falling.alt, "Loss over 2 steps. It falls from 0.0123 to -0.765.");
  assertStringIncludes(
    (await about(-0.5, 0.1)).text,
    `It rises from -0.5 to 0.1. That is above ${ended}`,
  );
  assertStringIncludes(
    (await about(-0.5, -0.999)).text,
    "That is below where a healthy run ends (-0.97 to -0.6), nearer to -1, where the method has collapsed.",
  );
  for (const { alt } of [falling]) assert(!/\d{6}/.test(alt), alt);
});

Deno.test("metricSection() draws chance, and says what rises only where it does", async () => {
  const about = async (...values: number[]) => {
    const epochs = values.map((knn, epoch) => ({ step: epoch, epoch, knn }));
    return partsOf(
      await metricSection({ epochs }, "knn", {
        title: "Nearest neighbours by epoch",
        text: "Classified.",
        yLabel: "share",
        rules: [{ value: 1 / 9, label: "chance" }, { value: 0.25, label: "most frequent class" }],
      }),
    );
  };
  const rising = await about(0.298, 0.42, 0.412);
  assertStringIncludes(
    rising.text,
    "It rises from 29.8 % to 41.2 %; the best, 42.0 %, is at epoch 1. For comparison: chance 11.1 %, " +
      "most frequent class 25.0 %.",
  );
  for (const label of ["chance", "most frequent class"]) {
    assertStringIncludes(rising.svg, `>${label}</text>`);
  }
  const falling = await about(0.3, 0.2);
  assertStringIncludes(falling.text, "It falls from 30.0 % to 20.0 %");
  assert(!falling.text.includes("rises") && !falling.alt.includes("rises"));
});

Deno.test("spreadSection() says how far from uniform the spread ends, and of collapse", async () => {
  const about = async (end: number) => {
    const steps = [{ step: 1, spread: 0.044 }, { step: 2, spread: end }];
    return partsOf(await spreadSection({ steps }, 0.0442)).text;
  };
  assertStringIncludes(await about(0.0221), "That is 50.0 % of the spread of uniform embeddings.");
  assertStringIncludes(await about(0.0001), ": the network has collapsed.");
});
