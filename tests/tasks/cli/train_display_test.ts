import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  describeCoverage,
  describeLoss,
  describeRanks,
  TrainDisplay,
} from "../../../tasks/cli/train_display.ts";

function displayed(): { display: TrainDisplay; lines: string[] } {
  const lines: string[] = [];
  const display = new TrainDisplay((text) => void lines.push(text));
  return { display, lines };
}

Deno.test("TrainDisplay shows warnings that come before the start", () => {
  const { display, lines } = displayed();
  display.show({ kind: "warning", message: 'No parameter follows the rule for "fc9"' });
  assertEquals(lines, ['warning: No parameter follows the rule for "fc9"\n']);
});

Deno.test("TrainDisplay tells of replaced images where there are some", () => {
  const { display, lines } = displayed();
  const epoch = {
    kind: "epoch",
    step: 3,
    loss: 1,
    seconds: 2,
    waitSeconds: 1,
    metrics: {},
  } as const;
  display.show({ ...epoch, epoch: 1, skipped: 0 });
  display.show({ ...epoch, epoch: 2, skipped: 4 });
  assertEquals(lines[0], "epoch 1: loss 1.0000, 2.0 s, 1.0 s of it waiting for images\n");
  assertStringIncludes(lines[1]!, "waiting for images, 4 unreadable images replaced\n");
});

Deno.test("describeCoverage() says how many images have variations, and how many each", () => {
  assertEquals(
    describeCoverage({ matched: 3, total: 4, samplesByCount: [1, 0, 2, 0, 1] }),
    "variations: 3 of 4 images have some (75.0 %), 2 to 4 each",
  );
  assertEquals(
    describeCoverage({ matched: 6, total: 6, samplesByCount: [0, 6] }),
    "variations: 6 of 6 images have some (100.0 %), 1 each",
  );
});

Deno.test("describeLoss() gives the ends of what is expected, to three digits", () => {
  const chance = Math.log(65537);
  const range = { random: [chance - 5, chance + 1], healthy: [0.4 * chance, 9], note: "" } as const;
  assertEquals(
    describeLoss({ ...range, collapsed: chance }),
    "loss: 6.09 to 12.1 at random, 4.44 to 9 when healthy, 11.09 when collapsed; ",
  );
  assertEquals(describeLoss(undefined), "");
});

Deno.test("describeRanks() says what carries their messages, and where each computes", () => {
  const places = [{ host: "node1", device: "cuda:0" }, { host: "node2", device: "cuda:1" }];
  assertEquals(
    describeRanks({ size: 2, library: "Open MPI v4.1.4", places }),
    "2 processes by Open MPI v4.1.4: rank 0 on node1 cuda:0, rank 1 on node2 cuda:1",
  );
});
