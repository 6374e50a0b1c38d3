/** Where a position up to one length beyond the ends of an axis lies when the axis is mirrored at its end pixels. */
export function mirrored(position: number, length: number): number {
  const last = length - 1;
  return last - Math.abs(last - Math.abs(position));
}
