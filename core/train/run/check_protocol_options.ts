/**
 * Options of an evaluation that none of its protocols takes.
 *
 * @module
 */
import { GenviewTypeError } from "../../errors/mod.ts";
import type { Protocol } from "../../evaluate/protocols.ts";
import { optionName } from "../../schema/option_name.ts";
import type { ProtocolOptions } from "./protocol_context.ts";

/** Protocols by the options that they alone take. */
const TAKEN_BY = {
  k: ["knn"],
  labelled: ["semi"],
  batchSize: ["linear", "semi", "finetune"],
  deviceBatchSize: ["semi", "finetune"],
  epochs: ["linear", "semi", "finetune"],
} as const satisfies Readonly<Record<string, readonly Protocol["kind"][]>>;

/** The options of protocols that may be left out. */
type GivenOptions =
  & Partial<Pick<ProtocolOptions, "k" | "batchSize" | "deviceBatchSize" | "epochs">>
  & { readonly labelled?: string };

/**
 * Refuses options that would mean nothing.
 *
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { checkProtocolOptions } from "./check_protocol_options.ts";
 *
 * checkProtocolOptions({ k: [1, 20] }, [{ kind: "knn" }]);
 * assertThrows(() => checkProtocolOptions({ epochs: 10 }, [{ kind: "knn" }]), TypeError, "--epochs");
 * ```
 *
 * @throws {TypeError} if one is given and no protocol takes it
 */
export function checkProtocolOptions(given: GivenOptions, protocols: readonly Protocol[]): void {
  for (const [name, kinds] of Object.entries(TAKEN_BY)) {
    const taken = protocols.some(({ kind }) => (kinds as readonly string[]).includes(kind));
    if (taken || given[name as keyof GivenOptions] === undefined) continue;
    throw new GenviewTypeError(
      `Cannot evaluate: ${optionName(name)} is for the protocol ${kinds.join(", ")}, found ${
        protocols.map(({ kind }) => kind).join(", ")
      } alone; name one of those or leave it out`,
    );
  }
}
