import { assert, assertEquals } from "@std/assert";
import { bundledConfigurations } from "../../configs/mod.ts";
import { dryRun } from "../../core/train/run/dry_run.ts";
import { bundledMethods } from "../../plugins/mod.ts";
import { main } from "../../tasks/train.ts";

const text = await Deno.readTextFile(new URL("../../docs/presets.md", import.meta.url));

Deno.test("docs/presets.md states what the experiments are", async () => {
  const rows = text.split("\n").filter((line) => /^\| `\w+_(resnet50|vit)/.test(line))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", "")));
  const baselines = Object.keys(bundledConfigurations).filter((name) =>
    !name.endsWith("_clipmask")
  );
  assertEquals(rows.map(([name]) => name), baselines);
  const known = { methods: bundledMethods, configurations: bundledConfigurations };
  for (const [config, method, backbone, epochs, batch, optimizer, parameters] of rows) {
    const run = await dryRun({ config: config!, images: 1_281_167 }, known);
    const { configuration, learningRate, parameters: { trained, fixed, momentum } } = run;
    const { batchSize, deviceBatchSize } = configuration;
    assertEquals(
      [
        run.method.title,
        configuration.backbone,
        String(configuration.epochs),
        `${batchSize} (${deviceBatchSize})`,
        `${configuration.optimizer} ${learningRate.peak}`,
        `${((trained + fixed + momentum) / 1e6).toFixed(1)} M`,
      ],
      [method, backbone, epochs, batch, optimizer!.toLowerCase(), parameters],
      config,
    );
  }
});

Deno.test("docs/presets.md's commands run, but for those in blocks that need ImageNet", async () => {
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block!);
  const commands = blocks.flatMap((block) => [...block.matchAll(/^deno task train (.*)$/gm)]);
  assertEquals(commands.length, 3);
  const { log } = console;
  try {
    for (const [, args] of commands) {
      let shown = "";
      console.log = (line: string) => void (shown += `${line}\n`);
      await main(args!.split(" "));
      assert(shown.includes(args === "--list-configs" ? "GenView" : "memory"), shown);
    }
  } finally {
    console.log = log;
  }
});
