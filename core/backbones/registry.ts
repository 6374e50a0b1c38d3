/**
 * Backbones by name. A new family is one file and its line in {@linkcode FAMILIES}.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import { nearestName } from "../schema/nearest_name.ts";
import type { BackboneFamily, BackboneOptions, BackboneSpec } from "./backbone.ts";
import { clipVisionFamily } from "./clip_vision_backbones.ts";
import { convNextFamily } from "./convnext.ts";
import { resNetFamily } from "./resnet.ts";
import { visionTransformerFamily } from "./vision_transformer.ts";

/** All families of backbones. */
export const FAMILIES: readonly BackboneFamily[] = [
  resNetFamily,
  visionTransformerFamily,
  convNextFamily,
  clipVisionFamily,
];

/** Names of all backbones. */
export const backboneNames: readonly string[] = FAMILIES.flatMap(({ members }) =>
  Object.keys(members)
);

/** Of what only some families offer. */
const DEFAULTS: Required<Omit<BackboneOptions, "imageSize">> = {
  stem: "imagenet",
  zeroInitResidual: false,
};

/** Refuses options that a family does not offer, unless they are the defaults. */
function checkOptions(name: string, { offers }: BackboneFamily, options: BackboneOptions): void {
  const known = Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[];
  const wrong = known.filter((option) =>
    !offers.includes(option) && (options[option] ?? DEFAULTS[option]) !== DEFAULTS[option]
  );
  if (wrong.length === 0) return;
  const families = FAMILIES.filter((family) =>
    wrong.every((option) => family.offers.includes(option))
  );
  throw new GenviewTypeError(
    `Cannot build backbone "${name}": only ${
      families.map(({ title }) => title).join(" and ")
    } offer ${
      wrong.map((option) => option === "stem" ? `stem "${options.stem}"` : option).join(" and ")
    }`,
  );
}

/**
 * The backbone of a name.
 *
 * ```ts
 * import { backbone } from "./registry.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(backbone("resnet18", { stem: "small" }).width, 512);
 * ```
 *
 * @throws {TypeError} if there is none of this name, or it does not offer what the options ask for
 */
export function backbone(name: string, options: BackboneOptions = {}): BackboneSpec {
  const family = FAMILIES.find(({ members }) => Object.hasOwn(members, name));
  if (family === undefined) {
    throw new GenviewTypeError(
      `Cannot build backbone "${name}": there is none of this name, the nearest is "${
        nearestName(name, backboneNames)
      }" (known are ${backboneNames.join(", ")})`,
    );
  }
  checkOptions(name, family, options);
  const { description, build } = family.members[name]!;
  return { name, inputSize: 224, description, ...build(options) };
}
