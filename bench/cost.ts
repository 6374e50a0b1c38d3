/**
 * `deno task bench cost`: what a training step costs on GPUs, from its graphs alone, beside PyTorch's operators.
 *
 * Nothing runs. A step's time is estimated node by node: as long as its products take at the peak rate, as its bytes at
 * the peak bandwidth, or as the host needs to launch it, whichever is longest.
 *
 * @module
 */
import { backbone as backboneOf } from "../core/backbones/registry.ts";
import { ACCELERATORS, kernelSeconds, type NamedCost } from "../core/engine/ort/mod.ts";
import { withTarget } from "../core/engine/graph/target.ts";
import { checkMethod } from "../core/method/load.ts";
import { compileMethodStep } from "../core/train/compile/compile_method.ts";
import { stepCosts } from "../core/train/cost/step_cost.ts";
import { stepMemory } from "../core/train/memory/step_memory.ts";
import { buildMethodGraph } from "../core/train/step/method_graph.ts";
import { bundledMethods } from "../plugins/mod.ts";
import { type Command, parse, runTask } from "../tasks/cli/command_line.ts";
import { countLaunches } from "./cost/count_launches.ts";
import { drawCosts } from "./cost/picture.ts";
import { pytorchCosts } from "./cost/pytorch.ts";
import { requestOf } from "./cost/request.ts";
import { type Estimated, totalOf, writeTables } from "./cost/table.ts";

const COMMAND: Command = {
  name: "bench cost",
  summary: "Estimates what training steps cost on GPUs, beside PyTorch's operators.",
  examples: [{
    command: "deno task bench cost",
    does: "every preset of every method, on every GPU that is known",
  }, {
    command: "deno task bench cost --method simsiam --preset imagenet --nodes",
    does: "one preset, with the layers and operators that make the difference",
  }],
  options: {
    type: "object",
    properties: {
      method: {
        type: "string",
        enum: ["", ...Object.keys(bundledMethods)],
        default: "",
        description: "one method instead of all",
      },
      preset: { type: "string", default: "", description: "one preset instead of all" },
      backbone: { type: "string", default: "", description: "another backbone than the preset's" },
      batch: {
        type: "integer",
        minimum: 2,
        default: 256,
        description: "most samples on a GPU; a larger batch of a preset is cut to it",
      },
      target: {
        type: "string",
        enum: ["cuda", "cpu", "webgpu"],
        default: "cuda",
        description: "provider that graphs are built for",
      },
      precision: {
        type: "string",
        enum: ["float32", "float16"],
        default: "float32",
        description: "float32, whose products are in TF32, or float16 as under AMP",
      },
      nodes: {
        type: "boolean",
        default: false,
        description: "print the layers and operators that make the difference",
      },
      standIn: {
        type: "string",
        default: "",
        description:
          "folder that support/cuda_stand_in/build.ts built to, on which launches are counted",
      },
      picture: { type: "string", default: "", description: "SVG to draw the times to" },
    },
  },
};

interface Options {
  readonly method: string;
  readonly preset: string;
  readonly backbone: string;
  readonly batch: number;
  readonly target: "cuda" | "cpu" | "webgpu";
  readonly precision: "float32" | "float16";
  readonly nodes: boolean;
  readonly standIn: string;
  readonly picture: string;
}

/** Both sides of a preset. */
async function estimate(name: string, preset: string, options: Options): Promise<Estimated> {
  const { default: candidate } = await import(new URL("./mod.ts", bundledMethods[name]!).href);
  const method = checkMethod(candidate, name);
  const run = { ...options, method: name, preset };
  const request = requestOf(method, run);
  const { viewSizes, tuning, configuration } = request;
  const { batchSize, imageSize, optimizer, stem, zeroInitResidual } = configuration;
  const step = compileMethodStep(method, request);
  const backbone = backboneOf(configuration.backbone, { stem, zeroInitResidual, imageSize });
  const graph = withTarget(
    tuning,
    () =>
      buildMethodGraph(method, { backbone, viewSizes, batchSize, options: configuration.options }),
  );
  return {
    name: `${name} ${preset}`,
    backbone: configuration.backbone,
    batchSize,
    memory: stepMemory(step),
    rate: options.precision === "float16" ? "float16" : "tf32",
    ours: stepCosts(step),
    peers: {
      tf32: pytorchCosts(graph, { optimizer, mixedPrecision: false }),
      float16: pytorchCosts(graph, { optimizer, mixedPrecision: true }),
    },
    ...(options.standIn !== "" && { counted: await countLaunches(options.standIn, run) }),
  };
}

function presetsOf(name: string, { preset }: Options, presets: readonly string[]): string[] {
  return presets.filter((known) => preset === "" ? known !== "demo" : known === preset)
    .map((known) => `${name} ${known}`);
}

async function main(args: readonly string[]): Promise<void> {
  const parsed = parse(COMMAND, args, console.log);
  if (parsed === undefined) return;
  const options = parsed.values as unknown as Options;
  const found: Estimated[] = [];
  for (const [name, address] of Object.entries(bundledMethods)) {
    if (options.method !== "" && options.method !== name) continue;
    const { presets } = JSON.parse(await Deno.readTextFile(address));
    for (const chosen of presetsOf(name, options, Object.keys(presets))) {
      const estimated = await estimate(name, chosen.slice(name.length + 1), options);
      found.push(estimated);
      console.log(writeTables(estimated, options.nodes));
    }
  }
  if (options.picture !== "") {
    const seconds = (costs: readonly NamedCost[], precision: "tf32" | "float16") =>
      totalOf(costs, (cost) => kernelSeconds(cost, ACCELERATORS.h100, precision));
    const svg = await drawCosts(found.map(({ name, rate, ours, peers }) => ({
      name,
      seconds: [
        seconds(ours, rate),
        seconds(peers.tf32, "tf32"),
        seconds(peers.float16, "float16"),
      ],
    })));
    await Deno.writeTextFile(options.picture, svg);
  }
}

if (import.meta.main) await runTask(main);
