/**
 * Small pictures with a foreground in the middle.
 *
 * @module
 */
import { join } from "node:path";
import { sharp } from "../../core/deps/sharp.ts";

/** Pictures with a bright square in the middle; two folders have files of the same names. */
export async function drawPictures(folder: string): Promise<void> {
  for (const [c, name] of ["cats", "big dogs"].entries()) {
    await Deno.mkdir(join(folder, name), { recursive: true });
    for (let i = 0; i < 3; i++) {
      const data = Uint8Array.from({ length: 60 * 60 * 3 }, (_, at) => {
        const [x, y] = [Math.floor(at / 3) % 60, Math.floor(at / 180)];
        const inside = Math.abs(x - 30) < 12 + 2 * i && Math.abs(y - 30) < 12;
        return inside ? 250 - 40 * c : 20 + 30 * i + (at * 7 % 11);
      });
      await sharp(data, { raw: { width: 60, height: 60, channels: 3 } }).png()
        .toFile(join(folder, name, `${i}.png`));
    }
  }
}
