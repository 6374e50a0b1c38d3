/**
 * What the numbers of a run mean: a sentence on what each is, one on what is healthy, and what to do if it is not.
 *
 * @module
 */
import { COLLAPSE_REMEDIES, COLLAPSED_SHARE, NOT_FINITE_REMEDIES } from "../../train/mod.ts";
import { labelOf } from "../api/metric_labels.ts";
import type { Explanation } from "../api/runs.ts";
import { type Expectations, HEALTHY_SHARE } from "./expectations.ts";

/** What a number is judged by. */
export interface Judged extends Expectations {
  /** The mean of its last values, one of which may not be finite. */
  readonly value: number;
  /** Its first value; NaN if it has none. */
  readonly first: number;
  /** Share of the run's steps that were taken, in [0, 1]; undefined where the steps in all are not known. */
  readonly progress: number | undefined;
  /** The last values of the run's other numbers, by name. */
  readonly others: Readonly<Record<string, number>>;
}

/** How a number stands. */
type Judgement = Pick<Explanation, "healthy" | "verdict" | "advice">;

/** A number that is explained. */
interface ExplainedNumber {
  readonly what: string;
  readonly judge: (judged: Judged) => Judgement;
}

/** A number in three digits. */
function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const good = (healthy: string): Judgement => ({ healthy, verdict: "good", advice: "" });
const unknown = (healthy: string): Judgement => ({ healthy, verdict: "unknown", advice: "" });

/** Share of a run's steps before which its loss may still be that of random weights. */
const BEGINNING = 0.1;

function judgeLoss({ value, lossRange, progress }: Judged): Judgement {
  if (!Number.isFinite(value)) {
    return {
      healthy: "It must be a finite number.",
      verdict: "bad",
      advice:
        `Usual remedies: ${NOT_FINITE_REMEDIES}; they may change when the run is resumed from its last checkpoint.`,
    };
  }
  if (lossRange === undefined) {
    return unknown("It should fall; what it falls to is not known of this run in advance.");
  }
  const { random, healthy: [low, high], collapsed, note } = lossRange;
  const [first, last] = [random, [low, high]].map((ends) => ends.map(short).join(" to "));
  const healthy =
    `At random weights it is ${first}, in a healthy run it ends at ${last}, and after collapse it is ${
      short(collapsed)
    }. ${note}`;
  if (value >= low && value <= high) return good(healthy);
  const toHealthy = Math.min(Math.abs(value - low), Math.abs(value - high));
  if (Math.abs(value - collapsed) < toHealthy) {
    return {
      healthy,
      verdict: "watch",
      advice: `It is nearer to ${
        short(collapsed)
      }, where this method has collapsed: look at the spread. Usual remedies of a collapse: ${COLLAPSE_REMEDIES}.`,
    };
  }
  if (progress !== undefined && progress < BEGINNING) return good(healthy);
  return {
    healthy,
    verdict: "watch",
    advice: value > high
      ? "It is above where a healthy run ends: give it more epochs, or look whether the learning rate is too low or too high."
      : "It is below where a healthy run ends: look whether the views are too alike to teach anything.",
  };
}

/** Of the loss of a generator's stage: a network that predicts nothing is no collapse, but where training begins. */
function judgeStageLoss(judged: Judged): Judgement {
  const { value, lossRange, progress } = judged;
  if (!Number.isFinite(value) || lossRange === undefined) return judgeLoss(judged);
  const { healthy: [, high], note } = lossRange;
  const healthy = `Of a trained network it is below ${short(high)}. ${note}`;
  if (value <= high || (progress ?? 0) < BEGINNING) return good(healthy);
  return {
    healthy,
    verdict: "watch",
    advice:
      "It is above where a healthy run ends: give it more steps, or look whether the learning rate is too low or too high.",
  };
}

function judgeSpread({ value, uniformSpread }: Judged): Judgement {
  if (uniformSpread === undefined) {
    return unknown(
      "It is near one over the root of the embedding's width in a healthy run, and 0 after collapse.",
    );
  }
  const healthy = `It is about ${
    short(uniformSpread)
  } in a healthy run, as of embeddings that are uniform on the sphere, and 0 after collapse.`;
  if (value >= HEALTHY_SHARE * uniformSpread) return good(healthy);
  const hasCollapsed = value < COLLAPSED_SHARE * uniformSpread;
  return {
    healthy,
    verdict: hasCollapsed ? "bad" : "watch",
    advice: `${
      hasCollapsed
        ? "The network maps all images to the same point: it has collapsed."
        : `It is ${
          percent(value / uniformSpread)
        } of that: the embeddings use few of their directions.`
    } Usual remedies: ${COLLAPSE_REMEDIES}.`,
  };
}

function judgeGradient({ value }: Judged): Judgement {
  const healthy = "It is finite, and its spikes are rare and fade.";
  if (Number.isFinite(value)) return good(healthy);
  return { healthy, verdict: "bad", advice: `Usual remedies: ${NOT_FINITE_REMEDIES}.` };
}

/** Share of an epoch's time from which on waiting for images is worth a change. */
const LONG_WAIT = 0.1;

function judgeWait({ value }: Judged): Judgement {
  const healthy = `Below ${percent(LONG_WAIT)} the device is busy.`;
  if (value < LONG_WAIT) return good(healthy);
  return {
    healthy,
    verdict: value < 0.5 ? "watch" : "bad",
    advice:
      "Images come too slowly: raise --loaders, put the data on a faster disk, or store smaller images.",
  };
}

/** Of accuracies: better than the untrained network is good; not so after a while is not. */
function judgeAccuracy({ value, first, progress }: Judged): Judgement {
  if (!Number.isFinite(first)) {
    return unknown("Higher is better; compare it with the chance level of the data.");
  }
  const healthy = `Higher is better; the untrained network had ${percent(first)}.`;
  if (value > first || (progress ?? 0) < BEGINNING) return good(healthy);
  return {
    healthy,
    verdict: "watch",
    advice:
      "The network is no better than before training: look at the loss and the spread, and at the views that it sees.",
  };
}

function judgeSkippedSteps({ value, others }: Judged): Judgement {
  const healthy = "A few at the beginning are how the scale of the loss is found.";
  if (value === 0 || (others["lossScale"] ?? Infinity) >= 1) return good(healthy);
  return {
    healthy,
    verdict: "watch",
    advice: "Steps go on to overflow: --precision float32 overflows later.",
  };
}

function judgeUnreadable({ value }: Judged): Judgement {
  const healthy = "None; each time another image came in the place of one that could not be read.";
  if (value === 0) return good(healthy);
  return {
    healthy,
    verdict: "watch",
    advice: "The messages name the files; mend or remove them, or train with --strict.",
  };
}

const finite = (healthy: string) => ({ value }: Judged): Judgement =>
  Number.isFinite(value) ? good(healthy) : {
    healthy,
    verdict: "bad",
    advice: `Usual remedies: ${NOT_FINITE_REMEDIES}.`,
  };

const told = (healthy: string) => (): Judgement => unknown(healthy);

/** All numbers that are explained, by their names in the logs; `METRIC_LABELS` has what people call each. */
export const NUMBERS: Readonly<Record<string, ExplainedNumber>> = {
  loss: {
    what: "What training minimises, of each step.",
    judge: judgeLoss,
  },
  spread: {
    what:
      "Standard deviation of the normalised embedding over the batch, mean over its coordinates: the measure of collapse of Chen & He 2021.",
    judge: judgeSpread,
  },
  gradientNorm: {
    what: "Length of the gradient of all parameters together, before it is clipped.",
    judge: judgeGradient,
  },
  learningRate: {
    what: "How far a step follows its gradient, by the schedule and the batch size.",
    judge: told(
      "It rises in the warm-up and falls to the end, as the schedule says; no value of it is healthy by itself.",
    ),
  },
  seconds: {
    what: "Seconds that a step takes, without the wait for its images.",
    judge: told("It stays the same over the run; the first steps may take longer."),
  },
  imagesPerSecond: {
    what:
      "Images of a batch by the seconds of a step, without the wait; an image counts once, however many views it gives.",
    judge: told("It stays the same over the run; other programs on the same device lower it."),
  },
  waitSeconds: {
    what: "Seconds of an epoch in which the step waited for its images.",
    judge: told("It is a small part of the epoch's seconds."),
  },
  waitShare: {
    what: "Share of an epoch's time in which the step waited for its images.",
    judge: judgeWait,
  },
  memoryMegabytes: {
    what:
      "Memory of the process at the end of an epoch, its part of the CPU's alone; a device's own is not in it.",
    judge: told(
      "It stays the same after the first epochs; where it grows from epoch to epoch, the run will end for want of it.",
    ),
  },
  communicationSeconds: {
    what: "Seconds of a step in which the process spoke with others or waited for them.",
    judge: told("It is a small part of the step's seconds."),
  },
  communicationShare: {
    what: "Share of a step in which the process spoke with others or waited for them.",
    judge: told("It falls with a larger batch and a faster network between the machines."),
  },
  lossScale: {
    what:
      "What the loss is multiplied by, so that small gradients are not lost in 16 bits; it falls when a step overflows, and rises after many that do not.",
    judge: finite("It finds its level within the first hundreds of steps."),
  },
  skippedSteps: {
    what: "Steps whose gradient overflowed, so that the parameters did not follow.",
    judge: judgeSkippedSteps,
  },
  skipped: {
    what: "Images of an epoch that could not be read.",
    judge: judgeUnreadable,
  },
  knnTop1: {
    what:
      "Share of held-out images whose class is that of most of their nearest neighbours, by the backbone's features.",
    judge: judgeAccuracy,
  },
  recallAt1: {
    what: "Share of images whose counterpart is their nearest neighbour.",
    judge: judgeAccuracy,
  },
  generatedViews: {
    what:
      "Share of the second views that were cut from a generated variation rather than from the image itself.",
    judge: told(
      "It is the share of images that have variations, by the probability that they are taken.",
    ),
  },
  foregroundSimilarity: {
    what:
      "Cosine similarity of what is foreground in the two views of a pair, mean over the batch.",
    judge: told(
      "Higher than that of backgrounds: then the pairs show the same things before different grounds.",
    ),
  },
  backgroundSimilarity: {
    what:
      "Cosine similarity of what is background in the two views of a pair, mean over the batch.",
    judge: told("Lower than that of foregrounds."),
  },
  reconstruction: {
    what: "How far the autoencoder's images are from the originals.",
    judge: finite("It falls."),
  },
  divergence: {
    what: "Kullback-Leibler divergence of the autoencoder's latents from a normal distribution.",
    judge: finite("It settles: its weight is small, so that it may be large."),
  },
  unweighted: {
    what:
      "The UNet's loss with all timesteps weighed alike: how far its predictions are from what they should be, in squares.",
    judge: finite("It falls from about 1, which a network has that predicts nothing."),
  },
  contrast: {
    what: "How badly the views of an image find each other among those of others, in nats.",
    judge: finite("It falls from the logarithm of the batch size."),
  },
  peakSignalToNoise: {
    what: "Peak signal-to-noise ratio of images that went through the autoencoder.",
    judge: told("It rises; above 25 dB small images look the same to most people."),
  },
  distance: {
    what: "How far the features of generated images are from those of real ones.",
    judge: told("It falls."),
  },
  invariance: {
    what: "VICReg's term that brings the two views of an image together.",
    judge: finite("It falls, while the variance term stays low."),
  },
  variance: {
    what: "VICReg's term that keeps the embedding's coordinates from shrinking.",
    judge: finite("It stays near 0; a rise is the beginning of a collapse."),
  },
  covariance: {
    what: "VICReg's term that keeps coordinates from saying the same.",
    judge: finite("It falls slowly."),
  },
};

/** What is said of a number that only the program knows which has logged it. */
const OF_OTHERS: ExplainedNumber = {
  what: "A number that the method, or the program of the run, logs by itself.",
  judge: (judged) => {
    const healthy = "The description of the method may say what is healthy: here it is not known.";
    return Number.isFinite(judged.value) ? unknown(healthy) : finite(healthy)(judged);
  },
};

/**
 * What a number of a run means.
 *
 * @param name in the logs, behind its part's prefix
 * @param judged what is known of that part
 * @returns undefined of what only counts the others
 */
export function explain(name: string, judged: Judged): Explanation | undefined {
  const own = name.slice(name.lastIndexOf("/") + 1);
  if (own === "step" || own === "epoch") return undefined;
  const isOfStage = name.length > own.length;
  const { what, judge } = Object.hasOwn(NUMBERS, own) ? NUMBERS[own]! : OF_OTHERS;
  const judgement = isOfStage && own === "loss" ? judgeStageLoss(judged) : judge(judged);
  return { name, ...labelOf(name), what, ...judgement };
}
