/**
 * ONNX Runtime's CUDA execution provider, brought to where ONNX Runtime looks for it.
 *
 * @module
 */
export {
  type InstallControl,
  installCuda,
  type InstallCudaOptions,
  type InstalledCuda,
} from "./install_cuda.ts";
export {
  chooseWheel,
  PROVIDER_PACKAGE,
  type ProviderBuild,
  providerBuild,
  WHEEL_FOLDER,
} from "./provider_build.ts";
export { type IndexOptions, listWheels, PYPI, type Wheel, wheelFacts } from "./wheel_index.ts";
