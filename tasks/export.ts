/**
 * `deno task export`: a trained backbone for other programs.
 *
 * @module
 */
import { GenviewTypeError } from "../core/errors/mod.ts";
import { configuredBackbone } from "../core/train/run/run_plan.ts";
import { exportOnnx, exportSafetensors } from "../core/encoders/export_backbone.ts";
import { viewRecipes } from "../core/data/views/named_views.ts";
import { openRun } from "../core/train/run/open_run.ts";
import { type Command, parse, runTask } from "./cli/command_line.ts";

const COMMAND: Command = {
  name: "export",
  summary:
    "Exports a trained backbone: as an ONNX model that any runtime runs, or as safetensors in the names of " +
    "torchvision and timm. The file's ending decides.",
  positional: "RUN FILE",
  examples: [
    {
      command: "deno task export runs/demo backbone.onnx --batch-size 8",
      does: "images float32 [8,3,H,W], normalised, to features [8,width]",
    },
    {
      command: "deno task export runs/demo backbone.safetensors",
      does: "loads strictly into torchvision's network with fc replaced by Identity",
    },
  ],
  options: {
    type: "object",
    properties: {
      batchSize: {
        type: "integer",
        minimum: 1,
        default: 1,
        description: "images in a run of the ONNX model",
      },
      imageSize: {
        type: "integer",
        minimum: 0,
        default: 0,
        description: "height and width of the ONNX model's images (0: those of training)",
      },
    },
  },
};

/** Runs the task with its arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args, (text) => console.log(text));
  if (parsed === undefined) return;
  const [run, file, ...rest] = parsed.positional;
  if (run === undefined || file === undefined || rest.length > 0) {
    throw new GenviewTypeError(
      `Cannot export: RUN and FILE must be named, found ${parsed.positional.length} names`,
    );
  }
  const { checkpoint, configuration } = await openRun(run);
  const facts = {
    backbone: configuredBackbone(configuration),
    size: Number(parsed.values["imageSize"]) || configuration.imageSize,
    normalize: viewRecipes(configuration)[0]!.normalize,
  };
  if (file.endsWith(".safetensors")) await exportSafetensors(file, checkpoint.model, facts);
  else if (file.endsWith(".onnx")) {
    const batchSize = Number(parsed.values["batchSize"]);
    await exportOnnx(file, checkpoint.model, { ...facts, batchSize });
  } else {
    throw new GenviewTypeError(`Cannot export to "${file}": it must end in .onnx or .safetensors`);
  }
  console.log(`${configuration.backbone} after ${checkpoint.state.step} steps: ${file}`);
}

if (import.meta.main) await runTask(main);
