/**
 * ONNX Runtime's C API by Deno FFI: sessions, tensors on devices, and bindings of the two.
 *
 * Nothing is opened on import: the first call opens the library, which needs `--allow-ffi` only. Nothing outside this
 * folder sees a pointer, but for the memory of tensors that `lent_memory.ts` lends to MPI. May import
 * `core/engine/graph/`, and `core/engine/onnx/`, `core/engine/ops/`, `core/engine/precision/` and `core/engine/autodiff/`
 * for the small models that it runs itself.
 *
 * @module
 */
export { Binding, type Bindings } from "./binding.ts";
export { adviseOnLibraries, type CudaProvider, cudaProvider } from "./cuda_libraries.ts";
export {
  CPU,
  describeDevice,
  type Device,
  formatDevice,
  parseDevice,
  sameDevice,
  withoutTf32,
} from "./device.ts";
export {
  type DeviceReport,
  diagnose,
  type Diagnosis,
  isHealthy,
  type RuntimeReport,
} from "./diagnose.ts";
export { DeviceTensor } from "./device_tensor.ts";
export { availableProviders, ortLibraryPath, ortVersion } from "./environment.ts";
export { OrtError, type OrtErrorCode } from "./error.ts";
export type { HostOperator } from "./host_operator.ts";
export { LIBRARY_VARIABLE, useLibrary } from "./library.ts";
export { withProviderOptions } from "./provider_options.ts";
export { checkDevice, type DeviceCheck, resolveDevice } from "./resolve_device.ts";
export { HALF_TRIALS } from "./self_test/half_trials.ts";
export type { OperatorTrial } from "./self_test/operator_trial.ts";
export { openDevice, trustDevice, type TrustOptions } from "./self_test/trust_device.ts";
export { testOperators, type WrongOperator } from "./self_test/test_operators.ts";
export { arenaBytes } from "./memory/arena_bytes.ts";
export { type Accelerator, ACCELERATORS, type ProductPrecision } from "./cost/accelerators.ts";
export { kernelSeconds, LAUNCH_SECONDS, modelCosts, type NamedCost } from "./cost/estimate.ts";
export { addCosts, type Cost, NO_COST } from "./cost/node_cost.ts";
export type { Placement } from "./placement.ts";
export type { RunOptions } from "./run_options.ts";
export { type Feeds, Session, type SessionRunOptions } from "./session.ts";
export { type TrialRun, trialRun } from "./trial_run.ts";
export type { LogSeverity, Optimization, SessionOptions } from "./session_options.ts";
export type { NamedType } from "./signature.ts";
