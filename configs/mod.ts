/**
 * The configurations that come with the SDK: every experiment of GenView, under its name there.
 *
 * @module
 */

const BASELINES = [
  "simsiam_resnet50_8xb32-coslr-200e_in1k",
  "mocov2_resnet50_8xb32-coslr-200e_in1k",
  "mocov3_resnet50_8xb512-amp-coslr-100e_in1k",
  "mocov3_resnet50_8xb512-amp-coslr-300e_in1k",
  "mocov3_vit-small-p16_16xb256-amp-coslr-300e_in1k",
  "mocov3_vit-base-p16_16xb256-amp-coslr-300e_in1k",
  "byol_resnet50_16xb256-coslr-200e_in1k",
  "swav_resnet50_8xb32-mcrop-coslr-200e_in1k-224px-96px",
];

/** Ending of the names of runs with generated views and quality-driven weights, as GenView has it. */
const GENERATED = "_singleview_clipmask";

/** Addresses of the bundled configurations, by name. */
export const bundledConfigurations: Readonly<Record<string, URL>> = Object.fromEntries(
  BASELINES.flatMap((name) => [name, `${name}${GENERATED}`])
    .map((name) => [name, new URL(`./${name}.json`, import.meta.url)]),
);
