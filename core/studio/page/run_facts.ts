/**
 * What is known of a run beside its curves: checkpoints, configuration, environment, logs.
 *
 * @module
 */
import { type VNode } from "../../deps/preact.ts";
import type { RunDetails } from "../api/runs.ts";
import { callAddress } from "./calls.ts";
import { formatBytes, formatCell, formatNumber, formatTime } from "./format.ts";
import { html } from "./html.ts";

interface FactsProps {
  readonly run: RunDetails;
}

/** The checkpoints of a run, the newest first. */
export function CheckpointsPanel({ run }: FactsProps): VNode {
  if (run.checkpoints.length === 0) {
    return html`
      <p
        class="empty">There is no checkpoint yet. One is written when the run is stopped, and at the end of epochs as <code>--checkpoint-every</code> says.</p>
    `;
  }
  const bytes = run.checkpoints.reduce((sum, checkpoint) => sum + checkpoint.bytes, 0);
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label="Checkpoints">
      <table>
        <caption>${run.checkpoints.length} checkpoints, ${formatBytes(bytes)}</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" class="number">Step</th>
            <th scope="col" class="number">Epoch</th>
            <th scope="col" class="number">Size</th>
            <th scope="col">Written</th>
          </tr>
        </thead>
        <tbody>${run.checkpoints.toReversed().map(({ name, step, epoch, bytes: size, written }) =>
          html`
            <tr key=${name}>
              <th scope="row">${name}</th>
              <td class="number">${formatNumber(step)}</td>
              <td class="number">${epoch}</td>
              <td class="number">${formatBytes(size)}</td>
              <td>${formatTime(written)}</td>
            </tr>
          `
        )}</tbody>
      </table>
    </div>
  `;
}

/** A value of JSON as a tree that opens and closes. */
export function JsonTree(
  { name, value, depth = 0 }: {
    readonly name?: string;
    readonly value: unknown;
    /** How many trees it lies in; the outer ones are open from the start. */
    readonly depth?: number;
  },
): VNode {
  const key = name === undefined ? null : html`
    <span class="key">${name}</span>
  `;
  if (typeof value !== "object" || value === null) {
    return html`<div class="leaf">${key}<span class=${`scalar ${
      value === null ? "null" : typeof value
    }`}>${typeof value === "string" ? `"${value}"` : String(value)}</span></div>`;
  }
  const entries = Object.entries(value);
  const isList = Array.isArray(value);
  const isFlat = isList && value.length <= 8 && value.every((item) => typeof item !== "object");
  if (entries.length === 0 || isFlat) {
    return html`<div class="leaf">${key}<span class="scalar">${JSON.stringify(value)}</span></div>`;
  }
  return html`
    <details class="tree" open=${depth < 2}>
      <summary>${key}<span class="faded">${entries.length} ${isList
        ? "items"
        : "entries"}</span></summary>
      ${entries.map(([child, item]) =>
        html`<${JsonTree} key=${child} name=${child} depth=${depth + 1} value=${item} />`
      )}
    </details>
  `;
}

/** The configuration of a run as it was recorded, and what was changed on resumes. */
export function ConfigurationPanel({ run }: FactsProps): VNode {
  return html`
    <div class="columns">
      <section><h2>Configuration</h2><${JsonTree} value=${run.configuration} /></section>
      ${run.changes.length === 0
        ? null
        : html`<section><h2>Changed on resumes</h2>${
          run.changes.map((change, i) => html`<${JsonTree} key=${i} value=${change} />`)
        }</section>`}
    </div>
  `;
}

/** Versions, processor and device of a run. */
export function EnvironmentPanel({ run }: FactsProps): VNode {
  const facts = Object.entries(run.environment);
  if (facts.length === 0) {
    return html`<p class="empty">Nothing was recorded of the machine that this run was made on.</p>`;
  }
  return html`<dl class="facts">${
    facts.map(([name, value]) =>
      html`
        <div key=${name}>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>
      `
    )
  }</dl>`;
}

const FILES = ["steps.jsonl", "epochs.jsonl", "configuration.json"];

/** What the program that trains said, the last metrics, and the files that hold all of them. */
export function LogsPanel({ run }: FactsProps): VNode {
  const metrics = Object.entries(run.metrics);
  return html`
    <section>
      <h2>Messages</h2>
      ${run.messages.length === 0
        ? html`<p class="faded">The program has said nothing beside its numbers.</p>`
        : html`<ol class="log" tabindex="0">${
          run.messages.map(({ kind, text }, i) =>
            html`<li key=${i} class=${kind}><b>${kind}</b> ${text}</li>`
          )
        }</ol>`}
      <h2>Last values</h2>
      <dl class="facts">${metrics.map(([name, value]) =>
        html`
          <div key=${name}>
            <dt>${name}</dt>
            <dd>${formatCell(value)}</dd>
          </div>
        `
      )}</dl>
      <h2>Files</h2>
      <ul>${FILES.map((path) =>
        html`<li key=${path}><a href=${
          callAddress("/api/file", { run: run.run, path })
        } target="_blank" rel="noopener">${path}</a></li>`
      )}</ul>
    </section>
  `;
}
