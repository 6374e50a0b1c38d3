/**
 * The option that configures a device's execution provider.
 *
 * @module
 */

/**
 * JSON Schema of `--provider-option`: a list of `NAME=VALUE`.
 *
 * @internal
 */
export type ProviderOptionSchema = {
  readonly type: "array";
  readonly items: { readonly type: "string" };
  readonly default: readonly string[];
  readonly description: string;
};

/** `--provider-option`, in JSON Schema. */
export const providerOption: ProviderOptionSchema = {
  type: "array",
  items: { type: "string" },
  default: [],
  description:
    "NAME=VALUE of the device's execution provider, such as use_tf32=0 on CUDA; may be given several times",
};
