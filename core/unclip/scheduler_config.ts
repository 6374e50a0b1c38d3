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
  /** Which scheduler it is. */
  readonly name: SchedulerName;
  /** Its configuration: the file's entries, and its own defaults. */
  readonly config: SchedulerConfig;
}

/** Diffusers' classes. */
const CLASSES = {
  PNDMScheduler: "pndm",
  DDIMScheduler: "ddim",
  DPMSolverMultistepScheduler: "dpm-solver++",
} as const;

/** Defaults of each, where they differ. */
const DEFAULTS = {
  "pndm": { setAlphaToOne: false, timestepSpacing: "leading" },
  "ddim": { setAlphaToOne: true, timestepSpacing: "leading" },
  "dpm-solver++": { setAlphaToOne: false, timestepSpacing: "linspace" },
} as const;

const BETA_SCHEDULES: readonly BetaSchedule[] = ["linear", "scaled_linear", "squaredcos_cap_v2"];

function readNoiseConfig(file: ConfigFile): NoiseScheduleConfig {
  file.requireDefault("trained_betas", null);
  return {
    trainTimesteps: file.integer("num_train_timesteps", 1000),
    betaSchedule: file.oneOf("beta_schedule", BETA_SCHEDULES, "linear"),
    betaStart: file.number("beta_start", 0.0001),
    betaEnd: file.number("beta_end", 0.02),
  };
}

/**
 * Reads the noise schedule of the image's embedding.
 *
 * @throws {TypeError} if the file asks for what is not supported
 */
export function parseNoiseSchedule(file: ConfigFile): NoiseScheduleConfig {
  file.requireDefault("rescale_betas_zero_snr", false);
  return readNoiseConfig(file);
}

/** Entries that each scheduler supports with these values alone; entries of other schedulers are ignored. */
const REQUIRED_DEFAULTS: Readonly<Record<SchedulerName, Readonly<Record<string, unknown>>>> = {
  "pndm": {},
  "ddim": { thresholding: false, rescale_betas_zero_snr: false },
  "dpm-solver++": {
    thresholding: false,
    rescale_betas_zero_snr: false,
    solver_order: 2,
    solver_type: "midpoint",
    algorithm_type: "dpmsolver++",
    euler_at_final: false,
    use_karras_sigmas: false,
    use_exponential_sigmas: false,
    use_beta_sigmas: false,
    use_lu_lambdas: false,
    use_flow_sigmas: false,
    use_dynamic_shifting: false,
    lambda_min_clipped: -Infinity,
    variance_type: null,
  },
};

/** Bound of the sample that DDIM predicts. */
function clipRangeOf(file: ConfigFile): number {
  return file.boolean("clip_sample", true) ? file.number("clip_sample_range", 1) : Infinity;
}

/**
 * Reads a scheduler's configuration. Another scheduler can take it over, as by diffusers' `from_config`: it takes
 * the entries that it knows, whichever scheduler the file is of, and its own defaults for the rest.
 *
 * Source: diffusers, `configuration_utils.py`, `ConfigMixin.extract_init_dict`.
 *
 * @param use the scheduler that takes it over (default: the one that the file names)
 * @throws {TypeError} if the file asks for what is not supported
 */
export function parseScheduler(file: ConfigFile, use?: SchedulerName): PublishedScheduler {
  const own = CLASSES[file.oneOf("_class_name", Object.keys(CLASSES) as (keyof typeof CLASSES)[])];
  const name = use ?? own;
  const defaults = DEFAULTS[name];
  for (const [key, value] of Object.entries(REQUIRED_DEFAULTS[name])) {
    file.requireDefault(key, value);
  }
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
    rungeKuttaStart: !file.boolean("skip_prk_steps", false),
    clipRange: clipRangeOf(file),
    finalSigmas: file.oneOf("final_sigmas_type", ["zero", "sigma_min"], "zero"),
    lowerOrderFinal: file.boolean("lower_order_final", true),
  };
  return { name, config };
}
