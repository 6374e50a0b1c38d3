/**
 * Options of every task that generates by Stable unCLIP.
 *
 * @module
 */
import { GenviewTypeError } from "../../core/errors/mod.ts";
import { providerOption, type ProviderOptionSchema } from "../../core/schema/provider_option.ts";

/** The sentence that GenView's program hands on as the prompt. */
const GENVIEW_PROMPT = "Your custom text prompt here";

/** What `--batch-size` of generation says, and what is taken where it is left out. */
export const GENERATION_BATCH_SIZE: string =
  "variations that are denoised together at most (when left out 12; on the CPU 32 by a UNet of at most 64 MiB, 1 by " +
  "a larger one, which gains nothing by more)";

/** The model, and how it generates. */
export const UNCLIP_OPTIONS = {
  model: {
    group: "Generation",
    type: "string",
    default: "stable-unclip-2-1",
    description: 'folder in diffusers\' layout, or a name that "deno task weights" knows',
  },
  numInferenceSteps: {
    group: "Generation",
    type: "integer",
    minimum: 1,
    maximum: 1000,
    default: 20,
    description: "steps of the scheduler",
  },
  batchSize: {
    group: "Generation",
    type: "integer",
    minimum: 1,
    description: GENERATION_BATCH_SIZE as string,
  },
  scale: {
    group: "Generation",
    type: "number",
    minimum: 1,
    default: 10,
    description: "classifier-free guidance scale where a list has none; 1 is no guidance",
  },
  prompt: {
    group: "Generation",
    type: "string",
    default: "",
    description: "the prompt where a list has none",
  },
  negativePrompt: {
    group: "Generation",
    type: "string",
    default: "",
    description: "the negative prompt where a list has none",
  },
  compat: {
    group: "Generation",
    type: "string",
    enum: ["none", "genview"],
    default: "none",
    description:
      'genview takes GenView\'s placeholder as the prompt, "Your custom text prompt here"',
  },
  scheduler: {
    group: "Generation",
    type: "string",
    enum: ["model", "pndm", "ddim", "dpm-solver++"],
    default: "model",
    description: "scheduler; model is the model's own, PNDM for Stable unCLIP 2.1",
  },
  precision: {
    group: "Generation",
    type: "string",
    enum: ["auto", "float32", "float16"],
    default: "auto",
    description: "type that is computed in; auto is float16 on CUDA and float32 elsewhere",
  },
  device: {
    group: "Generation",
    type: "string",
    default: "auto",
    description: "auto, cpu, cuda, cuda:N or webgpu",
  },
  providerOption: { ...providerOption, group: "Generation" } as ProviderOptionSchema & {
    readonly group: string;
  },
  threads: {
    group: "Generation",
    type: "integer",
    minimum: 0,
    maximum: 1024,
    default: 0,
    description: "threads on the CPU (0: all cores)",
  },
} as const;

/**
 * The prompt of `--prompt` and `--compat`.
 *
 * @throws {TypeError} if both name one
 */
export function promptOf(
  { compat, prompt }: { readonly compat: "none" | "genview"; readonly prompt: string },
): string {
  if (compat === "none") return prompt;
  if (prompt === "") return GENVIEW_PROMPT;
  throw new GenviewTypeError(
    `Cannot take "${prompt}" as the prompt: --compat genview has a prompt of its own, so --prompt must be left out`,
  );
}
