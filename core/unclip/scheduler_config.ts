/**
 * Schedulers' configurations, as published in `scheduler_config.json`.
 *
 * @module
 */
import { ConfigFile } from "../weights/config_file.ts";
import type { BetaSchedule, NoiseScheduleConfig } from "./noise_schedule.ts";
import type { SchedulerConfig, SchedulerName } from "./schedulers/mod.ts";

/** A scheduler that a folder names, and its configuration. */
export interface PublishedScheduler {
  readonly name: SchedulerName;
  readonly config: SchedulerConfig;
}

/** Diffusers' classes. */
const CLASSES = {
  PNDMScheduler: "pndm",
  DDIMScheduler: "ddim",
  DPMSolverMultistepScheduler: "dpm-solver++",
} as const;

/** What each does where the file says nothing. */
const DEFAULTS = {
  "pndm": { setAlphaToOne: false, timestepSpacing: "leading" },
  "ddim": { setAlphaToOne: true, timestepSpacing: "leading" },
  "dpm-solver++": { setAlphaToOne: false, timestepSpacing: "linspace" },
} as const;

const BETA_SCHEDULES: readonly BetaSchedule[] = ["linear", "scaled_linear", "squaredcos_cap_v2"];

function readNoiseConfig(file: ConfigFile): NoiseScheduleConfig {
  file.requireDefault("trained_betas", null);
  file.requireDefault("rescale_betas_zero_snr", false);
  return {
    trainTimesteps: file.integer("num_train_timesteps", 1000),
    betaSchedule: file.oneOf("beta_schedule", BETA_SCHEDULES, "linear"),
    betaStart: file.number("beta_start", 0.0001),
    betaEnd: file.number("beta_end", 0.02),
  };
}

/**
 * Reads the diffusion by which the image's embedding is noised.
 *
 * @throws {TypeError} if the file asks for what is not supported
 */
export function parseNoiseSchedule(file: ConfigFile): NoiseScheduleConfig {
  return readNoiseConfig(file);
}

/**
 * Reads a scheduler's configuration. Another scheduler can go on with it, as by diffusers' `from_config`: what the file
 * does not say is as that one has it.
 *
 * @param use the scheduler that will go on with it (default: the one that the file names)
 * @throws {TypeError} if the file asks for what is not supported
 */
export function parseScheduler(file: ConfigFile, use?: SchedulerName): PublishedScheduler {
  const own = CLASSES[file.oneOf("_class_name", Object.keys(CLASSES) as (keyof typeof CLASSES)[])];
  const name = use ?? own;
  const defaults = DEFAULTS[name];
  if (name === "pndm" && own === "pndm") file.require("skip_prk_steps", true);
  if (name === "dpm-solver++") {
    file.requireDefault("solver_order", 2);
    file.requireDefault("solver_type", "midpoint");
    file.requireDefault("algorithm_type", "dpmsolver++");
    for (const sigmas of ["karras_sigmas", "exponential_sigmas", "beta_sigmas", "lu_lambdas"]) {
      file.requireDefault(`use_${sigmas}`, false);
    }
    file.requireDefault("euler_at_final", false);
  }
  if (name !== "pndm") file.requireDefault("thresholding", false);
  // Only DDIM clips, and does so unless told.
  if (name === "ddim") file.require("clip_sample", false);
  const config: SchedulerConfig = {
    ...readNoiseConfig(file),
    predictionType: file.oneOf("prediction_type", ["epsilon", "v_prediction"], "epsilon"),
    timestepSpacing: file.oneOf(
      "timestep_spacing",
      ["leading", "linspace", "trailing"],
      defaults.timestepSpacing,
    ),
    stepsOffset: file.integer("steps_offset", 0),
    setAlphaToOne: file.boolean("set_alpha_to_one", defaults.setAlphaToOne),
    finalSigmas: file.oneOf("final_sigmas_type", ["zero", "sigma_min"], "zero"),
    lowerOrderFinal: file.boolean("lower_order_final", true),
  };
  return { name, config };
}
