/**
 * Numbers of JSON, read from bytes: many times faster than by way of texts, and the same to the last bit.
 *
 * @module
 */

const ZERO = 0x30;
const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const EXPONENT = 0x65;

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
    // Digits as two whole numbers of nine digits each, so that processors count in whole numbers; more are rare.
    let high = 0;
    let low = 0;
    let digits = 0;
    const first = i;
    for (; i < end; i++) {
      const digit = bytes[i]! - ZERO;
      if (digit < 0 || digit > 9) break;
      if (digits < 9) high = (high * 10 + digit) | 0;
      else if (digits < 18) low = (low * 10 + digit) | 0;
      if (digits > 0 || digit > 0) digits++;
    }
    let places = 0;
    if (i < end && bytes[i] === DOT) {
      const fraction = ++i;
      if (fraction - first === 1) return start;
      if (digits === 0) { while (i < end && bytes[i] === ZERO) i++; }
      for (; i < end && digits < 9; i++) {
        const digit = bytes[i]! - ZERO;
        if (digit < 0 || digit > 9) break;
        high = (high * 10 + digit) | 0;
        digits++;
      }
      for (; i < end && digits >= 9; i++) {
        const digit = bytes[i]! - ZERO;
        if (digit < 0 || digit > 9) break;
        if (digits < 18) low = (low * 10 + digit) | 0;
        digits++;
      }
      places = i - fraction;
    } else if (i === first) return start;
    if (i < end && (bytes[i]! | 0x20) === EXPONENT) {
      let at = i + 1;
      const isSmall = bytes[at] === MINUS;
      if (isSmall || bytes[at] === PLUS) at++;
      let exponent = 0;
      const exponentStart = at;
      for (; at < end; at++) {
        const digit = bytes[at]! - ZERO;
        if (digit < 0 || digit > 9) break;
        if (exponent < 10_000) exponent = exponent * 10 + digit;
      }
      if (at === exponentStart) return start;
      // Never -0, which would not be a whole number to the compiler.
      places += isSmall ? exponent : 0 - exponent;
      i = at;
    }
    const isCommon = digits <= 18 && places >= 0 && places <= 22;
    const magnitude = !isCommon ? NaN : digits <= 9
      // Both are exact, so that the division rounds once.
      ? high / POWERS[places]!
      : quotient(high, low, POWERS[digits - 9]!, POWERS[places]!);
    // Ties, large exponents and more than 18 digits go by the language's own reader.
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
