import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  lossSection,
  type RunRecord,
  timingSection,
} from "../../../core/report/training_sections.ts";
import { resolveConfiguration } from "../../../core/method/resolve_configuration.ts";

const record: RunRecord = {
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
