/**
 * Trains the tiny generator with a checkpoint after each step, and kills itself at an event.
 *
 * Its arguments: the folder of the image encoder, that of the run, and when to end, such as `unet 3` or `encode 20`.
 *
 * @module
 */
import { CPU } from "../../../../../core/engine/ort/mod.ts";
import { trainGenerator } from "../../../../../core/unclip/training/train_generator.ts";
import { tenEmoji, TINY } from "../tiny_generator.ts";

if (import.meta.main) {
  const [imageEncoder, output, end] = Deno.args as [string, string, string];
  await trainGenerator({
    ...{ configuration: TINY, dataset: await tenEmoji(), placement: { device: CPU, threads: 1 } },
    ...{ imageEncoder, output, resume: true, checkpointMinutes: 0 },
    report: (event) => {
      const now = event.kind === "step"
        ? `${event.stage} ${event.step}`
        : event.kind === "encode"
        ? `encode ${event.done}`
        : "";
      if (now === end) Deno.kill(Deno.pid, "SIGKILL");
    },
  });
}
