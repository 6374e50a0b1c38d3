/**
 * `deno task bench NAME`: runs one of the benchmarks in this folder.
 *
 * @module
 */
import { nearestName } from "../core/schema/nearest_name.ts";

const BENCHMARKS: Readonly<Record<string, string>> = {
  accumulation: "a training step by micro-batches against one of the whole batch",
  clip: "features of CLIP's image towers against open_clip's",
  component: "the principal component of more tokens than memory holds",
  cost: "what a training step costs on GPUs, from its graphs alone, beside PyTorch's operators",
  conv: "formulations of convolutions and their gradients against each other",
  distributed: "steps on several processes beside torch.distributed's, and a model of clusters",
  generator: "a training step of a generator's networks, and variations by it, against diffusers'",
  geometry: "crops cut as Pillow does it against sharp's",
  losses: "what each of several processes computes of a loss that compares a whole batch",
  memory: "the peak memory that a dry run estimates against that of real runs",
  methods: "every method on emoji at one budget beside lightly's",
  pairs: "ordinary, ideal and generated pairs at one budget, and what generated ones depend on",
  start: "a session's start to its first step against PyTorch's",
  studio:
    "the studio's calls on a million steps and on 500 runs, and under requests that are nearly right",
  train: "a training step against PyTorch's, or of each method against lightly's",
  unclip: "denoising by Stable unCLIP's UNet against diffusers'",
  views: "two SimSiam views against torchvision's on Pillow",
};

const [name, ...args] = Deno.args;
if (name === undefined || name === "--help") {
  console.log("Usage: deno task bench NAME [options]\n");
  for (const [known, what] of Object.entries(BENCHMARKS)) console.log(`  ${known}: ${what}`);
  console.log(
    "\nExamples:\n  deno task bench train --help\n  deno task bench views --python python3",
  );
} else if (!Object.hasOwn(BENCHMARKS, name)) {
  const nearest = nearestName(name, Object.keys(BENCHMARKS));
  console.error(`error: Cannot run benchmark "${name}": the nearest is "${nearest}"`);
  Deno.exitCode = 1;
} else {
  // Each benchmark is a program of its own, which looks at its own arguments.
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-read",
      "--allow-write",
      "--allow-ffi",
      "--allow-env",
      "--allow-sys",
      "--allow-run",
      new URL(`./${name}.ts`, import.meta.url).pathname,
      ...args,
    ],
  }).spawn().status;
  Deno.exitCode = code;
}
