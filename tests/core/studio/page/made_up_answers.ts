/**
 * Answers of a studio that is made up, typed as the calls' own: enough of everything that the page shows.
 *
 * @module
 */
import type { FormAnswer, Job, PathAnswer } from "../../../../core/studio/api/actions.ts";
import type {
  MapAnswer,
  MasksAnswer,
  NeighboursAnswer,
  PairsAnswer,
  VariationsAnswer,
  ViewsAnswer,
} from "../../../../core/studio/api/pictures.ts";
import type {
  RunDetails,
  RunList,
  RunRow,
  SeriesAnswer,
} from "../../../../core/studio/api/runs.ts";

/** A name that would run, if a page took it for markup. */
export const HOSTILE = `<img src=x onerror="document.title='taken'">`;

/** Number of runs that the made-up studio lists. */
export const RUNS = 500;

/** Steps that the running one has taken. */
export const STEPS = 120;

const METHODS = ["simclr", "byol", "vicreg"] as const;

function between(low: number, high: number, place: number): number {
  return low + (high - low) * (0.5 + 0.5 * Math.sin(place * 12.9));
}

/** A row of the table: the first runs, the third has a hostile name. */
export function rowOf(index: number, step: number = STEPS): RunRow {
  const name = index === 0 ? "living" : index === 2 ? HOSTILE : `sweep/run-${index}`;
  return {
    run: name,
    kind: index === 4 ? "pipeline" : "pretraining",
    state: index === 0 ? "running" : index % 5 === 1 ? "failed" : "finished",
    step,
    totalSteps: 600,
    epoch: Math.floor(step / 30),
    changed: Date.UTC(2026, 0, 1) - index * 60_000,
    started: Date.UTC(2026, 0, 1) - index * 120_000,
    tags: index % 3 === 0 ? ["baseline", "<b>bold</b>"] : [],
    options: {
      method: METHODS[index % 3]!,
      batchSize: [64, 128][index % 2]!,
      "options.width": index,
    },
    metrics: { loss: between(1, 4, index), spread: 0.12, "knn top1": between(0.2, 0.8, index + 1) },
  };
}

/** `GET /api/runs`. */
export function runList(count: number = RUNS): RunList {
  return {
    root: "/data/<i>runs</i>",
    runs: Array.from({ length: count }, (_, i) => rowOf(i)),
    unreadable: [{ run: "old/<b>broken</b>", reason: "configuration.json is no JSON" }],
  };
}

/** `GET /api/run`. */
export function runDetails(run: string): RunDetails | undefined {
  const row = runList().runs.find((each) => each.run === run);
  if (row === undefined) return undefined;
  return {
    ...row,
    configuration: { method: row.options["method"], views: [{ size: 96, name: HOSTILE }], seed: 0 },
    changes: [{ epochs: 20 }],
    series: { steps: ["loss", "spread"], epochs: ["knn top1"] },
    stepsPerEpoch: 30,
    checkpoints: [30, 60].map((step) => ({
      name: `step-${step}`,
      step,
      epoch: step / 30,
      bytes: 12_000_000,
      written: row.changed,
    })),
    bands: [{ metric: "loss", random: [4, 5], healthy: [1, 3], collapsed: 5.5 }],
    explanations: [
      {
        name: "loss",
        label: "Loss",
        unit: "",
        what: "How badly views find each other.",
        healthy: "Falls from 4.8 to between 1 and 3.",
        verdict: "good",
        advice: "",
      },
      {
        name: "spread",
        label: "Spread",
        unit: "",
        what: "How far embeddings lie apart.",
        healthy: "Near 0.125.",
        verdict: "bad",
        advice: "Lower the learning rate.",
      },
      {
        name: "memory",
        label: "Memory",
        unit: "GB",
        what: "Bytes in use at the peak.",
        healthy: "Below what there is.",
        verdict: "unknown",
        advice: "",
      },
    ],
    messages: [{ kind: "warning", text: `3 images of ${HOSTILE} cannot be read` }, {
      kind: "note",
      text: "resumed at step 30",
    }],
    pictures: ["pairs/epoch-0001.png"],
    environment: { deno: "2", processor: HOSTILE },
  };
}

/** `GET /api/series`, from a step to another. */
export function seriesOf(run: string, from = 0, to: number = STEPS): SeriesAnswer {
  const steps = Array.from({ length: STEPS }, (_, i) => i + 1).filter((step) =>
    step >= from && step <= to
  );
  const curve = (name: string, valueOf: (step: number) => number) => ({
    name,
    steps,
    seconds: steps,
    values: steps.map(valueOf),
  });
  return {
    run,
    exact: true,
    steps: [
      curve("loss", (step) => 1.5 + 3 * Math.exp(-step / 40) + 0.2 * Math.sin(step * 7)),
      curve("spread", (step) => 0.12 + 0.002 * Math.sin(step)),
      curve("seconds", () => 0.4),
      curve("learningRate", (step) => 0.1 * Math.cos(step / 100)),
    ],
    epochs: [{
      name: "knn top1",
      steps: [30, 60, 90],
      seconds: [30, 60, 90],
      values: [0.2, 0.4, 0.5],
    }],
  };
}

const CLASSES = ["cats", "<i>dogs</i>", "birds"] as const;

function thumbnail(index: number) {
  return {
    key: `${CLASSES[index % 3]}/${index}.png`,
    label: CLASSES[index % 3]!,
    picture: `/api/picture?id=${index}`,
  };
}

function pictures(count: number) {
  return Array.from({ length: count }, (_, i) => thumbnail(i));
}

/** `GET /api/views`. */
export function views(): ViewsAnswer {
  const samples = pictures(4).map(({ key, picture }, i) => ({
    key,
    original: picture,
    views: [picture, picture],
    generated: i === 0,
    variations: [null, i === 0 ? picture : null],
  }));
  return { epoch: 3, samples };
}

/** `GET /api/pairs`. */
export function pairs(): PairsAnswer {
  return {
    epoch: 3,
    pairs: [2, 1, 0.4].map((weight, i) => ({
      views: [`/api/picture?id=${i}`, `/api/picture?id=${i + 9}`] as const,
      maps: ["/api/picture?id=5", "/api/picture?id=6"] as const,
      foreground: 0.9 - 0.2 * i,
      background: 0.2 + 0.2 * i,
      weight,
    })),
  };
}

/** `GET /api/neighbours`. */
export function neighbours(): NeighboursAnswer {
  const found = (step: number) =>
    pictures(6).map((_, i) => ({ ...thumbnail(i * step), similarity: 0.9 - i / 20 }));
  return { queries: [{ query: thumbnail(0), before: found(2), after: found(3) }] };
}

/** `GET /api/map`: classes come apart from one checkpoint to the next. */
export function map(): MapAnswer {
  const images = pictures(60);
  const at = (checkpoint: number) =>
    images.map((_, i): [number, number] => {
      const angle = (i % 3) * 2.1;
      const reach = 0.18 * checkpoint;
      return [
        0.5 + reach * Math.cos(angle) + 0.1 * Math.sin(i * 5),
        0.5 + reach * Math.sin(angle) + 0.1 * Math.sin(i * 3),
      ];
    });
  return {
    checkpoints: [0, 1, 2].map((epoch) => ({ name: `step-${30 * epoch}`, epoch })),
    images,
    points: [0, 1, 2].map(at),
    sheet: { picture: "/api/picture?id=sheet", tile: 32, columns: 10 },
  };
}

/** `GET /api/masks`: a disc of scores in each image, of another size in each. */
export function masks(): MasksAnswer {
  const side = 8;
  const images = pictures(6).map((image, i) => ({
    ...image,
    grid: [side, side] as const,
    scores: Array.from({ length: side * side }, (_, token) => {
      const [x, y] = [token % side - 3.5, Math.floor(token / side) - 3.5];
      return 1 - Math.hypot(x, y) / (3 + i);
    }),
  }));
  const all = images.flatMap(({ scores }) => scores);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  return {
    threshold: 0.25,
    sampled: 6,
    shares: Array.from({ length: 101 }, (_, i) => {
      const threshold = low + (high - low) * i / 100;
      return { threshold, share: all.filter((score) => score > threshold).length / all.length };
    }),
    bounds: [0.2, 0.4, 0.6, 0.8, 1],
    levels: [0, 100, 200, 300, 400],
    images,
  };
}

/** `GET /api/variations`. */
export function variations(): VariationsAnswer {
  return {
    images: pictures(2).map((original) => ({
      original,
      ratio: 0.31,
      variations: [0, 100].map((level) => ({ level, picture: original.picture })),
    })),
  };
}

/** `GET /api/form`. */
export function form(method: string | null): FormAnswer {
  return {
    task: "train",
    summary: "Pretrains a backbone without labels.",
    schema: {
      type: "object",
      required: ["data"],
      properties: {
        method: { type: "string", default: "simclr" },
        preset: { type: "string", default: "" },
        options: { type: "object", default: {} },
        data: { group: "Data", type: "string", description: "folder of images" },
        epochs: {
          group: "Length",
          type: "integer",
          minimum: 1,
          default: 200,
          description: "passes over the data",
        },
        schedule: {
          group: "Rate",
          enum: ["cosine", "step"],
          default: "cosine",
          description: "course of the rate",
        },
        mixed: { group: "Rate", type: "boolean", default: false, description: "half precision" },
        backbone: {
          group: "Network",
          type: "string",
          default: "resnet50",
          suggestions: ["resnet18", "resnet50"],
          description: "network that is trained",
        },
      },
    },
    ...method === null ? {} : {
      methodSchema: {
        type: "object",
        properties: {
          width: { type: "integer", default: 128, description: "width of the embedding" },
        },
      },
    },
    presets: [{ name: "small", summary: "Minutes on two cores.", options: { epochs: 2 } }],
    dryRun: true,
    methods: [{ name: "simclr", title: "SimCLR" }, { name: "byol", title: "BYOL" }],
  };
}

/** `GET /api/queue`. */
export function queue(): Job[] {
  const job = (id: number, state: Job["state"]): Job => ({
    id,
    task: "train",
    options: {},
    state,
    command: `deno task train --data '${HOSTILE}'`,
    device: "cpu",
    asked: Date.UTC(2026, 0, 1),
    ...state === "waiting" ? {} : { started: Date.UTC(2026, 0, 1), run: "living" },
    ...state === "failed" ? { ended: Date.UTC(2026, 0, 1) + 9000 } : {},
    output: state === "waiting" ? [] : ["epoch 1", HOSTILE],
  });
  return [job(2, "waiting"), job(1, "running"), job(0, "failed")];
}

/** `GET /api/path`. */
export function path(output: string): PathAnswer {
  const stages = [
    "features",
    "ratios",
    "levels",
    "variations",
    "pretraining",
    "evaluation",
    "report",
  ] as const;
  return {
    output,
    data: "photos",
    options: { data: "photos" },
    stages: stages.map((name, i) => ({
      name,
      state: i < 2 ? "done" : i === 2 ? "running" : i === 3 ? "changed" : "waiting",
      progress: i < 2 ? 1 : i === 2 ? 0.4 : 0,
      found: i < 2 ? `Something was found of ${HOSTILE}.` : "",
      pictures: i === 0 ? ["masks.png"] : [],
    })),
  };
}
