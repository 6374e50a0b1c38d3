/**
 * A run's tags, and a field for another.
 *
 * @module
 */
import { useState, type VNode } from "../../deps/preact.ts";
import type { RunDetails, RunRow } from "../api/runs.ts";
import { call, wordsOf } from "./calls.ts";
import { html } from "./html.ts";
import { notify } from "./notices.ts";

/** The tags of a run, each with a button that takes it off. */
export function RunTags({ run }: { readonly run: RunDetails }): VNode {
  const [text, setText] = useState("");
  const [tags, setTags] = useState<readonly string[]>(run.tags);
  const replace = async (changed: readonly string[]): Promise<void> => {
    try {
      const row = await call<RunRow>("POST", "/api/run", { run: run.run }, {
        action: "tag",
        tags: changed,
      });
      setTags(row.tags);
    } catch (error) {
      notify(wordsOf(error), "failed");
    }
  };
  const add = (event: Event): void => {
    event.preventDefault();
    const tag = text.trim();
    setText("");
    if (tag !== "" && !tags.includes(tag)) void replace([...tags, tag]);
  };
  return html`
    <form class="tags" onSubmit=${add}>
      ${tags.map((tag) =>
        html`
          <span key=${tag}
            class="tag">${tag}<button type="button" class="plain" aria-label=${`Take the tag ${tag} off`}
                  onClick=${() => replace(tags.filter((other) => other !== tag))}>×</button></span>
        `
      )}
      <input type="text" aria-label="New tag" placeholder="add a tag" size="9" maxlength="40" value=${text}
        onInput=${(event: Event) => setText((event.target as HTMLInputElement).value)} />
    </form>
  `;
}
