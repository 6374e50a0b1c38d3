/**
 * The CUDA builds of ONNX Runtime that are published as wheels.
 *
 * @module
 */
import { GenviewTypeError } from "../errors/mod.ts";
import type { Wheel } from "./wheel_index.ts";

/** The package that carries ONNX Runtime's official CUDA builds. */
export const PROVIDER_PACKAGE = "onnxruntime-gpu";

/** The CUDA build of ONNX Runtime for a system, in a wheel. */
export interface ProviderBuild {
  /** End of the wheel's name, by which wheels for other systems are left out. */
  readonly platform: RegExp;
  /** Files of the execution provider, the small one first. */
  readonly providers: readonly string[];
  /** ONNX Runtime's main library of the same build. */
  readonly library: string;
}

/** Folder of the libraries in a wheel. */
export const WHEEL_FOLDER = "onnxruntime/capi";

/**
 * The CUDA build for a system.
 *
 * @param version of ONNX Runtime, such as `1.30.0`
 * @throws {TypeError} if none is published for the system
 */
export function providerBuild(
  version: string,
  os: string = Deno.build.os,
  arch: string = Deno.build.arch,
): ProviderBuild {
  const linux = {
    providers: ["libonnxruntime_providers_shared.so", "libonnxruntime_providers_cuda.so"],
    library: `libonnxruntime.so.${version}`,
  };
  switch (`${os} ${arch}`) {
    case "linux x86_64":
      return { ...linux, platform: /manylinux\w*_x86_64\.whl$/ };
    case "linux aarch64":
      return { ...linux, platform: /manylinux\w*_aarch64\.whl$/ };
    case "windows x86_64":
      return {
        platform: /win_amd64\.whl$/,
        providers: ["onnxruntime_providers_shared.dll", "onnxruntime_providers_cuda.dll"],
        library: "onnxruntime.dll",
      };
    default:
      throw new GenviewTypeError(
        `Cannot install the CUDA provider: the system must be Linux or Windows on x86_64, or Linux on aarch64, found ${os} ${arch}`,
      );
  }
}

/**
 * The wheel of a version for a system. The libraries in it do not depend on the version of Python that it is for.
 *
 * @throws {TypeError} if the index has none; the message lists the versions that it has
 */
export function chooseWheel(
  wheels: readonly Wheel[],
  version: string,
  { platform }: ProviderBuild,
): Wheel {
  const fitting = wheels.filter(({ name }) => platform.test(name));
  const found = fitting.find(({ name }) => name.split("-")[1] === version);
  if (found !== undefined) return found;
  const versions = [...new Set(fitting.map(({ name }) => name.split("-")[1]))].slice(-5);
  throw new GenviewTypeError(
    `Cannot install the CUDA provider: the index must have ${PROVIDER_PACKAGE} ${version} for ${Deno.build.os} ` +
      `${Deno.build.arch}, found ${versions.join(", ") || "no version for this system"}`,
  );
}
