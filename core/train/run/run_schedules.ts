/**
 * What each scalar of a run is at each step, as its configuration says.
 *
 * @module
 */
import {
  adamW,
  ENCODER_MOMENTUM,
  EPOCH,
  lars,
  type Optimizer,
  type RunLength,
  type ScalarSchedule,
  scalarSchedule,
  scaledLearningRate,
  schedule,
  type ScheduleDescription,
  scheduledName,
  sgd,
  STEP,
} from "../../engine/optim/mod.ts";
import { inContext } from "../../errors/mod.ts";
import type { Configuration } from "../../method/configuration.ts";

/** The optimizer that a configuration asks for. */
export function optimizerOf(configuration: Configuration): Optimizer {
  const { optimizer, momentum, nesterov, larsVariant, eta, beta1, beta2, epsilon } = configuration;
  switch (optimizer) {
    case "sgd":
      return sgd({ momentum, nesterov });
    case "lars":
      return lars({ variant: larsVariant, momentum, eta, epsilon });
    case "adamw":
      return adamW({ beta1, beta2, epsilon });
  }
}

/** The learning rate's course, from its value at the batch size on. */
function learningRateSchedule(configuration: Configuration, value: number): ScheduleDescription {
  const { schedule: kind, schedulePer: per, batchSize, baseBatchSize, milestones } = configuration;
  const { warmupEpochs: epochs, warmupStartFactor: startFactor, warmupPer } = configuration;
  const warmup = epochs > 0 ? { warmup: { epochs, startFactor, per: warmupPer } } : {};
  const base = { value, ...warmup };
  if (kind === "constant") return { kind, ...base };
  if (kind === "step") return { kind, ...base, milestones };
  // What it ends with is a share of what it begins with, at any batch size.
  const end = scaledLearningRate(configuration.minimumLearningRate, batchSize, baseBatchSize);
  return { kind, ...base, end, per };
}

/** A schedule whose errors name the option. */
function namedSchedule(
  option: string,
  given: ScalarSchedule,
  length: RunLength,
): (step: number) => number {
  try {
    return scalarSchedule(given, length);
  } catch (error) {
    throw inContext(`use ${option}`, error);
  }
}

/**
 * The scalars that step `step` (0-based) of a run is fed, by name, after `skipped` steps (default 0) that changed nothing,
 * which the optimizer does not count: `learning_rate`, `fixed_learning_rate`,
 * `weight_decay`, the optimizer's own, `average_rate`, `scheduled.NAME`, and what the run has behind it: `step`, the steps
 * taken, and `epoch`, the epochs begun before this one.
 *
 * The momentum encoder takes the momentum of the next step: it is averaged with the new weights at the end of a step,
 * which is the same as averaging with the old ones at the start of the next (spec: EMA inside the forward pass).
 */
export function runSchedules(
  configuration: Configuration,
  length: RunLength,
): (step: number, skipped?: number) => Readonly<Record<string, number>> {
  const { batchSize, baseBatchSize, weightDecay: decay } = configuration;
  const optimizer = optimizerOf(configuration);
  const base = scaledLearningRate(configuration.learningRate, batchSize, baseBatchSize);
  const learningRate = schedule(learningRateSchedule(configuration, base), length);
  const weightDecay = namedSchedule(
    "--weight-decay",
    typeof decay === "number" ? { from: decay } : decay,
    length,
  );
  const scheduled = Object.entries(configuration.scheduled).map(([name, given]) =>
    [name, namedSchedule(`--scheduled "${name}"`, given, length)] as const
  );
  const momentum = scheduled.find(([name]) => name === ENCODER_MOMENTUM)?.[1];
  return (step, skipped = 0) => ({
    learning_rate: learningRate(step),
    fixed_learning_rate: base,
    weight_decay: weightDecay(step),
    ...optimizer.stepScalars(step - skipped),
    ...(momentum && { average_rate: 1 - momentum(step + 1) }),
    ...Object.fromEntries(scheduled.map(([name, at]) => [scheduledName(name), at(step)])),
    [STEP]: step,
    [EPOCH]: Math.floor(step / length.stepsPerEpoch),
  });
}
