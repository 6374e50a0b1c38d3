/**
 * What each scalar of a run is at each step, as its configuration says.
 *
 * @module
 */
import {
  adamW,
  ENCODER_MOMENTUM,
  lars,
  type Optimizer,
  type RunLength,
  scaledLearningRate,
  schedule,
  type ScheduleDescription,
  scheduledName,
  sgd,
} from "../../engine/optim/mod.ts";
import type { Configuration } from "../../method/configuration.ts";

/** The optimizer that a configuration asks for. */
export function optimizerOf({ optimizer, momentum, nesterov }: Configuration): Optimizer {
  if (optimizer === "sgd") return sgd({ momentum, nesterov });
  return optimizer === "lars" ? lars({ momentum }) : adamW();
}

/** The learning rate's course; `learningRate` is the scaled one. */
function learningRateSchedule(
  configuration: Configuration,
  learningRate: number,
): ScheduleDescription {
  const { schedule: kind, schedulePer: per, warmupEpochs, minimumLearningRate, milestones } =
    configuration;
  const warmup = warmupEpochs > 0 ? { warmup: { epochs: warmupEpochs } } : {};
  const base = { value: learningRate, ...warmup };
  if (kind === "constant") return { kind, ...base };
  if (kind === "step") return { kind, ...base, milestones };
  return { kind, ...base, end: minimumLearningRate, per };
}

/**
 * The scalars that step `step` (0-based) of a run is fed, by name: `learning_rate`, `fixed_learning_rate`,
 * `weight_decay`, the optimizer's own, `average_rate` and `scheduled.NAME`.
 *
 * The momentum encoder takes the momentum of the next step: it is averaged with the new weights at the end of a step,
 * which is the same as averaging with the old ones at the start of the next (spec: EMA inside the forward pass).
 */
export function runSchedules(
  configuration: Configuration,
  length: RunLength,
): (step: number) => Readonly<Record<string, number>> {
  const { batchSize, baseBatchSize, weightDecay } = configuration;
  const optimizer = optimizerOf(configuration);
  const base = scaledLearningRate(configuration.learningRate, batchSize, baseBatchSize);
  const learningRate = schedule(learningRateSchedule(configuration, base), length);
  const scheduled = Object.entries(configuration.scheduled).map(([name, { from, to }]) => {
    const description: ScheduleDescription = to === undefined
      ? { kind: "constant", value: from }
      : { kind: "cosine", value: from, end: to };
    return [name, schedule(description, length)] as const;
  });
  const momentum = scheduled.find(([name]) => name === ENCODER_MOMENTUM)?.[1];
  return (step) => ({
    learning_rate: learningRate(step),
    fixed_learning_rate: base,
    weight_decay: weightDecay,
    ...optimizer.stepScalars(step),
    ...(momentum && { average_rate: 1 - momentum(step + 1) }),
    ...Object.fromEntries(scheduled.map(([name, at]) => [scheduledName(name), at(step)])),
  });
}
