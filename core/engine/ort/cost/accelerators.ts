/**
 * What GPUs can do at best, as their maker states it.
 *
 * @module
 */

/** How products are computed: in float32, in TF32, or in float16 with sums in float32. */
export type ProductPrecision = "float32" | "tf32" | "float16";

/** A GPU's peak rates. */
export interface Accelerator {
  /** What it is called. */
  readonly name: string;
  /** Floating-point operations a second of dense products, a multiply-add counted as two. */
  readonly rates: Readonly<Record<ProductPrecision, number>>;
  /** Bytes a second between its memory and its processors. */
  readonly bandwidth: number;
  /** Where these figures are stated. */
  readonly source: string;
}

/**
 * Peak rates of GPUs, dense (without structured sparsity), by short names.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ACCELERATORS } from "./accelerators.ts";
 *
 * assertEquals(ACCELERATORS.h200.bandwidth, 4.8e12);
 * ```
 */
export const ACCELERATORS: Readonly<
  Record<"h100" | "h200" | "a100" | "rtx4090", Accelerator>
> = {
  h100: {
    name: "H100 SXM",
    rates: { float32: 67e12, tf32: 494.7e12, float16: 989.4e12 },
    bandwidth: 3.35e12,
    source: "NVIDIA H100 Tensor Core GPU data sheet, figures with sparsity halved",
  },
  h200: {
    name: "H200 SXM",
    rates: { float32: 67e12, tf32: 494.7e12, float16: 989.4e12 },
    bandwidth: 4.8e12,
    source: "NVIDIA H200 Tensor Core GPU data sheet, figures with sparsity halved",
  },
  a100: {
    name: "A100 SXM 80 GB",
    rates: { float32: 19.5e12, tf32: 156e12, float16: 312e12 },
    bandwidth: 2.039e12,
    source: "NVIDIA A100 Tensor Core GPU data sheet",
  },
  rtx4090: {
    name: "RTX 4090",
    rates: { float32: 82.6e12, tf32: 82.6e12, float16: 165.2e12 },
    bandwidth: 1.008e12,
    source: "NVIDIA Ada GPU Architecture white paper, float16 with float32 accumulation",
  },
};
