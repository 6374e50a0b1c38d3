/**
 * The parts of CUDA that ONNX Runtime's CUDA provider needs.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { ortLibraryPath } from "./environment.ts";
import { canLoad, neededLibraries } from "./needed_libraries.ts";

/** The CUDA provider of the library in use. */
export interface CudaProvider {
  /** Where it lies, or would. */
  readonly path: string;
  /** Whether it is there. */
  readonly installed: boolean;
  /** Version of CUDA that it is built for, as in `13`; undefined where that is not known. */
  readonly cuda?: string;
  /** Names of the CUDA libraries that it needs and the system does not find. */
  readonly missing: readonly string[];
}

/** It is opened when the first convolution runs, and so stands in no table. */
const CUDNN = "libcudnn.so.9";

/** Parts of CUDA, by the beginning of their library's name: packages of apt and of PyPI for a version of CUDA. */
const PACKAGES: readonly (readonly [
  prefix: string,
  apt: (cuda: string) => string,
  pip: (cuda: string) => string,
])[] = [
  [
    "libcudart.",
    (cuda) => `cuda-cudart-${cuda}-0`,
    (cuda) => cuda === "12" ? "nvidia-cuda-runtime-cu12" : "nvidia-cuda-runtime",
  ],
  [
    "libcublas",
    (cuda) => `libcublas-${cuda}-0`,
    (cuda) => cuda === "12" ? "nvidia-cublas-cu12" : "nvidia-cublas",
  ],
  [
    "libcurand.",
    (cuda) => `libcurand-${cuda}-0`,
    (cuda) => cuda === "12" ? "nvidia-curand-cu12" : "nvidia-curand",
  ],
  [
    "libcufft.",
    (cuda) => `libcufft-${cuda}-0`,
    (cuda) => cuda === "12" ? "nvidia-cufft-cu12" : "nvidia-cufft",
  ],
  [
    "libcudnn.",
    (cuda) => `libcudnn9-cuda-${cuda}`,
    (cuda) => `nvidia-cudnn-cu${cuda}`,
  ],
];

/**
 * Looks at the CUDA provider of the library in use: whether it is there, for which CUDA it is built and, on Linux, which
 * of CUDA's libraries the system does not find.
 *
 * @throws {TypeError} if ONNX Runtime cannot be opened
 */
export function cudaProvider(): CudaProvider {
  const isWindows = Deno.build.os === "windows";
  const name = isWindows ? "onnxruntime_providers_cuda.dll" : "libonnxruntime_providers_cuda.so";
  const path = join(dirname(ortLibraryPath()), name);
  try {
    const needed = neededLibraries(path).filter((library) => /^libcu/.test(library));
    const cuda = needed.flatMap((library) => /^libcudart\.so\.(\d+)/.exec(library)?.[1] ?? [])[0];
    const wanted = needed.length === 0 ? [] : [...needed, CUDNN];
    return {
      path,
      installed: true,
      ...(cuda !== undefined && { cuda }),
      missing: wanted.filter((library) => !canLoad(library)),
    };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { path, installed: false, missing: [] };
  }
}

/** How missing parts of CUDA are installed, by NVIDIA's packages for Debian and Ubuntu or by PyPI's. */
export function adviseOnLibraries(missing: readonly string[], cuda: string): string {
  const packages = PACKAGES.filter(([prefix]) => missing.some((name) => name.startsWith(prefix)));
  const apt = packages.map(([, name]) => name(cuda)).join(" ");
  const pip = packages.map(([, , name]) => name(cuda)).join(" ");
  const parts = [
    ...(missing.includes("libcuda.so.1")
      ? ["install an NVIDIA driver, which brings libcuda.so.1"]
      : []),
    ...(packages.length > 0
      ? [
        `install ${
          missing.filter((name) => name !== "libcuda.so.1").join(", ")
        } by "apt install ${apt}" from NVIDIA's ` +
        `repository, or by "pip install ${pip}" and the folders nvidia/*/lib of its packages in LD_LIBRARY_PATH`,
      ]
      : []),
  ];
  return parts.join("; ");
}
