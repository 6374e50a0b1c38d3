/**
 * Which pipeline's folder is shown.
 *
 * @module
 */
import { useState, type VNode } from "../../deps/preact.ts";
import { setValues } from "./address.ts";
import { html } from "./html.ts";
import { useRuns } from "./runs_store.ts";

/** A choice among the folders of pipelines, or any other below the root by its path. */
export function OutputChoice({ output }: { readonly output: string }): VNode {
  const { list } = useRuns();
  const [text, setText] = useState(output);
  const outputs = list?.runs.filter(({ kind }) => kind === "pipeline").map(({ run }) => run) ?? [];
  const open = (event: Event): void => {
    event.preventDefault();
    setValues({ output: text.trim() }, "push");
  };
  return html`
    <form class="inline" onSubmit=${open}>
      <label><span>Folder of a pipeline, below the root</span>
        <input type="text" list="outputs" value=${text} spellcheck=${false}
          onInput=${(event: Event) => setText((event.target as HTMLInputElement).value)} /></label>
      <datalist id="outputs">${outputs.map((name) =>
        html`<option key=${name} value=${name}></option>`
      )}</datalist>
      <button type="submit">Open</button>
    </form>
  `;
}
