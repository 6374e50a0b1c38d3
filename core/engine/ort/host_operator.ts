/**
 * Operators that ONNX Runtime does not have, computed here: in the middle of a run it calls back.
 *
 * @module
 */
import { byteSize, type DataOf, type DType, viewBytes } from "../graph/dtype.ts";
import { elementCount, type Shape } from "../graph/shape.ts";
import type { TensorType } from "../graph/tensor.ts";
import { encodeCopyModel } from "../onnx/copy_model.ts";
import { elementNumber } from "../onnx/element_types.ts";
import { HOST_DOMAIN } from "../ops/_collective.ts";
import { obtain } from "./api.ts";
import { cShape, cString } from "./c_values.ts";
import { environment } from "./environment.ts";
import { check, type Status } from "./error.ts";
import { readTensorType } from "./signature.ts";

/** An operator of one input and one output of the same element type, of the domain `genview`. */
export interface HostOperator {
  /** Name of the operator, such as `AllReduce`. */
  readonly name: string;
  /** Element types that it takes. */
  readonly dtypes: readonly DType[];
  /** Shape of what it makes of an input. */
  readonly shape: (input: Shape) => Shape;
  /**
   * Computes the output. It is called on the thread of JavaScript, which ONNX Runtime's waits for; what it throws ends
   * the run with its message. Both arrays are the tensors' own memory, and only for the time of the call.
   */
  readonly compute: (input: DataOf<DType>, output: DataOf<DType>) => void;
}

/** `ORT_RUNTIME_EXCEPTION` of `enum OrtErrorCode`. */
const RUNTIME_EXCEPTION = 6;

/** Version of `struct OrtCustomOp` below: the first that has a range of versions of an operator. */
const STRUCT_VERSION = 17;

/** Members of that struct, a version and pointers to functions. */
const STRUCT_WORDS = 22;

/** What ONNX Runtime holds on to: as long as the process. */
const kept: unknown[] = [];

/** Address of a C function that answers by JavaScript. */
function callback<
  const Parameters extends readonly Deno.NativeType[],
  const Result extends Deno.NativeResultType,
>(
  parameters: Parameters,
  result: Result,
  answer: Deno.UnsafeCallbackFunction<Parameters, Result>,
): bigint {
  const made = new Deno.UnsafeCallback({ parameters, result }, answer);
  kept.push(made);
  return Deno.UnsafePointer.value(made.pointer);
}

/** An `OrtStatus*` that says what was thrown. */
function failed(error: unknown): Status {
  const message = error instanceof Error ? error.message : String(error);
  return environment().api.CreateStatus(RUNTIME_EXCEPTION, cString(message));
}

/** The elements of an `OrtValue*` where they lie. */
function elements(value: Deno.PointerObject, { dtype, shape }: TensorType): DataOf<DType> {
  const { api } = environment();
  const bytes = elementCount(shape) * byteSize(dtype);
  if (bytes === 0) return viewBytes(dtype, new Uint8Array());
  const memory = obtain(
    api,
    "find a tensor's memory",
    (out) => api.GetTensorMutableData(value, out),
  );
  const buffer = Deno.UnsafePointerView.getArrayBuffer(memory, bytes) as ArrayBuffer;
  return viewBytes(dtype, new Uint8Array(buffer));
}

/** Computes an operator in the context of one node of a run. */
function computeIn(context: Deno.PointerObject, { name, shape, compute }: HostOperator): void {
  const { api } = environment();
  const action = `compute ${name}`;
  const input = obtain(api, action, (out) => api.KernelContext_GetInput(context, 0n, out));
  const info = obtain(api, action, (out) => api.GetTensorTypeAndShape(input, out));
  let given: TensorType;
  try {
    given = readTensorType(info, `the input of ${name}`);
  } finally {
    api.ReleaseTensorTypeAndShapeInfo(info);
  }
  const made = { dtype: given.dtype, shape: shape(given.shape) };
  const lengths = cShape(made.shape);
  const output = obtain(
    api,
    action,
    (out) => api.KernelContext_GetOutput(context, 0n, lengths, BigInt(lengths.length), out),
  );
  compute(elements(input, given), elements(output, made));
}

/** The functions that are the same for every operator, by their place in the struct. */
function sharedFunctions(): ReadonlyMap<number, bigint> {
  const one = () => 1;
  const oneInput = callback(["pointer"], "usize", () => 1n);
  const required = callback(["pointer", "usize"], "i32", () => 0);
  const ordinary = callback(["pointer"], "i32", one);
  return new Map([
    // GetExecutionProviderType: none, which is the CPU.
    [3, callback(["pointer"], "pointer", () => null)],
    // GetInputTypeCount, GetOutputTypeCount
    [5, oneInput],
    [7, oneInput],
    // KernelDestroy
    [9, callback(["pointer"], "void", () => {})],
    // GetInputCharacteristic, GetOutputCharacteristic, GetInputMemoryType: required, and of the default memory
    [10, required],
    [11, required],
    [12, required],
    // GetVariadicInputMinArity, GetVariadicInputHomogeneity and the same of outputs, of which there are none
    [13, ordinary],
    [14, ordinary],
    [15, ordinary],
    [16, ordinary],
    // CreateKernelV2: any address but null will do, since the operator knows itself.
    [
      17,
      callback(["pointer", "pointer", "pointer", "pointer"], "pointer", (op, _api, _info, out) => {
        const word = Deno.UnsafePointerView.getArrayBuffer(out!, 8);
        new BigUint64Array(word)[0] = Deno.UnsafePointer.value(op);
        return null;
      }),
    ],
    // GetStartVersion, GetEndVersion
    [20, ordinary],
    [21, callback(["pointer"], "i32", () => 0x7fffffff)],
  ]);
}

/** A `struct OrtCustomOp` of an operator on one element type. */
function customOp(
  operator: HostOperator,
  dtype: DType,
  shared: ReadonlyMap<number, bigint>,
): BigUint64Array<ArrayBuffer> {
  const name = cString(operator.name);
  const type = callback(["pointer", "usize"], "i32", () => elementNumber(dtype));
  const struct = new BigUint64Array(new ArrayBuffer(STRUCT_WORDS * 8));
  struct[0] = BigInt(STRUCT_VERSION);
  for (const [place, address] of shared) struct[place] = address;
  // GetName, GetInputType, GetOutputType, KernelComputeV2
  struct[2] = callback(["pointer"], "pointer", () => Deno.UnsafePointer.of(name));
  struct[4] = type;
  struct[6] = type;
  struct[18] = callback(["pointer", "pointer"], "pointer", (_kernel, context) => {
    try {
      computeIn(context!, operator);
      return null;
    } catch (error) {
      return failed(error);
    }
  });
  kept.push(name, struct);
  return struct;
}

/** Whether ONNX Runtime has noted that the domain exists. */
let noted = false;

/**
 * Has ONNX Runtime note the domain, which it does in a list of the process's with the first session that has it. No lock
 * keeps a second session, loaded on another thread, from finding it missing too, and then it refuses one of both.
 */
function noteDomain(domain: Deno.PointerObject): void {
  const { api, pointer: env } = environment();
  const action = "declare operators of the host";
  const model = encodeCopyModel("float32");
  const options = obtain(api, action, (out) => api.CreateSessionOptions(out));
  try {
    check(api, api.SetIntraOpNumThreads(options, 1), action);
    check(api, api.AddCustomOpDomain(options, domain), action);
    const length = BigInt(model.length);
    api.ReleaseSession(obtain(
      api,
      action,
      (out) => api.CreateSessionFromArraySync(env, model, length, options, out),
    ));
  } finally {
    api.ReleaseSessionOptions(options);
  }
}

/** The `OrtCustomOpDomain*` of some operators. */
const domains = new WeakMap<readonly HostOperator[], Deno.PointerObject>();

function domainOf(operators: readonly HostOperator[]): Deno.PointerObject {
  const known = domains.get(operators);
  if (known !== undefined) return known;
  const { api } = environment();
  const action = "declare operators of the host";
  const name = cString(HOST_DOMAIN);
  const domain = obtain(api, action, (out) => api.CreateCustomOpDomain(name, out));
  const shared = sharedFunctions();
  for (const operator of operators) {
    for (const dtype of operator.dtypes) {
      check(api, api.CustomOpDomain_Add(domain, customOp(operator, dtype, shared)), action);
    }
  }
  if (!noted) noteDomain(domain);
  noted = true;
  domains.set(operators, domain);
  return domain;
}

/**
 * Makes operators known to the sessions of some options. What stands for them in ONNX Runtime is made once for each array
 * and lasts as long as the process, because sessions that use it may.
 */
export function addHostOperators(
  options: Deno.PointerObject,
  operators: readonly HostOperator[],
): void {
  const { api } = environment();
  check(api, api.AddCustomOpDomain(options, domainOf(operators)), "set session option operators");
}
