/**
 * Two sets of emoji images, as their npm packages bring them: Noto (Apache-2.0) and Twemoji (CC-BY 4.0).
 *
 * @module
 */

/** Designs of emoji. */
export type EmojiDesign = "google" | "twitter";

/** Version of both packages. */
const VERSION = "16.0.0";

/** A package's own folder, as a file URL. */
export async function emojiPackage(design: EmojiDesign): Promise<URL> {
  // Deno fetches packages that are named in an import as soon as a program starts, and each of these has 70 MB: a name
  // that is put together is fetched only when someone asks for emoji.
  const manifest = `npm:emoji-datasource-${design}@${VERSION}/package.json`;
  await import(manifest, { with: { type: "json" } });
  return new URL("./", import.meta.resolve(manifest));
}
