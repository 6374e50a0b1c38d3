/**
 * Two sets of emoji images, as their npm packages bring them: Noto (Apache-2.0) and Twemoji (CC-BY 4.0). Importing the
 * packages' JSON makes Deno fetch them, some 70 MB each, so nothing that can do without imports this file.
 *
 * @module
 */
import google from "npm:emoji-datasource-google@16.0.0/package.json" with { type: "json" };
import twitter from "npm:emoji-datasource-twitter@16.0.0/package.json" with { type: "json" };

/** Designs of emoji. */
export type EmojiDesign = "google" | "twitter";

/** Versions of the packages. */
export const EMOJI_VERSIONS: Readonly<Record<EmojiDesign, string>> = {
  google: google.version,
  twitter: twitter.version,
};

/** A package's own folder, as a file URL. */
export function emojiPackage(design: EmojiDesign): URL {
  const manifest = design === "google"
    ? import.meta.resolve("npm:emoji-datasource-google@16.0.0/package.json")
    : import.meta.resolve("npm:emoji-datasource-twitter@16.0.0/package.json");
  return new URL("./", manifest);
}
