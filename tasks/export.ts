/**
 * `deno task export`: a trained backbone for other programs.
 *
 * @module
 */
import { exportRun } from "../core/encoders/export_run.ts";
import { GenviewTypeError } from "../core/errors/mod.ts";
import { command, parse, runTask } from "./cli/command_line.ts";

const COMMAND = command({
  name: "export",
  summary:
    "Exports a trained backbone: as an ONNX model that any runtime runs, or as safetensors in the names of " +
    "torchvision and timm. The file's ending decides.",
  positional: "RUN FILE",
  examples: [
    {
      command: "deno task export runs/demo backbone.onnx",
      does: "images float32 [N,3,H,W], normalised, to features [N,width], for any N",
    },
    {
      command: "deno task export runs/demo backbone.safetensors",
      does:
        "loads strictly into torchvision's network, which the file's metadata says how to build",
    },
  ],
  options: {
    type: "object",
    properties: {
      batch: {
        type: "integer",
        minimum: 0,
        default: 0,
        description: "images in a run of the ONNX model (0: any number)",
      },
      imageSize: {
        type: "integer",
        minimum: 0,
        default: 0,
        description: "height and width of the ONNX model's images (0: those of training)",
      },
    },
  },
});

/** Runs the task with its arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args);
  if (parsed === undefined) return;
  const [run, file, ...rest] = parsed.positional;
  if (run === undefined || file === undefined || rest.length > 0) {
    throw new GenviewTypeError(
      `Cannot export: RUN and FILE must be named, found ${parsed.positional.length} names`,
    );
  }
  const { batch, imageSize } = parsed.values;
  const { backbone, step, passedOver } = await exportRun(run, file, {
    ...(batch > 0 && { batchSize: batch }),
    ...(imageSize > 0 && { size: imageSize }),
  });
  for (const { reason } of passedOver) {
    console.error(`warning: passed over a damaged checkpoint: ${reason}`);
  }
  console.log(`${backbone} after ${step} steps: ${file}`);
}

if (import.meta.main) await runTask(main);
