/**
 * The model's figures for clusters: a table for people, and a picture.
 *
 * @module
 */
import { lineChart } from "../../core/plot/mod.ts";
import { stepParts, type Transport, type Workload } from "./model.ts";

/** GPUs, eight in a machine. */
const GPUS = [8, 16, 32, 64, 128, 256, 512];

/**
 * MoCo v3 with 256 samples on each H100: times from docs/cost.md, gradients and collectives as `--dry-run` counts them.
 */
const WORKLOADS: readonly Workload[] = [
  {
    ...{ name: "ResNet-50", samples: 256, compute: 0.2436, gradients: 140e6 },
    ...{ collectives: 171, width: 256 },
  },
  {
    ...{ name: "ViT-B", samples: 256, compute: 0.4647, gradients: 433e6 },
    ...{ collectives: 40, width: 256 },
  },
];

/** A network of 200 Gb/s: for each GPU, or for each machine of eight, whose ring passes it once. */
const NETWORK = 25e9;

/** What carries messages: as it is without a CUDA-aware MPI, and with one. */
function transports(hostBandwidth: number): readonly Transport[] {
  const host = Math.min(NETWORK, hostBandwidth);
  return [
    {
      name: "by the host",
      wire: { latency: 10e-6, bandwidth: host },
      ...{ stop: 200e-6, hostCopy: 25e9, overlap: 0 },
    },
    {
      name: "CUDA-aware",
      wire: { latency: 10e-6, bandwidth: NETWORK },
      ...{ stop: 100e-6, overlap: 0 },
    },
    {
      name: "and overlapped",
      wire: { latency: 10e-6, bandwidth: NETWORK },
      ...{ stop: 100e-6, overlap: 2 / 3 },
    },
  ];
}

/** Lines of a table. */
export function describeClusters(hostBandwidth: number): string {
  const ms = (seconds: number) => (1000 * seconds).toFixed(seconds < 0.01 ? 1 : 0);
  const rows = WORKLOADS.flatMap((workload) =>
    transports(hostBandwidth).flatMap((transport) =>
      GPUS.map((gpus) => {
        const parts = stepParts(workload, transport, gpus);
        const { compute, gradients, collectives, loss, efficiency, similarities } = parts;
        return [
          ...[workload.name, transport.name, `${gpus}`, ms(compute), ms(gradients)],
          ...[ms(collectives), ms(loss), `${(100 * efficiency).toFixed(0)} %`],
          `${(similarities / 2 ** 30).toFixed(2)} GiB`,
        ];
      })
    )
  );
  const head = [
    ...["network", "messages", "GPUs", "computes", "gradients", "collectives", "loss"],
    ...["efficiency", "similarities"],
  ];
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** A picture of the efficiency, an SVG. */
export async function drawClusters(hostBandwidth: number): Promise<string> {
  return await lineChart({
    series: WORKLOADS.flatMap((workload) =>
      transports(hostBandwidth).map((transport) => ({
        name: `${workload.name}, ${transport.name}`,
        points: GPUS.map((gpus) =>
          [Math.log2(gpus), stepParts(workload, transport, gpus).efficiency] as const
        ),
      }))
    ),
    title: "What many GPUs are worth, modelled",
    xLabel: "GPUs, as a power of two: 3 is 8, 9 is 512; 256 samples on each",
    yLabel: "samples in a second over those of as many GPUs alone",
    yRange: [0, 1],
    rules: [{ value: 0.8, label: "80 %" }],
  });
}
