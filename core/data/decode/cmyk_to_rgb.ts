/**
 * Conversion of print colours to RGB.
 *
 * @module
 */

/**
 * Converts interleaved 8-bit CMYK to RGB without a colour profile: each colour is (255 - K)(255 - C) / 255.
 *
 * Source: Pillow, `src/libImaging/Convert.c`, `cmyk2rgb`.
 */
export function cmykToRgb(cmyk: Uint8Array): Uint8Array<ArrayBuffer> {
  const count = cmyk.length / 4;
  const rgb = new Uint8Array(3 * count);
  for (let i = 0; i < count; i++) {
    const light = 255 - cmyk[4 * i + 3]!;
    for (let channel = 0; channel < 3; channel++) {
      const product = cmyk[4 * i + channel]! * light + 128;
      // The rounded product over 255, by shifts, as Pillow's MULDIV255.
      rgb[3 * i + channel] = Math.max(0, light - (((product >> 8) + product) >> 8));
    }
  }
  return rgb;
}
