import { assertEquals, assertStringIncludes } from "@std/assert";
import { GeneratorDisplay } from "../../../tasks/cli/generator_display.ts";

Deno.test("GeneratorDisplay says what images are encoded for, and what is passed over", () => {
  const lines: string[] = [];
  {
    using display = new GeneratorDisplay((part) => void lines.push(part));
    display.show({ kind: "export", done: 4, total: 8 });
    display.show({ kind: "warning", message: "Skipped the image a.png" });
    display.show({
      ...{ kind: "start", stage: "autoencoder", parameters: 670_000 },
      ...{ totalSteps: 2, resumedAt: 1 },
    });
    display.show({ kind: "step", stage: "autoencoder", step: 2, loss: 0.5, imagesPerSecond: 9 });
    display.show({ kind: "encode", done: 8, total: 8 });
    display.show({
      ...{ kind: "start", stage: "unet", parameters: 670_000, totalSteps: 2, resumedAt: 0 },
      lossRange: { random: [1, 1], healthy: [0, 1], collapsed: 1, note: "It falls." },
    });
  }
  const notes = [
    "encoding 8 images for the image encoder's embedding\n",
    "warning: Skipped the image a.png\n",
    "autoencoder: 0.67 M parameters, 2 steps, from step 1\n",
    "encoding 8 images for the UNet\n",
    "UNet: 0.67 M parameters, 2 steps\n",
    "It falls.\n",
  ];
  assertEquals(lines.filter((line) => notes.includes(line)), notes);
  const text = lines.join("");
  for (const part of ["4/8", "2/2", "loss 0.5", "8/8"]) assertStringIncludes(text, part);
});
