/**
 * GenView's path on one folder of images, stage by stage: the same calls as `deno task pipeline`.
 *
 * @module
 */
import { useCallback, useEffect, useState, type VNode } from "../../deps/preact.ts";
import type { Job, PathAnswer, PathStage } from "../api/actions.ts";
import type { StudioEvent } from "../api/runs.ts";
import { goTo } from "./address.ts";
import { writeAddress } from "./address_text.ts";
import type { ViewProps } from "./app.ts";
import { call, callAddress, useCall, wordsOf } from "./calls.ts";
import { formatShare } from "./format.ts";
import { html } from "./html.ts";
import { useEvents } from "./live.ts";
import { notify } from "./notices.ts";
import { OutputChoice } from "./output_choice.ts";
import { Progress, Waiting } from "./parts.ts";

/** What each stage is, in words for people. */
const STAGES: Readonly<Record<PathStage["name"], readonly [title: string, what: string]>> = {
  features: [
    "Masks",
    "A frozen network looks at every image; the first component of its tokens tells foreground from background.",
  ],
  ratios: ["Ratios", "The share of each image that is foreground."],
  levels: ["Levels", "How much noise each image bears: the more foreground, the more."],
  variations: ["Variations", "A generator makes each image anew at its level."],
  pretraining: [
    "Training",
    "A network learns from pairs of an image and its variation, weighted by their quality.",
  ],
  evaluation: ["Comparison", "Nearest neighbours and linear probes, where there are labels."],
  report: ["Report", "One page that tells of all stages."],
};

const STATES: Readonly<Record<PathStage["state"], string>> = {
  waiting: "not yet",
  running: "running",
  done: "done",
  changed: "made from what has changed since",
};

async function runUntil(
  { output, options }: Pick<PathAnswer, "output" | "options">,
  until: PathStage["name"],
): Promise<void> {
  try {
    const job = await call<Job>("POST", "/api/queue", {}, {
      task: "pipeline",
      options: { ...options, output, until },
    });
    notify(`Job ${job.id} walks the path to ${STAGES[until][0].toLowerCase()}.`);
  } catch (error) {
    notify(wordsOf(error), "failed");
  }
}

/** The job that walks this path, while it waits or runs. */
function useJob(output: string): Job | undefined {
  const { answer, again } = useCall<readonly Job[]>("/api/queue", {});
  const hear = useCallback((event: StudioEvent): void => {
    if (event.kind === "queue") again();
  }, []);
  useEvents(hear);
  return answer?.find((job) =>
    job.task === "pipeline" && job.run === output &&
    (job.state === "waiting" || job.state === "running")
  );
}

function StageItem({ stage, answer, job }: {
  readonly stage: PathStage;
  readonly answer: PathAnswer;
  readonly job: Job | undefined;
}): VNode {
  const [title, what] = STAGES[stage.name];
  const picture = (path: string): string => callAddress("/api/file", { run: answer.output, path });
  const masks = writeAddress({ view: "masks", values: { output: answer.output } });
  const run = writeAddress({ view: "run", values: { run: `${answer.output}/run` } });
  const look: Partial<Record<PathStage["name"], string>> = {
    features: masks,
    ratios: masks,
    levels: masks,
    variations: writeAddress({
      view: "masks",
      values: { output: answer.output, tab: "variations" },
    }),
    pretraining: run,
    evaluation: run,
  };
  const isDone = stage.state === "done";
  const isStopped = stage.state === "waiting" && stage.progress > 0;
  return html`
    <li class=${`stage ${stage.state}`}>
      <header>
        <h2>${title}</h2>
        <span class=${`state ${
          isDone ? "finished" : isStopped ? "stopped" : stage.state
        }`}><span class="dot" aria-hidden="true"></span>${isStopped
          ? "stopped"
          : STATES[stage.state]}</span>
        <${Progress} share=${isDone ? 1 : stage.progress} label=${`Progress of ${title}`} />
        <span class="percent">${formatShare(isDone ? 1 : stage.progress)}</span>
        <button type="button" disabled=${job !== undefined} onClick=${() =>
          runUntil(answer, stage.name)}>${isDone ? "Check again" : "Run to here"}</button>
      </header>
      <p>${stage.found === "" ? html`<span class="faded">${what}</span>` : stage.found}</p>
      ${stage.pictures.length === 0
        ? null
        : html`<div class="gallery small">${
          stage.pictures.map((path) =>
            html`<img key=${path} src=${picture(path)} alt=${`${title}: ${path}`} loading="lazy" />`
          )
        }</div>`}
      <p class="buttons">
        ${look[stage.name] === undefined || (stage.state === "waiting" && !isStopped)
          ? null
          : html`<a href=${look[stage.name]}>Look closer</a>`}
        ${stage.page === undefined
          ? null
          : html`<a href=${picture(stage.page)} target="_blank" rel="noopener">Open the report</a>`}
      </p>
    </li>
  `;
}

function NewPath(): VNode {
  const [data, setData] = useState("");
  const [output, setOutput] = useState("");
  const start = async (event: Event): Promise<void> => {
    event.preventDefault();
    await runUntil({ output, options: { data } }, "features");
    goTo("path", { output });
  };
  return html`
    <form class="card" onSubmit=${start}>
      <h2>Begin with a folder of images</h2>
      <label><span>Folder of images, or a list file</span><input type="text" required value=${data} spellcheck=${false}
        onInput=${(event: Event) => setData((event.target as HTMLInputElement).value)} /></label>
      <label><span>Folder of all that the stages leave, below the root</span><input type="text" required value=${output} spellcheck=${false}
        onInput=${(event: Event) => setOutput((event.target as HTMLInputElement).value)} /></label>
      <p class="buttons"><button type="submit" class="primary">Find the foreground</button>
        <a href=${writeAddress({
          view: "new",
          values: { task: "pipeline" },
        })}>All options of the pipeline…</a></p>
    </form>
  `;
}

/** The view of GenView's path, whose folder the address names by `output`. */
export function PathView({ values }: ViewProps): VNode {
  const output = values["output"] ?? "";
  const { answer, error, again } = useCall<PathAnswer>(
    "/api/path",
    output === "" ? undefined : { output },
  );
  const job = useJob(output);
  const hear = useCallback((event: StudioEvent): void => {
    if (event.kind === "queue" || (event.kind === "run" && event.row.run.startsWith(output))) {
      again();
    }
  }, [output]);
  useEvents(hear);
  useEffect(() => {
    if (job === undefined) return;
    const timer = setInterval(again, 2000);
    return () => clearInterval(timer);
  }, [job?.id]);
  const stop = (): void => {
    if (job === undefined) return;
    call<Job>("DELETE", "/api/queue", { job: job.id }).then(
      () => notify("The path stops after its present step; the same button goes on from there."),
      (failure) => notify(wordsOf(failure), "failed"),
    );
  };
  const next = answer?.stages.find(({ state }) => state !== "done");
  return html`
    <div class="heading">
      <h1>GenView path</h1>
      <${OutputChoice} key=${output} output=${output} />
    </div>
    <p
      class="lead">From a folder of images to a network that has learned from them: each stage takes what the one before has found. What is done is not done again.</p>
    ${output === ""
      ? html`<${NewPath} />`
      : answer === undefined
      ? html`<${Waiting} error=${error} again=${again} />`
      : html`
        <div class="actions">
          <button type="button" class="primary" disabled=${job !== undefined || next === undefined}
            onClick=${() => runUntil(answer, "report")}>${next === undefined
              ? "All is done"
              : "Run all that is left"}</button>
          <button type="button" disabled=${job === undefined} onClick=${stop}>Stop</button>
          <span class="faded">images from <code>${answer.data}</code></span>
        </div>
        <ol class="path">${answer.stages.map((stage) =>
          html`<${StageItem} key=${stage.name} stage=${stage} answer=${answer} job=${job} />`
        )}</ol>
      `}
  `;
}
