/**
 * Hyper-parameters as TensorBoard's table of them reads: `tensorboard/plugins/hparams/plugin_data.proto`.
 *
 * @module
 */
import type { SummaryValue } from "./event_message.ts";
import { concat, double, integer, message, text } from "./protobuf.ts";

/** A `google.protobuf.Value`, as its one field; what is no plain value stands as its JSON. */
function valueField(value: unknown): Uint8Array {
  if (typeof value === "number") return double(2, value);
  if (typeof value === "boolean") return integer(4, Number(value));
  return text(3, typeof value === "string" ? value : JSON.stringify(value));
}

/**
 * The value of an event by which TensorBoard lists a run's hyper-parameters.
 *
 * @param values numbers, booleans and texts by name; anything else is written as JSON
 */
export function hyperParameters(values: Readonly<Record<string, unknown>>): SummaryValue {
  const byCodePoints = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) =>
    a < b ? -1 : a > b ? 1 : 0;
  const entries = Object.entries(values).sort(byCodePoints).map(([name, value]) =>
    message(1, [text(1, name), message(2, [valueField(value)])])
  );
  // `HParamsPluginData.session_start_info`; version 0 is not written.
  const content = concat([message(3, entries)]);
  return { tag: "_hparams_/session_start_info", plugin: "hparams", content };
}
