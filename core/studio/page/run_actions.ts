/**
 * What can be done with a run: stop, resume, lengthen, fork, evaluate, export, discard.
 *
 * @module
 */
import { useState, type VNode } from "../../deps/preact.ts";
import type { Job, RunAction } from "../api/actions.ts";
import type { RunDetails, RunRow } from "../api/runs.ts";
import { goTo } from "./address.ts";
import { call, wordsOf } from "./calls.ts";
import { Dialog } from "./dialog.ts";
import { html } from "./html.ts";
import { notify } from "./notices.ts";

type Question = "lengthen" | "fork" | "export" | "evaluate" | "trash";

/** The text of the notice about a job or a run that answers an action. */
function told(run: string, { action }: RunAction, answer: RunRow | Job): string {
  if (action === "stop") return `${run} stops after its present step, with a checkpoint.`;
  if (action === "trash") return `${run} lies in the trash folder of the studio's root.`;
  return "id" in answer ? `Job ${answer.id} is in the queue: ${answer.command}` : "Done.";
}

async function act(run: string, action: RunAction, done: () => void): Promise<void> {
  try {
    const answer = await call<RunRow | Job>("POST", "/api/run", { run }, action);
    notify(told(run, action, answer));
    if (action.action === "trash") goTo("runs");
    else done();
  } catch (error) {
    notify(wordsOf(error), "failed");
  }
}

interface QuestionProps {
  readonly run: RunDetails;
  readonly send: (action: RunAction) => void;
  readonly close: () => void;
}

function CheckpointChoice({ run, value, change, empty }: {
  readonly run: RunDetails;
  readonly value: string;
  readonly change: (name: string) => void;
  /** Words for no choice; undefined where one must be made. */
  readonly empty?: string;
}): VNode {
  return html`
    <label><span>Checkpoint</span>
      <select value=${value} onChange=${(event: Event) =>
        change((event.target as HTMLSelectElement).value)}>
        ${empty === undefined ? null : html`<option value="">${empty}</option>`}
        ${run.checkpoints.toReversed().map(({ name, epoch }) =>
          html`<option key=${name} value=${name}>${name} (epoch ${epoch})</option>`
        )}
      </select></label>
  `;
}

function LengthenDialog({ run, send, close }: QuestionProps): VNode {
  const now = typeof run.options["epochs"] === "number" ? run.options["epochs"] : run.epoch;
  const [epochs, setEpochs] = useState(now * 2);
  return html`
    <${Dialog} title=${`Lengthen ${run.run}`} action="Lengthen" ready=${Number.isInteger(epochs) &&
      epochs > now}
      confirm=${() => send({ action: "lengthen", epochs })} close=${close}>
      <p>It has ${now} epochs now. Schedules are stretched as the task's own <code>--resume</code> does.</p>
      <label><span>Epochs in all</span><input type="number" min=${now + 1} step="1" value=${epochs}
        onInput=${(event: Event) =>
          setEpochs(Number((event.target as HTMLInputElement).value))} /></label>
      <//>
  `;
}

function ForkDialog({ run, send, close }: QuestionProps): VNode {
  const [checkpoint, setCheckpoint] = useState(run.checkpoints.at(-1)?.name ?? "");
  const [output, setOutput] = useState(`${run.run}-fork`);
  return html`
    <${Dialog} title=${`Fork ${run.run}`} action="Fork" ready=${checkpoint !== "" && output !== ""}
      confirm=${() => send({ action: "fork", checkpoint, output })} close=${close}>
      <p>A new run begins with this checkpoint; the old one stays as it is.</p>
      <${CheckpointChoice} run=${run} value=${checkpoint} change=${setCheckpoint} />
      <label><span>Folder of the new run, below the root</span><input type="text" value=${output}
        onInput=${(event: Event) => setOutput((event.target as HTMLInputElement).value)} /></label>
      <//>
  `;
}

function ExportDialog({ run, send, close }: QuestionProps): VNode {
  const [checkpoint, setCheckpoint] = useState("");
  const [output, setOutput] = useState(`${run.run}.onnx`);
  return html`
    <${Dialog} title=${`Export the backbone of ${run.run}`} action="Export" ready=${output !==
      ""} close=${close}
      confirm=${() =>
        send({ action: "export", output, ...checkpoint === "" ? {} : { checkpoint } })}>
      <${CheckpointChoice} run=${run} value=${checkpoint} change=${setCheckpoint} empty="the newest" />
      <label><span>File below the root, ending in .onnx or .safetensors</span><input type="text" value=${output}
        onInput=${(event: Event) => setOutput((event.target as HTMLInputElement).value)} /></label>
      <//>
  `;
}

function EvaluateDialog({ run, send, close }: QuestionProps): VNode {
  const [checkpoint, setCheckpoint] = useState("");
  return html`
    <${Dialog} title=${`Evaluate ${run.run}`} action="Evaluate" ready=${true} close=${close}
      confirm=${() => send({ action: "evaluate", ...checkpoint === "" ? {} : { checkpoint } })}>
      <p>Nearest neighbours and linear probes on the run's own data set, as a job of the queue.</p>
      <${CheckpointChoice} run=${run} value=${checkpoint} change=${setCheckpoint} empty="the newest" />
      <//>
  `;
}

function TrashDialog({ run, send, close }: QuestionProps): VNode {
  const name = run.run.split("/").at(-1) as string;
  const [text, setText] = useState("");
  return html`
    <${Dialog} title=${`Discard ${run.run}?`} action="Move to the trash" dangerous ready=${text ===
        name || text === run.run}
      close=${close} confirm=${() => send({ action: "trash", confirm: text })}>
      <p>The folder with its ${run.checkpoints
        .length} checkpoints moves into the trash folder of the studio's root. Nothing is deleted.</p>
      <label><span>Type <b>${name}</b> to confirm</span><input type="text" autocomplete="off" spellcheck=${false} value=${text}
        onInput=${(event: Event) => setText((event.target as HTMLInputElement).value)} /></label>
      <//>
  `;
}

const DIALOGS = {
  lengthen: LengthenDialog,
  fork: ForkDialog,
  export: ExportDialog,
  evaluate: EvaluateDialog,
  trash: TrashDialog,
} as const;

/** Buttons for what can be done with a run as it stands. */
export function RunActions(
  { run, done }: { readonly run: RunDetails; readonly done: () => void },
): VNode {
  const [question, setQuestion] = useState<Question | undefined>(undefined);
  const isTrained = run.kind === "pretraining" || run.kind === "demo";
  const hasCheckpoint = run.checkpoints.length > 0;
  const isRunning = run.state === "running";
  // An evaluation goes on as the run that it is of is evaluated again.
  const canResume = run.kind !== "probe" && run.kind !== "fine-tuning";
  const send = (action: RunAction): void => {
    setQuestion(undefined);
    void act(run.run, action, done);
  };
  const Asked = question === undefined ? undefined : DIALOGS[question];
  const ask = (name: Question, text: string, ready: boolean): VNode =>
    html`<button type="button" disabled=${!ready} onClick=${() =>
      setQuestion(name)}>${text}</button>`;
  return html`
    <div class="actions" role="group" aria-label="What can be done with the run">
      <button type="button" class="primary" disabled=${!isRunning} onClick=${() =>
        send({ action: "stop" })}>Stop</button>
      <button type="button" disabled=${isRunning ||
        run.state === "finished" || !canResume} onClick=${() =>
        send({ action: "resume" })}>Resume</button>
      ${ask("lengthen", "Lengthen…", isTrained && !isRunning)}
      ${ask("fork", "Fork…", isTrained && hasCheckpoint)}
      ${ask("evaluate", "Evaluate…", isTrained && hasCheckpoint)}
      ${ask("export", "Export…", isTrained && hasCheckpoint)}
      ${ask("trash", "Discard…", !isRunning)}
    </div>
    ${Asked === undefined
      ? null
      : html`<${Asked} run=${run} send=${send} close=${() => setQuestion(undefined)} />`}
  `;
}
