/**
 * C sources of stand-ins for the libraries around the CUDA runtime, which succeed and compute nothing.
 *
 * @module
 */

/** What a provider calls of a library. */
export interface CalledLibrary {
  /** Name by which it is loaded, such as `libcublas.so.13`. */
  readonly soname: string;
  /** Names of the functions. */
  readonly functions: readonly string[];
}

const HEAD = [
  "#include <stdint.h>",
  "#include <stdlib.h>",
  "#include <string.h>",
  "extern void standInSay(const char *format, ...);",
];

/** Functions that hand something out, by name. */
const SPECIAL: Readonly<Record<string, string>> = {
  // A result without a workspace, of the one algorithm that there is.
  cublasLtMatmulAlgoGetHeuristic:
    "int cublasLtMatmulAlgoGetHeuristic(void *l, void *d, void *a, void *b, void *c, void *e, void *p, int asked, " +
    "void *results, int *found) { memset(results, 0, 96); *found = 1; return 0; }",
  cudnnGetVersion: "size_t cudnnGetVersion(void) { return 91300; }",
  cudnnGetLastErrorString:
    "void cudnnGetLastErrorString(char *text, size_t size) { if (size > 0) text[0] = 0; }",
  cudnnBackendCreateDescriptor:
    "int cudnnBackendCreateDescriptor(int type, void **made) { *made = calloc(1, 4096); return 0; }",
  cudnnBackendDestroyDescriptor: "int cudnnBackendDestroyDescriptor(void *made) { return 0; }",
  // One engine (202 and 300) in its place (1301), without workspace (402, 303, 802) and shared memory (304).
  cudnnBackendGetAttribute: `
int cudnnBackendGetAttribute(void *made, int name, int type, int64_t room, int64_t *count, void *values) {
  int whole = name == 402 || name == 303 || name == 802 || name == 1301;
  int one = whole || name == 202 || name == 300 || name == 304;
  if (values != NULL && room > 0) {
    if (name == 304) *(int32_t *)values = 0;
    if (whole) *(int64_t *)values = 0;
  }
  if (count != NULL) *count = one;
  return 0;
}`,
  cudnnGetReductionWorkspaceSize:
    "int cudnnGetReductionWorkspaceSize(void *l, void *r, void *a, void *b, size_t *size) { *size = 1024; return 0; }",
  cudnnGetReductionIndicesSize:
    "int cudnnGetReductionIndicesSize(void *l, void *r, void *a, void *b, size_t *size) { *size = 1024; return 0; }",
  cudnnDropoutGetStatesSize:
    "int cudnnDropoutGetStatesSize(void *l, size_t *size) { *size = 1024; return 0; }",
};

/** Functions that have the GPU compute something: products, copies, forward passes, plans of cuDNN's. */
const COMPUTES =
  /^cublas[SD](gemm|geam|copy|scal|getr[fi])|^cublasGemm|^cublasLtMat(mul|rixTransform)$|^cudnn(\w*Forward(Inference|Training)?|AddTensor|ReduceTensor|BackendExecute)$/;

/** Functions that make an object and hand its place out by their first parameter. */
const MAKES = /^cublas\w*Create(_v2)?$|^cudnnCreate/;

/** Functions that put an error in words. */
const SAYS = /Status(Name|String)$|ErrorString$/;

function source(name: string): string {
  const special = SPECIAL[name];
  if (special !== undefined) return special;
  if (SAYS.test(name)) return `const char *${name}(int status) { return "stand-in"; }`;
  if (COMPUTES.test(name)) {
    return `int ${name}(void) { standInSay("launch ${name}"); return 0; }`;
  }
  if (MAKES.test(name)) return `int ${name}(void **made) { *made = calloc(1, 4096); return 0; }`;
  return `int ${name}(void) { return 0; }`;
}

/** The C source of a library. */
export function librarySource({ functions }: CalledLibrary): string {
  return [...HEAD, ...functions.map(source), ""].join("\n");
}

/** Names of cuDNN's functions in a provider, which looks them up when the first is called. */
export function cudnnFunctions(provider: Uint8Array): string[] {
  const names = new Set<string>();
  const prefix = new TextEncoder().encode("cudnn");
  const isWord = (byte: number) =>
    byte === 0x5f || (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a);
  for (let at = 1; at < provider.length; at++) {
    if (provider[at] !== prefix[0] || provider[at - 1] !== 0) continue;
    if (!prefix.every((byte, i) => provider[at + i] === byte)) continue;
    let end = at;
    while (end < provider.length && isWord(provider[end]!)) end++;
    const name = new TextDecoder().decode(provider.subarray(at, end));
    if (provider[end] === 0 && /^cudnn[A-Z]/.test(name)) names.add(name);
    at = end;
  }
  return [...names].sort();
}
