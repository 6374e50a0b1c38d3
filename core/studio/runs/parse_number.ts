/**
 * Numbers of JSON, read from bytes: many times faster than by way of texts, and the same to the last bit.
 *
 * @module
 */

const ZERO = 0x30;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;

/** Powers of ten that are exact as doubles. */
const POWERS: readonly number[] = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/** `2^27 + 1`, by which a double is split into halves of 26 bits (Dekker 1971). */
const SPLITTER = 134217729;

/** Where {@linkcode NumberReader.read} stopped, and what it read. */
export class NumberReader {
  /** The number that was read last. */
  value = 0;

  /**
   * Reads a number.
   *
   * @returns the position after it; `start` if no number begins there
   */
  read(bytes: Uint8Array, start: number, end: number): number {
    let i = start;
    const isNegative = bytes[i] === MINUS;
    if (isNegative) i++;
    // Digits as two whole numbers below 10^15 and 10^5, which are exact; what follows is rare.
    let high = 0;
    let low = 0;
    let lowDigits = 0;
    let digits = 0;
    let fraction = -1;
    const first = i;
    for (; i < end; i++) {
      const digit = bytes[i]! - ZERO;
      if (digit >= 0 && digit <= 9) {
        if (digits < 15) high = high * 10 + digit;
        else {
          low = low * 10 + digit;
          lowDigits++;
        }
        if (digits > 0 || digit > 0) digits++;
      } else if (bytes[i] === DOT && fraction < 0) fraction = i + 1;
      else break;
    }
    if (i === first || (fraction > 0 && i - first === 1)) return start;
    // Digits after the point, less the exponent; never -0, which would not be a whole number to the compiler.
    let places = fraction < 0 ? 0 : i - fraction;
    const sign = bytes[i]! | 0x20;
    if (i < end && sign === 0x65) {
      let at = i + 1;
      const isSmall = bytes[at] === MINUS;
      if (isSmall || bytes[at] === PLUS) at++;
      let exponent = 0;
      const exponentStart = at;
      for (; at < end; at++) {
        const digit = bytes[at]! - ZERO;
        if (digit < 0 || digit > 9) break;
        exponent = exponent * 10 + digit;
      }
      if (at === exponentStart) return start;
      places += isSmall ? exponent : 0 - exponent;
      i = at;
    }
    const magnitude = lowDigits <= 5 && places >= 0 && places <= 22
      ? quotient(high, low, POWERS[lowDigits]!, POWERS[places]!)
      : NaN;
    // Ties, large exponents and more than 20 digits go by the language's own reader.
    this.value = Number.isNaN(magnitude)
      ? Number(String.fromCharCode(...bytes.subarray(start, i)))
      : isNegative
      ? -magnitude
      : magnitude;
    return i;
  }
}

/**
 * `(high · scale + low) / divisor`, rounded once; NaN where the double nearest to it is not certain.
 *
 * The numerator is kept as a sum of two doubles, and the remainder of a first quotient corrects it: the correction is exact
 * to some 100 bits, so that only quotients next to the middle of two doubles stay open.
 */
function quotient(high: number, low: number, scale: number, divisor: number): number {
  if (scale === 1) {
    // Both are exact, so that the division rounds once.
    return high / divisor;
  }
  const product = high * scale;
  const productRest = productError(high, scale, product);
  const top = product + low;
  // Knuth's sum of two.
  const shifted = top - product;
  const rest = productRest + ((product - (top - shifted)) + (low - shifted));
  if (divisor === 1) return rest === 0 ? top : NaN;
  const first = top / divisor;
  const back = first * divisor;
  const remainder = (top - back) - productError(first, divisor, back) + rest;
  const correction = remainder / divisor;
  const result = first + correction;
  const lost = correction - (result - first);
  // Where slightly more would round to another double, the true quotient may be that one.
  return result + lost * 1.001 === result ? result : NaN;
}

/** What a product has lost by rounding (Dekker 1971). */
function productError(a: number, b: number, product: number): number {
  const aLong = SPLITTER * a;
  const aHigh = aLong - (aLong - a);
  const aLow = a - aHigh;
  const bLong = SPLITTER * b;
  const bHigh = bLong - (bLong - b);
  const bLow = b - bHigh;
  return ((aHigh * bHigh - product) + aHigh * bLow + aLow * bHigh) + aLow * bLow;
}
