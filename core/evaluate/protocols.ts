/**
 * Evaluation protocols by name, as a command line has them.
 *
 * @module
 */
import { GenviewRangeError, GenviewTypeError } from "../errors/mod.ts";
import { nearestName } from "../schema/nearest_name.ts";
import { fineTuningRecipe } from "./fine_tuning_recipes.ts";
import { linearProbeRecipe, type NamedLinearProbeRecipe } from "./linear_probe_recipes.ts";

/** How features are judged. */
export type Protocol =
  /** Nearest neighbours, and retrieval where samples have counterparts. */
  | { readonly kind: "knn" }
  /** A linear probe on features that are computed once, without augmentation: fast, and not what is published. */
  | { readonly kind: "probe" } & NamedLinearProbeRecipe
  /** A linear probe on augmented images, as it is published. */
  | { readonly kind: "linear" } & NamedLinearProbeRecipe
  /** Fine-tuning of the whole network on a share of the labels. */
  | {
    readonly kind: "semi";
    /** Share of each class, in (0, 1). */
    readonly share: number;
    /** Name of the recipe. */
    readonly name: string;
  }
  /** Fine-tuning of the whole network on all labels. */
  | {
    readonly kind: "finetune";
    /** Name of the recipe; the one that suits the network when left out. */
    readonly name?: string;
  };

/** How protocols are written, with what stands for a part that is left out. */
export const PROTOCOLS: Readonly<Record<Protocol["kind"], string>> = {
  knn: "knn",
  probe: "probe[:RECIPE] (lightly)",
  linear: "linear[:RECIPE] (lars)",
  semi: "semi:PERCENT[:RECIPE] (swav)",
  finetune: "finetune[:RECIPE] (vit for ViTs, simclr for others)",
};

/** Protocols where none are named. */
export const DEFAULT_PROTOCOLS: readonly string[] = ["knn", "probe"];

function percentOf(text: string | undefined, whole: string): number {
  const percent = text === undefined || text === "" ? NaN : Number(text);
  if (percent > 0 && percent < 100) return percent / 100;
  throw new GenviewRangeError(
    `Cannot evaluate by "${whole}": the percentage of labels must be above 0 and below 100, as in semi:10, ` +
      `found ${text ?? "none"}; finetune takes all`,
  );
}

/**
 * Reads a protocol.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseProtocol } from "./protocols.ts";
 *
 * assertEquals(parseProtocol("semi:1"), { kind: "semi", share: 0.01, name: "swav" });
 * ```
 *
 * @param text a kind, and what follows colons, such as `linear:A` or `semi:10:simclr`
 * @throws {TypeError} if there is no such protocol or recipe
 * @throws {RangeError} if a percentage is not in (0, 100)
 */
export function parseProtocol(text: string): Protocol {
  const [kind, ...parts] = text.split(":");
  const most = { knn: 0, probe: 1, linear: 1, semi: 2, finetune: 1 }[kind!];
  if (most === undefined || !Object.hasOwn(PROTOCOLS, kind!)) {
    const kinds = Object.keys(PROTOCOLS);
    throw new GenviewTypeError(
      `Cannot evaluate by "${text}": it must be one of ${
        Object.values(PROTOCOLS).join(", ")
      }; the nearest is ` +
        `"${nearestName(kind!, kinds)}"`,
    );
  }
  if (parts.length > most) {
    throw new GenviewTypeError(
      `Cannot evaluate by "${text}": it must be written as ${
        PROTOCOLS[kind as Protocol["kind"]]
      }, found ${parts.length} parts behind "${kind}"`,
    );
  }
  const [first, second = "swav"] = parts;
  switch (kind as Protocol["kind"]) {
    case "knn":
      return { kind: "knn" };
    case "probe":
      return { kind: "probe", ...linearProbeRecipe(first ?? "lightly") };
    case "linear":
      return { kind: "linear", ...linearProbeRecipe(first ?? "lars") };
    case "semi": {
      const share = percentOf(first, text);
      fineTuningRecipe(second, share);
      return { kind: "semi", share, name: second };
    }
    case "finetune":
      if (first !== undefined) fineTuningRecipe(first, 1);
      return { kind: "finetune", ...(first !== undefined && { name: first }) };
  }
}
