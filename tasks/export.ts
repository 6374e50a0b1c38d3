/**
 * `deno task export`: a trained backbone for other programs.
 *
 * @module
 */
import { counted } from "../core/schema/counted.ts";
import { exportRun } from "../core/encoders/export_run.ts";
import { GenviewTypeError } from "../core/errors/mod.ts";
import type { EncoderRole } from "../core/weights/layouts/layouts.ts";
import type { PythonLibrary } from "../core/weights/layouts/name_schemes.ts";
import { type Command, command, parse, runTask } from "./cli/command_line.ts";

const COMMAND = command({
  name: "export",
  summary:
    "Exports a trained backbone: as an ONNX model that any runtime runs, or as safetensors in the names of " +
    "torchvision, timm, mmpretrain or open_clip, into whose networks it loads strictly. The file's ending decides.",
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
    {
      command:
        "deno task export runs/moco momentum.safetensors --encoder momentum --names mmpretrain",
      does: "the moving average of the encoder, for mmpretrain",
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
      names: {
        type: "string",
        enum: ["auto", "torchvision", "timm", "mmpretrain", "open_clip"],
        default: "auto",
        description:
          "library whose names a .safetensors file gets; auto is torchvision of ResNets, open_clip of CLIP's ViTs and timm of others",
      },
      encoder: {
        type: "string",
        enum: ["online", "momentum"],
        default: "online",
        description: "encoder of the run: the one that was trained, or its moving average",
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

/** What the task takes, for programs that offer it to people, such as the studio. */
export const description: Command = COMMAND;

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
  const { batch, imageSize, names, encoder } = parsed.values;
  const { backbone, step, passedOver } = await exportRun(run, file, {
    ...(batch > 0 && { batchSize: batch }),
    ...(imageSize > 0 && { size: imageSize }),
    ...(names !== "auto" && { library: names as PythonLibrary }),
    encoder: encoder as EncoderRole,
  });
  for (const { reason } of passedOver) {
    console.error(`warning: passed over a damaged checkpoint: ${reason}`);
  }
  console.log(`${backbone} after ${counted(step, "step")}: ${file}`);
}

if (import.meta.main) await runTask(main);
