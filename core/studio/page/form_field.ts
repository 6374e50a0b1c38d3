/**
 * One option of a form.
 *
 * @module
 */
import { useEffect, useState, type VNode } from "../../deps/preact.ts";
import { wordsOfName } from "../api/metric_labels.ts";
import type { PropertySchema } from "../../schema/schema.ts";
import { defaultText, fieldKind, fieldText, readField } from "./form_values.ts";
import { html } from "./html.ts";

/** What a field is given. */
export interface FieldProps {
  readonly name: string;
  /** What its name stands behind in a request, such as `options.`, so that no two fields are taken for one. */
  readonly prefix: string;
  readonly schema: PropertySchema;
  /** Its value; undefined where it has its default. */
  readonly value: unknown;
  readonly required: boolean;
  /** What the server finds wrong with it. */
  readonly problem: string | undefined;
  readonly change: (value: unknown) => void;
}

function boundsOf(schema: PropertySchema): Record<string, unknown> {
  const isWhole = schema.type === "integer";
  return { min: schema["minimum"], max: schema["maximum"], step: isWhole ? 1 : "any" };
}

/** An option with its name, description, default and what is wrong with it. */
export function Field(
  { name, prefix, schema, value, required, problem, change }: FieldProps,
): VNode {
  const kind = fieldKind(schema);
  const [text, setText] = useState(fieldText(value, kind));
  const [own, setOwn] = useState<string | undefined>(undefined);
  // A preset or a link may have set another value than what was typed.
  useEffect(() => {
    const reading = readField(text, schema);
    const typed = "value" in reading ? reading.value : undefined;
    if (own === undefined && JSON.stringify(typed) !== JSON.stringify(value)) {
      setText(fieldText(value, kind));
    }
  }, [value]);
  const type = (typed: string): void => {
    setText(typed);
    const reading = readField(typed, schema);
    setOwn("problem" in reading ? reading.problem : undefined);
    if ("value" in reading) change(reading.value);
  };
  const id = `field-${prefix}${name}`;
  const wrong = own ?? problem;
  const preset = defaultText(schema);
  const help = [schema.description, preset === "" ? undefined : `default ${preset}`]
    .filter((part) => part !== undefined).join(" · ");
  const common = {
    id,
    name,
    "aria-describedby": wrong === undefined ? `${id}-help` : `${id}-problem ${id}-help`,
    "aria-invalid": wrong === undefined ? undefined : "true",
  };
  const typing = (event: Event): void => type((event.target as HTMLInputElement).value);
  let control: VNode;
  if (kind === "mark") {
    const isOn = value === undefined ? schema.default === true : value === true;
    control = html`<input ...${common} type="checkbox" checked=${isOn} onChange=${(
      event: Event,
    ) => {
      const checked = (event.target as HTMLInputElement).checked;
      change(checked === (schema.default === true) ? undefined : checked);
    }} />`;
  } else if (kind === "choice") {
    control = html`<select ...${common} value=${text} onChange=${typing}>
      <option value="">${preset === "" ? "(none)" : `default: ${preset}`}</option>
      ${
      schema.enum?.map((each) =>
        html`<option key=${String(each)} value=${fieldText(each, kind)}>${
          fieldText(each, kind)
        }</option>`
      )
    }
    </select>`;
  } else if (kind === "json") {
    control = html`
      <textarea ...${common} rows="2" spellcheck=${false} placeholder=${preset} value=${text}
        onInput=${typing}></textarea>
    `;
  } else {
    const isNumber = kind === "number";
    const list = schema.suggestions === undefined ? undefined : `${id}-known`;
    control = html`
      <input ...${common} type=${isNumber ? "number" : "text"} ...${isNumber
        ? boundsOf(schema)
        : {}} list=${list}
        required=${required} placeholder=${preset} spellcheck=${false} autocomplete="off"
        value=${text} onInput=${typing} />
            ${list === undefined
              ? null
              : html`<datalist id=${list}>${
                schema.suggestions?.map((each) => html`<option key=${each} value=${each}></option>`)
              }</datalist>`}
    `;
  }
  return html`
    <div class=${`field ${kind} ${value === undefined ? "" : "changed"}`}>
      <label for=${id}>${wordsOfName(name)}${required
        ? html`<span class="needed"> (needed)</span>`
        : null}</label>
      <div class="control">${control}</div>
      <p id=${`${id}-help`} class="help">${help}</p>
      ${wrong === undefined ? null : html`<p id=${`${id}-problem`} class="problem">${wrong}</p>`}
    </div>
  `;
}
