import { dirname, join } from "node:path";

/** Writes files into a folder, by paths below it; values other than texts are written as JSON. */
export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, unknown>>,
): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const whole = join(folder, path);
    await Deno.mkdir(dirname(whole), { recursive: true });
    const text = typeof content === "string" ? content : JSON.stringify(content);
    await Deno.writeTextFile(whole, text);
  }
}

/** Lines of a log. */
export function lines(records: readonly Readonly<Record<string, unknown>>[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

/** Files of a run of pretraining with so many steps of ten in two epochs. */
export function pretrainingFiles(
  steps: number,
  configuration: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const records = Array.from({ length: steps }, (_, i) => ({
    step: i + 1,
    epoch: Math.floor(i / 5),
    loss: 1 / (i + 1),
    spread: 0.1,
    gradientNorm: 1,
    learningRate: 0.1,
    seconds: 0.5,
  }));
  const epochs = [{ step: 0, epoch: 0, knnTop1: 0.1 }];
  for (let epoch = 1; epoch * 5 <= steps; epoch++) {
    const known = { loss: 0.3, seconds: 3, waitSeconds: 0.5, knnTop1: 0.1 + epoch / 10 };
    epochs.push({ step: epoch * 5, epoch, ...known });
  }
  const options = { batchSize: 8, epochs: 2, backbone: "resnet18", options: { width: 16 } };
  return {
    "configuration.json": { method: "simsiam", configuration: { ...options, ...configuration } },
    "steps.jsonl": lines(records),
    "epochs.jsonl": lines(epochs),
  };
}
