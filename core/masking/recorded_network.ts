/**
 * Networks that an extraction names, opened again.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { openTokenNetwork, type TokenNetwork, type TokenNetworkChoice } from "../encoders/mod.ts";
import { TOKEN_NETWORK_OPTIONS } from "../encoders/token_network_options.ts";
import { explainingFileErrors } from "../files/file_error.ts";
import { ifThere } from "../files/if_there.ts";
import { type ExtractionRecord, readExtractionRecord } from "./extraction_record.ts";

/** A choice of a network whose model may be left to an extraction. */
export type NetworkChoice =
  & Omit<TokenNetworkChoice, "model">
  & { readonly model?: string | undefined };

/**
 * The choice to keep of a network, so that it can be opened again from another folder, and after a run has gone on: paths
 * are absolute, and a run's folder becomes that of the checkpoint. What does not change the features is left out.
 *
 * @param weightsFile the file that the network's weights were read from
 */
export async function choiceToRecord(
  choice: TokenNetworkChoice,
  weightsFile: string | undefined,
): Promise<TokenNetworkChoice> {
  const { model, trainingData, weights, backbone, imageSize, normalize } = choice;
  const absolute = async (path: string) =>
    await explainingFileErrors(`read ${path}`, ifThere(Deno.realPath(path))) ?? path;
  const found = await explainingFileErrors(`read ${model}`, ifThere(Deno.stat(model)));
  const place = found?.isDirectory && weightsFile !== undefined ? dirname(weightsFile) : model;
  return {
    model: await absolute(place),
    ...(trainingData && { trainingData }),
    ...(weights && { weights: await absolute(weights) }),
    ...(backbone && { backbone }),
    ...(imageSize && { imageSize }),
    ...(normalize && normalize !== "auto" && { normalize }),
  };
}

/**
 * The choice that opens the network of an extraction again. For folders of earlier versions, which do not say, it is
 * opened by the file of its weights, or by the checkpoint that this belongs to.
 */
export async function recordedChoice(
  { model, weights, imageSize }: ExtractionRecord,
): Promise<TokenNetworkChoice> {
  if (model !== undefined) return model;
  const file = weights.replace(/, \d+ bytes, \S+$/, "");
  const state = join(dirname(file), "state.json");
  const found = await explainingFileErrors(`read ${state}`, ifThere(Deno.stat(state)));
  return { model: found === undefined ? file : dirname(file), imageSize };
}

/** What a choice asks for; empty texts, zeros and `auto` are as if they were left out. */
function asked(choice: NetworkChoice): Partial<TokenNetworkChoice> {
  const given = Object.entries(choice).filter(([, value]) => value && value !== "auto");
  return Object.fromEntries(given);
}

/**
 * Opens the network that is chosen; where no model is, the one of an extraction, or else the default, ViT-H-14.
 *
 * @param folder of the extraction; empty for none
 * @throws {TypeError} if there is no such network, or its weights are not at hand
 */
export async function openRecordedNetwork(
  choice: NetworkChoice,
  folder: string,
): Promise<TokenNetwork> {
  const record = choice.model || folder === "" ? undefined : await readExtractionRecord(folder);
  const fallback = record === undefined
    ? { model: TOKEN_NETWORK_OPTIONS.model.default }
    : await recordedChoice(record);
  return await openTokenNetwork({ ...fallback, ...asked(choice) });
}
