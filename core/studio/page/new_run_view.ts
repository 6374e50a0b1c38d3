/**
 * A form for a new run, made from the schemas that command lines are read by.
 *
 * @module
 */
import { useEffect, useMemo, useState, type VNode } from "../../deps/preact.ts";
import type { FormAnswer, StudioTask } from "../api/actions.ts";
import { goTo, setValues } from "./address.ts";
import type { ViewProps } from "./app.ts";
import { useCall } from "./calls.ts";
import { Field } from "./form_field.ts";
import { type FormState, groupedOptions, requestOf, withPreset } from "./form_values.ts";
import { html } from "./html.ts";
import { Waiting } from "./parts.ts";
import { RequestPanel } from "./request_panel.ts";
import { useChecked } from "./checked_request.ts";

const TASKS: readonly (readonly [StudioTask, string])[] = [
  ["train", "Pretrain a backbone"],
  ["evaluate", "Evaluate a backbone"],
  ["export", "Export a backbone"],
  ["extract-features", "Find the foreground"],
  ["fg-ratio", "Foreground ratios"],
  ["noise-levels", "Noise levels"],
  ["variations", "Variations"],
  ["generator", "A generator of one's own"],
  ["pipeline", "GenView's whole path"],
];

/** Groups that are open from the start; the others open where something in them was changed. */
const OPEN = 2;

function readOptions(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : {};
  } catch {
    return {};
  }
}

/** Options with one changed; undefined takes it back to its default. */
function withOption(
  options: Readonly<Record<string, unknown>>,
  name: string,
  value: unknown,
): Readonly<Record<string, unknown>> {
  const { [name]: _former, ...others } = options;
  return value === undefined ? others : { ...others, [name]: value };
}

function optionsText(options: Readonly<Record<string, unknown>>): string {
  return Object.keys(options).length === 0 ? "" : JSON.stringify(options);
}

interface GroupProps {
  readonly title: string;
  /** What names of its options stand behind in a request. */
  readonly prefix: string;
  readonly fields: readonly (readonly [string, FormAnswer["schema"]["properties"][string]])[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly required: readonly string[];
  readonly open: boolean;
  readonly problemOf: (name: string) => string | undefined;
  readonly change: (name: string, value: unknown) => void;
}

function Group(
  { title, prefix, fields, options, required, open, problemOf, change }: GroupProps,
): VNode {
  const changed = fields.filter(([name]) => options[name] !== undefined).length;
  const wrong = fields.filter(([name]) => problemOf(name) !== undefined).length;
  return html`
    <details class="group" open=${open || wrong > 0}>
      <summary><h2>${title}</h2><span class="faded">${fields.length} ${fields.length === 1
        ? "option"
        : "options"}${changed > 0 ? `, ${changed} set` : ""}</span>${wrong > 0
        ? html`<span class="verdict bad">${wrong} to mend</span>`
        : null}</summary>
      <div class="fields">${fields.map(([name, schema]) =>
        html`
          <${Field} key=${name} name=${name} prefix=${prefix} schema=${schema}
            value=${options[name]}
            required=${required.includes(name)}
            problem=${problemOf(name)} change=${(value: unknown) => change(name, value)} />
        `
      )}</div>
    </details>
  `;
}

function Form(
  { form, values }: {
    readonly form: FormAnswer;
    readonly values: Readonly<Record<string, string>>;
  },
): VNode {
  const [search, setSearch] = useState("");
  const options = useMemo(() => readOptions(values["options"]), [values["options"]]);
  const methodOptions = useMemo(() => readOptions(values["own"]), [values["own"]]);
  const positional = values["words"] ?? "";
  const method = values["method"];
  const preset = form.presets.find(({ name }) => name === values["preset"]);
  const chosen = {
    ...method === undefined || form.methods.length === 0 ? {} : { method },
    ...preset === undefined ? {} : { preset: preset.name },
  };
  const state: FormState = {
    task: form.task,
    positional,
    options: { ...options, ...chosen },
    methodOptions,
  };
  const request = requestOf(state);
  const { check, error } = useChecked(request);
  const problemOf = (name: string): string | undefined =>
    check?.problems.find(({ option }) => option === name)?.text;
  const change = (name: string, value: unknown): void =>
    setValues({ options: optionsText(withOption(options, name, value)) });
  const changeOwn = (name: string, value: unknown): void =>
    setValues({ own: optionsText(withOption(methodOptions, name, value)) });
  const given = preset?.options ?? {};
  const ofMethod = given["options"];
  const schema = { ...form.schema, properties: withPreset(form.schema.properties, given) };
  const methodProperties = withPreset(
    form.methodSchema?.properties ?? {},
    typeof ofMethod === "object" && ofMethod !== null ? { ...ofMethod } : {},
  );
  const groups = groupedOptions({ ...form, schema }, search);
  const needsWords = form.task === "evaluate" || form.task === "export" ||
    form.task === "generator" || positional !== "";
  return html`
    <div class="form">
      <div class="options">
        <div class="card">
          ${form.methods.length === 0 ? null : html`
            <label><span>Method</span><select value=${method ?? ""} onChange=${(event: Event) =>
              setValues({
                method: (event.target as HTMLSelectElement).value,
                own: "",
                preset: "",
              })}>
              <option value="">default</option>
              ${form.methods.map(({ name, title }) =>
                html`<option key=${name} value=${name}>${title}</option>`
              )}</select></label>
          `}
          ${form.presets.length === 0 ? null : html`
            <label><span>Preset</span><select value=${preset?.name ?? ""} onChange=${(
              event: Event,
            ) => setValues({ preset: (event.target as HTMLSelectElement).value })}>
              <option value="">none</option>
              ${form.presets.map(({ name }) =>
                html`<option key=${name} value=${name}>${name}</option>`
              )}</select></label>
          `}
          ${needsWords
            ? html`<label><span>Words before the options</span><input type="text" value=${positional} spellcheck=${false}
              onInput=${(event: Event) =>
              setValues({ words: (event.target as HTMLInputElement).value })} /></label>`
            : null}
          <label class="grow"><span>Find an option</span><input type="search" value=${search} onInput=${(
            event: Event,
          ) => setSearch((event.target as HTMLInputElement).value)} /></label>
          ${preset === undefined ? null : html`<p class="hint">${preset.summary}</p>`}
        </div>
        ${form.methodSchema === undefined || search !== "" ? null : html`
          <${Group} title="Options of the method" prefix="options." fields=${Object.entries(
            methodProperties,
          )} options=${methodOptions}
            required=${form.methodSchema.required ?? []} open=${false} problemOf=${(name: string) =>
              problemOf(`options.${name}`)} change=${changeOwn} />
        `}
        ${groups.map(({ group, fields }, i) =>
          html`
            <${Group} key=${group} title=${group} prefix="" fields=${fields} options=${options}
              required=${form.schema.required ?? []}
              open=${search !== "" || i < OPEN ||
                fields.some(([name]) => options[name] !== undefined)}
              problemOf=${problemOf} change=${change} />
          `
        )}
        ${groups.length === 0
          ? html`<p class="empty">No option has “${search}” in its name or description.</p>`
          : null}
      </div>
      <${RequestPanel} request=${request} check=${check} error=${error} hasDryRun=${form.dryRun}
        known=${new Set([
          ...groups.flatMap(({ fields }) => fields.map(([name]) => name)),
          ...Object.keys(methodProperties).map((name) => `options.${name}`),
        ])} />
    </div>
  `;
}

/** The view of a new run; the address holds what is entered. */
export function NewRunView({ values }: ViewProps): VNode {
  const task = TASKS.find(([name]) => name === values["task"])?.[0] ?? "train";
  const { answer, error, again } = useCall<FormAnswer>("/api/form", {
    task,
    method: values["method"],
  });
  const [form, setForm] = useState<FormAnswer | undefined>(undefined);
  // While the options of another method are read, the form stays where it is.
  useEffect(() => {
    if (answer !== undefined) setForm(answer);
  }, [answer]);
  const shown = answer ?? (form?.task === task ? form : undefined);
  return html`
    <div class="heading">
      <h1>New run</h1>
      <label><span>Task</span><select value=${task} onChange=${(event: Event) =>
        goTo("new", { task: (event.target as HTMLSelectElement).value })}>
        ${TASKS.map(([name, title]) =>
          html`<option key=${name} value=${name}>${title}</option>`
        )}</select></label>
    </div>
    <p class="lead">${shown?.summary ?? " "}</p>
    ${shown === undefined || error !== undefined
      ? html`<${Waiting} error=${error} again=${again} />`
      : html`<${Form} key=${task} form=${shown} values=${values} />`}
  `;
}
