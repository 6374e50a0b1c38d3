/**
 * Options of every task that generates by Stable unCLIP.
 *
 * @module
 */
import { GenviewTypeError } from "../../core/errors/mod.ts";
import { asPublished, type Sampling } from "../../core/unclip/find_generator.ts";
import { providerOption, type ProviderOptionSchema } from "../../core/schema/provider_option.ts";

/** The sentence that GenView's program hands on as the prompt. */
const GENVIEW_PROMPT = "Your custom text prompt here";

/** What `--batch-size` of generation says, and what is taken where it is left out. */
export const GENERATION_BATCH_SIZE: string =
  "variations that are denoised together at most (when left out 12; on the CPU 32 by a UNet of at most 64 MiB, 1 by " +
  "a larger one, which gains nothing by more)";

/** What is taken where steps, scale and scheduler of generation are left out. */
export const STEPS_LEFT_OUT = "12 for a UNet of at most 64 MiB, 20 for a larger one";
export const SCALE_LEFT_OUT = "3 for a UNet of at most 64 MiB, 10 for a larger one";
export const SCHEDULER_LEFT_OUT =
  "dpm-solver++ for a UNet of at most 64 MiB, the model's own for a larger one";

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
    description: `steps of the scheduler (when left out ${STEPS_LEFT_OUT})` as string,
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
    description:
      `classifier-free guidance scale where a list has none (when left out ${SCALE_LEFT_OUT}); 1 is no guidance` as string,
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
      `genview takes the placeholder of GenView's program as the prompt, "${GENVIEW_PROMPT}", and its sampling where that is left out: the model's own scheduler, 20 steps, scale 10` as string,
  },
  scheduler: {
    group: "Generation",
    type: "string",
    enum: ["model", "pndm", "ddim", "dpm-solver++"],
    description:
      `scheduler (when left out ${SCHEDULER_LEFT_OUT}); model is the model's own, PNDM for Stable unCLIP 2.1` as string,
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

/** What `--compat` decides of a generation. */
interface CompatibleValues extends Partial<Sampling> {
  readonly compat: "none" | "genview";
  readonly prompt: string;
}

/**
 * The prompt of a generation, and with `--compat genview` how it is sampled.
 *
 * @throws {TypeError} if `--prompt` and `--compat` both name a prompt
 */
export function compatibleGeneration(
  values: CompatibleValues,
): { readonly prompt: string } & Partial<Sampling> {
  const prompt = promptOf(values);
  return values.compat === "genview" ? { ...asPublished(values), prompt } : { prompt };
}
