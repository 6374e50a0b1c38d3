import { assertEquals, assertThrows } from "@std/assert";
import { ConfigFile } from "../../../core/weights/config_file.ts";
import { parseScheduler } from "../../../core/unclip/scheduler_config.ts";
import type { SchedulerName } from "../../../core/unclip/schedulers/mod.ts";

const PUBLISHED = {
  _class_name: "PNDMScheduler",
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  clip_sample: false,
  num_train_timesteps: 1000,
  prediction_type: "v_prediction",
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
  trained_betas: null,
};

Deno.test("parseScheduler() lets another scheduler go on with the file", () => {
  const file = new ConfigFile("scheduler_config.json", PUBLISHED);
  const { name, config } = parseScheduler(file, "dpm-solver++");
  assertEquals([name, config.timestepSpacing, config.stepsOffset], ["dpm-solver++", "linspace", 1]);
  assertEquals(parseScheduler(file).config.timestepSpacing, "leading");
});

Deno.test("parseScheduler() refuses what would be computed otherwise", () => {
  const parse = (entries: object, use?: SchedulerName) =>
    parseScheduler(new ConfigFile("scheduler_config.json", { ...PUBLISHED, ...entries }), use);
  assertThrows(
    () => parse({ lambda_min_clipped: -5.1 }, "dpm-solver++"),
    TypeError,
    'Cannot use scheduler_config.json: "lambda_min_clipped" must be -Infinity or left out, found -5.1',
  );
  assertThrows(() => parse({ prediction_type: "sample" }), TypeError, "one of epsilon");
  assertThrows(
    () => parse({ solver_order: 3 }, "dpm-solver++"),
    TypeError,
    '"solver_order" must be 2 or left out, found 3',
  );
});
