/**
 * The functions of ONNX Runtime's C API that are called here: place in `struct OrtApi` and C signature.
 *
 * The struct only ever grows, so a slot is stable from the version that added it. The slots are those of
 * `include/onnxruntime/core/session/onnxruntime_c_api.h`; every member counts, also those that return no status.
 *
 * @module
 */

/** One function of the struct. */
export interface OrtFunction extends Deno.ForeignFunction {
  readonly slot: number;
}

/** Lowest version of the API that has every function below. */
export const ORT_API_VERSION = 17;

/** Slots and signatures, in the order of the struct. */
export const ORT_API = {
  // OrtStatus* CreateStatus(OrtErrorCode, const char* message)
  CreateStatus: { slot: 0, parameters: ["i32", "buffer"], result: "pointer" },
  // OrtErrorCode GetErrorCode(const OrtStatus* status)
  GetErrorCode: { slot: 1, parameters: ["pointer"], result: "i32" },
  // const char* GetErrorMessage(const OrtStatus* status)
  GetErrorMessage: { slot: 2, parameters: ["pointer"], result: "pointer" },
  // CreateEnv(OrtLoggingLevel severity, const char* logid, OrtEnv** out)
  CreateEnv: { slot: 3, parameters: ["i32", "buffer", "buffer"], result: "pointer" },
  // DisableTelemetryEvents(const OrtEnv*)
  DisableTelemetryEvents: { slot: 6, parameters: ["pointer"], result: "pointer" },
  // CreateSession(const OrtEnv*, const ORTCHAR_T* path, const OrtSessionOptions*, OrtSession** out)
  CreateSession: {
    slot: 7,
    parameters: ["pointer", "buffer", "pointer", "buffer"],
    result: "pointer",
    nonblocking: true,
  },
  // CreateSessionFromArray(const OrtEnv*, const void* data, size_t length, const OrtSessionOptions*, OrtSession** out)
  CreateSessionFromArray: {
    slot: 8,
    parameters: ["pointer", "buffer", "usize", "pointer", "buffer"],
    result: "pointer",
    nonblocking: true,
  },
  // The same function, called on the calling thread.
  CreateSessionFromArraySync: {
    slot: 8,
    parameters: ["pointer", "buffer", "usize", "pointer", "buffer"],
    result: "pointer",
  },
  // Run(OrtSession*, const OrtRunOptions*, const char* const* input_names, const OrtValue* const* inputs,
  //     size_t inputs, const char* const* output_names, size_t outputs, OrtValue** output)
  Run: {
    slot: 9,
    parameters: [
      "pointer",
      "pointer",
      "buffer",
      "buffer",
      "usize",
      "buffer",
      "usize",
      "buffer",
    ],
    result: "pointer",
    nonblocking: true,
  },
  // CreateSessionOptions(OrtSessionOptions** out)
  CreateSessionOptions: { slot: 10, parameters: ["buffer"], result: "pointer" },
  // EnableProfiling(OrtSessionOptions*, const ORTCHAR_T* prefix)
  EnableProfiling: { slot: 14, parameters: ["pointer", "buffer"], result: "pointer" },
  // DisableMemPattern(OrtSessionOptions*)
  DisableMemPattern: { slot: 17, parameters: ["pointer"], result: "pointer" },
  // DisableCpuMemArena(OrtSessionOptions*)
  DisableCpuMemArena: { slot: 19, parameters: ["pointer"], result: "pointer" },
  // SetSessionLogSeverityLevel(OrtSessionOptions*, int level)
  SetSessionLogSeverityLevel: { slot: 22, parameters: ["pointer", "i32"], result: "pointer" },
  // SetSessionGraphOptimizationLevel(OrtSessionOptions*, GraphOptimizationLevel)
  SetSessionGraphOptimizationLevel: { slot: 23, parameters: ["pointer", "i32"], result: "pointer" },
  // SetIntraOpNumThreads(OrtSessionOptions*, int)
  SetIntraOpNumThreads: { slot: 24, parameters: ["pointer", "i32"], result: "pointer" },
  // SetInterOpNumThreads(OrtSessionOptions*, int)
  SetInterOpNumThreads: { slot: 25, parameters: ["pointer", "i32"], result: "pointer" },
  // CreateCustomOpDomain(const char* domain, OrtCustomOpDomain** out)
  CreateCustomOpDomain: { slot: 26, parameters: ["buffer", "buffer"], result: "pointer" },
  // CustomOpDomain_Add(OrtCustomOpDomain*, const OrtCustomOp*), which must outlive the domain
  CustomOpDomain_Add: { slot: 27, parameters: ["pointer", "buffer"], result: "pointer" },
  // AddCustomOpDomain(OrtSessionOptions*, OrtCustomOpDomain*), which must outlive the session
  AddCustomOpDomain: { slot: 28, parameters: ["pointer", "pointer"], result: "pointer" },
  // SessionGetInputCount(const OrtSession*, size_t* out)
  SessionGetInputCount: { slot: 30, parameters: ["pointer", "buffer"], result: "pointer" },
  // SessionGetOutputCount(const OrtSession*, size_t* out)
  SessionGetOutputCount: { slot: 31, parameters: ["pointer", "buffer"], result: "pointer" },
  // SessionGetInputTypeInfo(const OrtSession*, size_t index, OrtTypeInfo** out)
  SessionGetInputTypeInfo: {
    slot: 33,
    parameters: ["pointer", "usize", "buffer"],
    result: "pointer",
  },
  // SessionGetOutputTypeInfo(const OrtSession*, size_t index, OrtTypeInfo** out)
  SessionGetOutputTypeInfo: {
    slot: 34,
    parameters: ["pointer", "usize", "buffer"],
    result: "pointer",
  },
  // SessionGetInputName(const OrtSession*, size_t index, OrtAllocator*, char** out)
  SessionGetInputName: {
    slot: 36,
    parameters: ["pointer", "usize", "pointer", "buffer"],
    result: "pointer",
  },
  // SessionGetOutputName(const OrtSession*, size_t index, OrtAllocator*, char** out)
  SessionGetOutputName: {
    slot: 37,
    parameters: ["pointer", "usize", "pointer", "buffer"],
    result: "pointer",
  },
  // CreateRunOptions(OrtRunOptions** out)
  CreateRunOptions: { slot: 39, parameters: ["buffer"], result: "pointer" },
  // CreateTensorAsOrtValue(OrtAllocator*, const int64_t* shape, size_t rank, ONNXTensorElementDataType, OrtValue** out)
  CreateTensorAsOrtValue: {
    slot: 48,
    parameters: ["pointer", "buffer", "usize", "i32", "buffer"],
    result: "pointer",
  },
  // CreateTensorWithDataAsOrtValue(const OrtMemoryInfo*, void* data, size_t bytes, const int64_t* shape, size_t rank,
  //     ONNXTensorElementDataType, OrtValue** out)
  CreateTensorWithDataAsOrtValue: {
    slot: 49,
    parameters: ["pointer", "pointer", "usize", "buffer", "usize", "i32", "buffer"],
    result: "pointer",
  },
  // GetTensorMutableData(OrtValue*, void** out)
  GetTensorMutableData: { slot: 51, parameters: ["pointer", "buffer"], result: "pointer" },
  // CastTypeInfoToTensorInfo(const OrtTypeInfo*, const OrtTensorTypeAndShapeInfo** out), borrowed from the type info
  CastTypeInfoToTensorInfo: { slot: 55, parameters: ["pointer", "buffer"], result: "pointer" },
  // GetTensorElementType(const OrtTensorTypeAndShapeInfo*, ONNXTensorElementDataType* out)
  GetTensorElementType: { slot: 60, parameters: ["pointer", "buffer"], result: "pointer" },
  // GetDimensionsCount(const OrtTensorTypeAndShapeInfo*, size_t* out)
  GetDimensionsCount: { slot: 61, parameters: ["pointer", "buffer"], result: "pointer" },
  // GetDimensions(const OrtTensorTypeAndShapeInfo*, int64_t* out, size_t rank)
  GetDimensions: { slot: 62, parameters: ["pointer", "buffer", "usize"], result: "pointer" },
  // GetTensorTypeAndShape(const OrtValue*, OrtTensorTypeAndShapeInfo** out)
  GetTensorTypeAndShape: { slot: 65, parameters: ["pointer", "buffer"], result: "pointer" },
  // CreateMemoryInfo(const char* name, OrtAllocatorType, int id, OrtMemType, OrtMemoryInfo** out)
  CreateMemoryInfo: {
    slot: 68,
    parameters: ["buffer", "i32", "i32", "i32", "buffer"],
    result: "pointer",
  },
  // CreateCpuMemoryInfo(OrtAllocatorType, OrtMemType, OrtMemoryInfo** out)
  CreateCpuMemoryInfo: { slot: 69, parameters: ["i32", "i32", "buffer"], result: "pointer" },
  // AllocatorFree(OrtAllocator*, void*)
  AllocatorFree: { slot: 76, parameters: ["pointer", "pointer"], result: "pointer" },
  // GetAllocatorWithDefaultOptions(OrtAllocator** out), never to be released
  GetAllocatorWithDefaultOptions: { slot: 78, parameters: ["buffer"], result: "pointer" },
  // KernelContext_GetInput(const OrtKernelContext*, size_t index, const OrtValue** out)
  KernelContext_GetInput: {
    slot: 90,
    parameters: ["pointer", "usize", "buffer"],
    result: "pointer",
  },
  // KernelContext_GetOutput(OrtKernelContext*, size_t index, const int64_t* shape, size_t rank, OrtValue** out)
  KernelContext_GetOutput: {
    slot: 91,
    parameters: ["pointer", "usize", "buffer", "usize", "buffer"],
    result: "pointer",
  },
  // void ReleaseEnv(OrtEnv*)
  ReleaseEnv: { slot: 92, parameters: ["pointer"], result: "void" },
  // void ReleaseStatus(OrtStatus*)
  ReleaseStatus: { slot: 93, parameters: ["pointer"], result: "void" },
  // void ReleaseMemoryInfo(OrtMemoryInfo*)
  ReleaseMemoryInfo: { slot: 94, parameters: ["pointer"], result: "void" },
  // void ReleaseSession(OrtSession*)
  ReleaseSession: { slot: 95, parameters: ["pointer"], result: "void" },
  // void ReleaseValue(OrtValue*)
  ReleaseValue: { slot: 96, parameters: ["pointer"], result: "void" },
  // void ReleaseRunOptions(OrtRunOptions*)
  ReleaseRunOptions: { slot: 97, parameters: ["pointer"], result: "void" },
  // void ReleaseTypeInfo(OrtTypeInfo*)
  ReleaseTypeInfo: { slot: 98, parameters: ["pointer"], result: "void" },
  // void ReleaseTensorTypeAndShapeInfo(OrtTensorTypeAndShapeInfo*)
  ReleaseTensorTypeAndShapeInfo: { slot: 99, parameters: ["pointer"], result: "void" },
  // void ReleaseSessionOptions(OrtSessionOptions*)
  ReleaseSessionOptions: { slot: 100, parameters: ["pointer"], result: "void" },
  // SessionEndProfiling(OrtSession*, OrtAllocator*, char** out)
  SessionEndProfiling: {
    slot: 110,
    parameters: ["pointer", "pointer", "buffer"],
    result: "pointer",
  },
  // GetAvailableProviders(char*** out, int* length)
  GetAvailableProviders: { slot: 125, parameters: ["buffer", "buffer"], result: "pointer" },
  // ReleaseAvailableProviders(char** providers, int length)
  ReleaseAvailableProviders: { slot: 126, parameters: ["pointer", "i32"], result: "pointer" },
  // AddSessionConfigEntry(OrtSessionOptions*, const char* key, const char* value)
  AddSessionConfigEntry: {
    slot: 130,
    parameters: ["pointer", "buffer", "buffer"],
    result: "pointer",
  },
  // CreateAllocator(const OrtSession*, const OrtMemoryInfo*, OrtAllocator** out)
  CreateAllocator: { slot: 131, parameters: ["pointer", "pointer", "buffer"], result: "pointer" },
  // void ReleaseAllocator(OrtAllocator*)
  ReleaseAllocator: { slot: 132, parameters: ["pointer"], result: "void" },
  // RunWithBinding(OrtSession*, const OrtRunOptions*, const OrtIoBinding*)
  RunWithBinding: {
    slot: 133,
    parameters: ["pointer", "pointer", "pointer"],
    result: "pointer",
    nonblocking: true,
  },
  // The same function, called on the calling thread.
  RunWithBindingSync: {
    slot: 133,
    parameters: ["pointer", "pointer", "pointer"],
    result: "pointer",
  },
  // CreateIoBinding(OrtSession*, OrtIoBinding** out)
  CreateIoBinding: { slot: 134, parameters: ["pointer", "buffer"], result: "pointer" },
  // void ReleaseIoBinding(OrtIoBinding*)
  ReleaseIoBinding: { slot: 135, parameters: ["pointer"], result: "void" },
  // BindInput(OrtIoBinding*, const char* name, const OrtValue*)
  BindInput: { slot: 136, parameters: ["pointer", "buffer", "pointer"], result: "pointer" },
  // BindOutput(OrtIoBinding*, const char* name, const OrtValue*)
  BindOutput: { slot: 137, parameters: ["pointer", "buffer", "pointer"], result: "pointer" },
  // void ClearBoundInputs(OrtIoBinding*)
  ClearBoundInputs: { slot: 141, parameters: ["pointer"], result: "void" },
  // void ClearBoundOutputs(OrtIoBinding*)
  ClearBoundOutputs: { slot: 142, parameters: ["pointer"], result: "void" },
  // CreateAndRegisterAllocator(OrtEnv*, const OrtMemoryInfo*, const OrtArenaCfg*)
  CreateAndRegisterAllocator: {
    slot: 144,
    parameters: ["pointer", "pointer", "pointer"],
    result: "pointer",
  },
  // void ReleaseArenaCfg(OrtArenaCfg*)
  ReleaseArenaCfg: { slot: 157, parameters: ["pointer"], result: "void" },
  // CreateArenaCfgV2(const char* const* keys, const size_t* values, size_t count, OrtArenaCfg** out)
  CreateArenaCfgV2: {
    slot: 164,
    parameters: ["buffer", "buffer", "usize", "buffer"],
    result: "pointer",
  },
  // AddRunConfigEntry(OrtRunOptions*, const char* key, const char* value)
  AddRunConfigEntry: { slot: 165, parameters: ["pointer", "buffer", "buffer"], result: "pointer" },
  // SynchronizeBoundInputs(OrtIoBinding*)
  SynchronizeBoundInputs: { slot: 202, parameters: ["pointer"], result: "pointer" },
  // SynchronizeBoundOutputs(OrtIoBinding*)
  SynchronizeBoundOutputs: { slot: 203, parameters: ["pointer"], result: "pointer" },
  // SessionOptionsAppendExecutionProvider_CUDA_V2(OrtSessionOptions*, const OrtCUDAProviderOptionsV2*)
  SessionOptionsAppendExecutionProvider_CUDA_V2: {
    slot: 204,
    parameters: ["pointer", "pointer"],
    result: "pointer",
  },
  // CreateCUDAProviderOptions(OrtCUDAProviderOptionsV2** out)
  CreateCUDAProviderOptions: { slot: 205, parameters: ["buffer"], result: "pointer" },
  // UpdateCUDAProviderOptions(OrtCUDAProviderOptionsV2*, const char* const* keys, const char* const* values, size_t)
  UpdateCUDAProviderOptions: {
    slot: 206,
    parameters: ["pointer", "buffer", "buffer", "usize"],
    result: "pointer",
  },
  // void ReleaseCUDAProviderOptions(OrtCUDAProviderOptionsV2*)
  ReleaseCUDAProviderOptions: { slot: 208, parameters: ["pointer"], result: "void" },
  // SessionOptionsAppendExecutionProvider(OrtSessionOptions*, const char* provider, const char* const* keys,
  //     const char* const* values, size_t)
  SessionOptionsAppendExecutionProvider: {
    slot: 216,
    parameters: ["pointer", "buffer", "buffer", "buffer", "usize"],
    result: "pointer",
  },
} as const;
