/*
 * A stand-in for the CUDA runtime, libcudart.so.13: memory is the host's, copies and fills are real, streams and events
 * are always done, and kernels are counted and not computed. ONNX Runtime's CUDA provider registers, places and
 * constructs its kernels on it as on a GPU, on a machine that has none.
 *
 * CUDA_STAND_IN_LOG names a file for what is launched and copied, a line each: "launch NAME", "copy KIND BYTES" with the
 * kinds of cudaMemcpyKind (1 to the device, 2 from it, 3 within it). cuBLAS and cuDNN write there, too (libraries.ts).
 * CUDA_STAND_IN_CAPABILITY is the compute capability, 90 (Hopper) by default.
 *
 * Functions that are not here are made by build.ts: they do nothing and succeed.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define SUCCESS 0
#define OUT_OF_MEMORY 2
#define DEVICE_MEMORY ((size_t)80 << 30)
#define MULTIPROCESSORS 132
#define REGISTERS 65536
#define L2_BYTES (50 << 20)
#define SHARED_PER_BLOCK 49152
#define SHARED_PER_BLOCK_AT_MOST 232448
#define SHARED_PER_MULTIPROCESSOR 233472

typedef int status;
typedef struct {
  unsigned x, y, z;
} dim3;

/* --- What is said of it ---------------------------------------------------------------------------------------- */

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static FILE *log_file;
static int log_asked;

EXPORT void standInSay(const char *format, ...) {
  pthread_mutex_lock(&log_lock);
  if (!log_asked) {
    const char *path = getenv("CUDA_STAND_IN_LOG");
    if (path != NULL) log_file = fopen(path, "a");
    log_asked = 1;
  }
  if (log_file != NULL) {
    va_list values;
    va_start(values, format);
    vfprintf(log_file, format, values);
    va_end(values);
    fputc('\n', log_file);
    fflush(log_file);
  }
  pthread_mutex_unlock(&log_lock);
}

/* --- Kernels --------------------------------------------------------------------------------------------------- */

/* Names of kernels by the address of their stub on the host, as the provider registers them when it is loaded. */
static struct kernel {
  const void *stub;
  const char *name;
} *kernels;
static size_t kernel_count, kernel_room;

static const char *kernel_name(const void *stub) {
  for (size_t i = 0; i < kernel_count; i++) {
    if (kernels[i].stub == stub) return kernels[i].name;
  }
  return "?";
}

EXPORT void **__cudaRegisterFatBinary(void *binary) {
  static void *handle[4];
  return handle;
}
EXPORT void __cudaRegisterFatBinaryEnd(void **handle) {}
EXPORT void __cudaUnregisterFatBinary(void **handle) {}
EXPORT void __cudaRegisterVar(void **handle, char *host, char *address, const char *name, int external, size_t size,
                              int constant, int global) {}
EXPORT void __cudaRegisterFunction(void **handle, const char *stub, char *function, const char *name, int limit,
                                   void *thread, void *block, void *block_size, void *grid, int *warp) {
  if (kernel_count == kernel_room) {
    kernel_room = kernel_room == 0 ? 1 << 16 : 2 * kernel_room;
    kernels = realloc(kernels, kernel_room * sizeof *kernels);
  }
  kernels[kernel_count].stub = stub;
  kernels[kernel_count++].name = name;
}

/* The configuration in <<<…>>> of the launch that follows on the same thread. */
static __thread struct {
  dim3 grid, block;
  size_t shared;
  void *stream;
} pending;

EXPORT unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared, void *stream) {
  pending.grid = grid;
  pending.block = block;
  pending.shared = shared;
  pending.stream = stream;
  return 0;
}
EXPORT status __cudaPopCallConfiguration(dim3 *grid, dim3 *block, size_t *shared, void **stream) {
  *grid = pending.grid;
  *block = pending.block;
  *shared = pending.shared;
  *stream = pending.stream;
  return SUCCESS;
}
EXPORT status __cudaGetKernel(void **kernel, const void *stub) {
  *kernel = (void *)stub;
  return SUCCESS;
}

static status launch(const void *stub) {
  standInSay("launch %s", kernel_name(stub));
  return SUCCESS;
}
EXPORT status __cudaLaunchKernel(const void *stub, dim3 grid, dim3 block, void **values, size_t shared, void *stream) {
  return launch(stub);
}
EXPORT status cudaLaunchKernel(const void *stub, dim3 grid, dim3 block, void **values, size_t shared, void *stream) {
  return launch(stub);
}
EXPORT status cudaLaunchCooperativeKernel(const void *stub, dim3 grid, dim3 block, void **values, size_t shared,
                                          void *stream) {
  return launch(stub);
}
EXPORT status cudaLaunchKernelExC(const void *configuration, const void *stub, void **values) { return launch(stub); }
EXPORT status cudaLaunchHostFunc(void *stream, void (*function)(void *), void *data) {
  function(data);
  return SUCCESS;
}

/* The leading fields of cudaFuncAttributes, of CUDA 13. */
struct function_attributes {
  size_t shared, constant, local;
  int threads, registers, ptx, binary, cache, dynamic_shared;
};
EXPORT status cudaFuncGetAttributes(struct function_attributes *attributes, const void *stub) {
  memset(attributes, 0, sizeof *attributes);
  attributes->threads = 1024;
  attributes->registers = 32;
  attributes->ptx = attributes->binary = 90;
  attributes->dynamic_shared = SHARED_PER_BLOCK;
  return SUCCESS;
}
EXPORT status cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *blocks, const void *stub, int threads,
                                                                     size_t shared, unsigned flags) {
  *blocks = 2;
  return SUCCESS;
}
EXPORT status cudaLibraryLoadData(void **library, const void *code, void *a, void **b, unsigned c, void *d, void **e,
                                  unsigned f) {
  *library = malloc(8);
  return SUCCESS;
}
EXPORT status cudaLibraryGetKernel(void **kernel, void *library, const char *name) {
  *kernel = strdup(name);
  return SUCCESS;
}

/* --- Memory ---------------------------------------------------------------------------------------------------- */

static status allocate(void **memory, size_t size) {
  *memory = NULL;
  if (size == 0) return SUCCESS;
  if (posix_memalign(memory, 256, size) != 0) return OUT_OF_MEMORY;
  /* What kernels would have written is read by the next, so it must be the same in every run; large pieces are weights. */
  if (size < (size_t)1 << 28) memset(*memory, 0, size);
  return SUCCESS;
}
EXPORT status cudaMalloc(void **memory, size_t size) { return allocate(memory, size); }
EXPORT status cudaMallocFromPoolAsync(void **memory, size_t size, void *pool, void *stream) {
  return allocate(memory, size);
}
EXPORT status cudaMallocHost(void **memory, size_t size) { return allocate(memory, size == 0 ? 1 : size); }
EXPORT status cudaHostAlloc(void **memory, size_t size, unsigned flags) {
  return allocate(memory, size == 0 ? 1 : size);
}
EXPORT status cudaFree(void *memory) {
  free(memory);
  return SUCCESS;
}
EXPORT status cudaFreeAsync(void *memory, void *stream) { return cudaFree(memory); }
EXPORT status cudaFreeHost(void *memory) { return cudaFree(memory); }
EXPORT status cudaMemGetInfo(size_t *available, size_t *total) {
  *total = DEVICE_MEMORY;
  *available = DEVICE_MEMORY - ((size_t)1 << 30);
  return SUCCESS;
}
EXPORT status cudaMemPoolCreate(void **pool, const void *properties) {
  *pool = malloc(8);
  return SUCCESS;
}
EXPORT status cudaMemPoolDestroy(void *pool) { return cudaFree(pool); }
EXPORT status cudaMemPoolGetAttribute(void *pool, int attribute, uint64_t *value) {
  *value = 0;
  return SUCCESS;
}

static status copy(void *to, const void *from, size_t size, int kind) {
  standInSay("copy %d %zu", kind, size);
  memmove(to, from, size);
  return SUCCESS;
}
EXPORT status cudaMemcpy(void *to, const void *from, size_t size, int kind) { return copy(to, from, size, kind); }
EXPORT status cudaMemcpyAsync(void *to, const void *from, size_t size, int kind, void *stream) {
  return copy(to, from, size, kind);
}
EXPORT status cudaMemcpy2DAsync(void *to, size_t to_pitch, const void *from, size_t from_pitch, size_t width,
                                size_t height, int kind, void *stream) {
  standInSay("copy %d %zu", kind, width * height);
  for (size_t i = 0; i < height; i++) {
    memmove((char *)to + i * to_pitch, (const char *)from + i * from_pitch, width);
  }
  return SUCCESS;
}
EXPORT status cudaMemcpyFromSymbol(void *to, const void *symbol, size_t size, size_t offset, int kind) {
  memset(to, 0, size);
  return SUCCESS;
}
EXPORT status cudaMemset(void *memory, int value, size_t size) {
  standInSay("launch memset");
  memset(memory, value, size);
  return SUCCESS;
}
EXPORT status cudaMemsetAsync(void *memory, int value, size_t size, void *stream) {
  return cudaMemset(memory, value, size);
}
/* Memory of no known kind: 0 is cudaMemoryTypeUnregistered. */
struct pointer_attributes {
  int type, device;
  void *on_device, *on_host;
};
EXPORT status cudaPointerGetAttributes(struct pointer_attributes *attributes, const void *memory) {
  memset(attributes, 0, sizeof *attributes);
  return SUCCESS;
}

/* --- Streams, events and graphs -------------------------------------------------------------------------------- */

static status make(void **handle) {
  *handle = malloc(64);
  return SUCCESS;
}
EXPORT status cudaStreamCreate(void **stream) { return make(stream); }
EXPORT status cudaStreamCreateWithFlags(void **stream, unsigned flags) { return make(stream); }
EXPORT status cudaStreamDestroy(void *stream) { return cudaFree(stream); }
EXPORT status cudaStreamIsCapturing(void *stream, int *state) {
  *state = 0;
  return SUCCESS;
}
EXPORT status cudaStreamEndCapture(void *stream, void **graph) { return make(graph); }
EXPORT status cudaGraphInstantiate(void **executable, void *graph, uint64_t flags) { return make(executable); }
EXPORT status cudaGraphLaunch(void *executable, void *stream) {
  standInSay("launch graph");
  return SUCCESS;
}
EXPORT status cudaGraphDestroy(void *graph) { return cudaFree(graph); }
EXPORT status cudaGraphExecDestroy(void *executable) { return cudaFree(executable); }
EXPORT status cudaEventCreate(void **event) { return make(event); }
EXPORT status cudaEventCreateWithFlags(void **event, unsigned flags) { return make(event); }
EXPORT status cudaEventDestroy(void *event) { return cudaFree(event); }
EXPORT status cudaEventElapsedTime(float *milliseconds, void *from, void *to) {
  *milliseconds = 1;
  return SUCCESS;
}

/* --- The device ------------------------------------------------------------------------------------------------ */

static int capability(void) {
  const char *asked = getenv("CUDA_STAND_IN_CAPABILITY");
  return asked == NULL ? 90 : atoi(asked);
}

/* cudaDeviceProp of CUDA 13, which has 1008 bytes; what the provider reads of it. */
union device_properties {
  unsigned char bytes[1008];
  char name[256];
};
static void put(union device_properties *properties, size_t offset, uint64_t value, size_t size) {
  memcpy(properties->bytes + offset, &value, size);
}
EXPORT status cudaGetDeviceProperties(union device_properties *properties, int device) {
  memset(properties, 0, sizeof *properties);
  strcpy(properties->name, "stand-in for a CUDA device");
  put(properties, 288, DEVICE_MEMORY, 8);              /* totalGlobalMem */
  put(properties, 296, SHARED_PER_BLOCK, 8);           /* sharedMemPerBlock */
  put(properties, 304, REGISTERS, 4);                  /* regsPerBlock */
  put(properties, 308, 32, 4);                         /* warpSize */
  put(properties, 320, 1024, 4);                       /* maxThreadsPerBlock */
  put(properties, 324, 1024, 4);                       /* maxThreadsDim[0] */
  put(properties, 328, 1024, 4);                       /* maxThreadsDim[1] */
  put(properties, 332, 64, 4);                         /* maxThreadsDim[2] */
  put(properties, 336, 2147483647, 4);                 /* maxGridSize[0] */
  put(properties, 340, 65535, 4);                      /* maxGridSize[1] */
  put(properties, 344, 65535, 4);                      /* maxGridSize[2] */
  put(properties, 360, capability() / 10, 4);          /* major */
  put(properties, 364, capability() % 10, 4);          /* minor */
  put(properties, 384, MULTIPROCESSORS, 4);            /* multiProcessorCount */
  put(properties, 560, 1, 4);                          /* concurrentKernels */
  put(properties, 588, 1, 4);                          /* unifiedAddressing */
  put(properties, 592, 5120, 4);                       /* memoryBusWidth */
  put(properties, 596, L2_BYTES, 4);                   /* l2CacheSize */
  put(properties, 604, 2048, 4);                       /* maxThreadsPerMultiProcessor */
  put(properties, 624, SHARED_PER_MULTIPROCESSOR, 8);  /* sharedMemPerMultiprocessor */
  put(properties, 632, REGISTERS, 4);                  /* regsPerMultiprocessor */
  put(properties, 672, SHARED_PER_BLOCK_AT_MOST, 8);   /* sharedMemPerBlockOptin */
  put(properties, 688, 32, 4);                         /* maxBlocksPerMultiProcessor */
  put(properties, 696, 1024, 8);                       /* reservedSharedMemPerBlock */
  return SUCCESS;
}
EXPORT status cudaDeviceGetAttribute(int *value, int attribute, int device) {
  switch (attribute) {
    case 1: *value = 1024; break;                        /* cudaDevAttrMaxThreadsPerBlock */
    case 2: case 3: *value = 1024; break;                /* cudaDevAttrMaxBlockDimX, Y */
    case 4: *value = 64; break;                          /* cudaDevAttrMaxBlockDimZ */
    case 5: *value = 2147483647; break;                  /* cudaDevAttrMaxGridDimX */
    case 6: case 7: *value = 65535; break;               /* cudaDevAttrMaxGridDimY, Z */
    case 8: *value = SHARED_PER_BLOCK; break;            /* cudaDevAttrMaxSharedMemoryPerBlock */
    case 10: *value = 32; break;                         /* cudaDevAttrWarpSize */
    case 12: case 82: *value = REGISTERS; break;         /* cudaDevAttrMaxRegistersPerBlock, …PerMultiprocessor */
    case 16: *value = MULTIPROCESSORS; break;            /* cudaDevAttrMultiProcessorCount */
    case 38: *value = L2_BYTES; break;                   /* cudaDevAttrL2CacheSize */
    case 39: *value = 2048; break;                       /* cudaDevAttrMaxThreadsPerMultiProcessor */
    case 75: *value = capability() / 10; break;          /* cudaDevAttrComputeCapabilityMajor */
    case 76: *value = capability() % 10; break;          /* cudaDevAttrComputeCapabilityMinor */
    case 81: *value = SHARED_PER_MULTIPROCESSOR; break;  /* cudaDevAttrMaxSharedMemoryPerMultiprocessor */
    case 97: *value = SHARED_PER_BLOCK_AT_MOST; break;   /* cudaDevAttrMaxSharedMemoryPerBlockOptin */
    case 111: *value = 1024; break;                      /* cudaDevAttrReservedSharedMemoryPerBlock */
    default: *value = 1;                                 /* Whether it can do something: it can. */
  }
  return SUCCESS;
}
EXPORT status cudaGetDeviceCount(int *count) {
  *count = 1;
  return SUCCESS;
}
EXPORT status cudaGetDevice(int *device) {
  *device = 0;
  return SUCCESS;
}
EXPORT status cudaDriverGetVersion(int *version) {
  *version = 13020;
  return SUCCESS;
}
EXPORT status cudaRuntimeGetVersion(int *version) {
  *version = 13000;
  return SUCCESS;
}
EXPORT status cudaDeviceSynchronize(void) { return SUCCESS; }
/* Functions of the driver's, of which the provider asks for some by name: all do nothing. */
EXPORT status cudaGetDriverEntryPointByVersion(const char *name, void **function, unsigned version, uint64_t flags,
                                               int *found) {
  *function = (void *)cudaDeviceSynchronize;
  if (found != NULL) *found = 0;
  return SUCCESS;
}
EXPORT const char *cudaGetErrorName(status error) { return error == SUCCESS ? "cudaSuccess" : "cudaErrorStandIn"; }
EXPORT const char *cudaGetErrorString(status error) { return error == SUCCESS ? "no error" : "error of the stand-in"; }
