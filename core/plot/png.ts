/**
 * Figures as PNG files.
 *
 * @module
 */
import { sharp } from "../deps/sharp.ts";

/** Pixels a unit of length in CSS, at which a picture is shown in its own size. */
const CSS_PIXELS_PER_INCH = 96;
/** Pixels an inch by which an SVG's own units are meant in sharp. */
const SVG_PIXELS_PER_INCH = 72;

/**
 * Draws an SVG file as a PNG file, `pixelRatio` pixels to each unit, so that text stays sharp on fine screens.
 * The file states its resolution, so that it is shown in the size of the SVG.
 */
export async function toPng(svg: string, pixelRatio = 2): Promise<Uint8Array<ArrayBuffer>> {
  const picture = sharp(new TextEncoder().encode(svg), {
    density: SVG_PIXELS_PER_INCH * pixelRatio,
  });
  const density = CSS_PIXELS_PER_INCH * pixelRatio;
  return new Uint8Array(await picture.withMetadata({ density }).png().toBuffer());
}
