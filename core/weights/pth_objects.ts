/**
 * What PyTorch's pickles are made of: storages, and tensors that are views of them. Nothing here touches a file.
 *
 * Names and arguments are those of `torch/_utils.py` (`_rebuild_tensor_v2` and its kin) and `torch/serialization.py`
 * (`persistent_id`).
 *
 * @module
 */
import { GenviewSyntaxError } from "../errors/mod.ts";
import { byteSize, type DType } from "../engine/graph/dtype.ts";
import { elementCount, rowMajorStrides, type Shape } from "../engine/graph/shape.ts";
import type { TensorType } from "../engine/graph/tensor.ts";
import type { PickleSchema } from "./pickle.ts";
import {
  describeValue,
  Global,
  Opaque,
  PickleObject,
  type PickleValue,
  Tuple,
} from "./pickle_values.ts";

/** Element types by the class of their storage. */
const DTYPE_BY_STORAGE: Readonly<Record<string, DType>> = {
  "torch.DoubleStorage": "float64",
  "torch.FloatStorage": "float32",
  "torch.HalfStorage": "float16",
  "torch.BFloat16Storage": "bfloat16",
  "torch.LongStorage": "int64",
  "torch.IntStorage": "int32",
  "torch.ShortStorage": "int16",
  "torch.CharStorage": "int8",
  "torch.ByteStorage": "uint8",
  "torch.BoolStorage": "bool",
  // Bytes, whose meaning the tensor gives (`_rebuild_tensor_v3`): types that came after typed storages.
  "torch.storage.UntypedStorage": "uint8",
};

/** Element types by their own names, for tensors of untyped storages. */
const DTYPE_BY_NAME: Readonly<Record<string, DType>> = {
  "torch.float64": "float64",
  "torch.float32": "float32",
  "torch.float16": "float16",
  "torch.bfloat16": "bfloat16",
  "torch.int64": "int64",
  "torch.int32": "int32",
  "torch.int16": "int16",
  "torch.int8": "int8",
  "torch.uint16": "uint16",
  "torch.uint8": "uint8",
  "torch.bool": "bool",
};

/** A run of elements that tensors are views of. */
export class Storage extends PickleObject {
  readonly origin = "a storage";
  readonly dtype: DType;
  /** Its name in the file. */
  readonly key: string;
  /** Number of elements of the storage, or of that which it is a part of. */
  readonly length: number;
  /** First element, if it is a part of another. */
  readonly start: number;

  constructor(dtype: DType, key: string, length: number, start: number) {
    super();
    this.dtype = dtype;
    this.key = key;
    this.length = length;
    this.start = start;
  }
}

/** A view of a storage. */
export class StoredTensor extends PickleObject implements TensorType {
  readonly origin = "a tensor";
  readonly storage: Storage;
  readonly dtype: DType;
  readonly shape: Shape;
  /** Steps between neighbours along each axis, in elements. */
  readonly strides: readonly number[];
  /** Its first byte, counted from that of the storage. */
  readonly start: number;

  constructor(storage: Storage, type: TensorType, strides: readonly number[], start: number) {
    super();
    this.storage = storage;
    this.dtype = type.dtype;
    this.shape = type.shape;
    this.strides = strides;
    this.start = start;
  }

  /** Whether the elements follow each other row by row. */
  get contiguous(): boolean {
    const wanted = rowMajorStrides(this.shape);
    return elementCount(this.shape) === 0 ||
      this.shape.every((length, axis) => length === 1 || this.strides[axis] === wanted[axis]);
  }
}

/** A tensor that cannot be read. */
export class UnreadableTensor extends PickleObject {
  readonly origin = "a tensor";
  /** Why. */
  readonly reason: string;

  constructor(reason: string) {
    super();
    this.reason = reason;
  }
}

/** Most axes of a PyTorch tensor. */
const MAX_RANK = 64;

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function counts(value: PickleValue | undefined, what: string): number[] {
  const items = value instanceof Tuple ? value.items : value;
  if (Array.isArray(items) && items.every(isCount)) return [...items];
  throw new GenviewSyntaxError(
    `a tensor's ${what} must be whole numbers, found ${describeValue(value ?? null)}`,
  );
}

function count(value: PickleValue | undefined, what: string): number {
  if (isCount(value)) return value;
  throw new GenviewSyntaxError(
    `a tensor's ${what} must be a whole number, found ${describeValue(value ?? null)}`,
  );
}

/** Bytes of a storage that a view spans, counted from its own first. */
function spannedBytes(shape: Shape, strides: readonly number[], dtype: DType): number {
  if (shape.includes(0)) return 0;
  const last = shape.reduce((sum, length, axis) => sum + (length - 1) * strides[axis]!, 0);
  return (last + 1) * byteSize(dtype);
}

function buildTensor(args: readonly PickleValue[], named?: DType): PickleObject {
  const storage = args[0];
  if (storage instanceof UnreadableTensor) return storage;
  if (!(storage instanceof Storage)) {
    return new UnreadableTensor(`its storage is ${describeValue(storage ?? null)}`);
  }
  const dtype = named ?? storage.dtype;
  const shape = counts(args[2], "shape");
  const strides = counts(args[3], "strides");
  if (shape.length > MAX_RANK) {
    throw new GenviewSyntaxError(
      `a tensor must have at most ${MAX_RANK} axes, found ${shape.length}`,
    );
  }
  if (strides.length !== shape.length) {
    throw new GenviewSyntaxError(
      `a tensor must have a stride for each axis, found ${strides.length} for ${shape.length}`,
    );
  }
  const storageBytes = storage.length * byteSize(storage.dtype);
  const start = count(args[1], "offset") * byteSize(dtype) +
    storage.start * byteSize(storage.dtype);
  const end = start + spannedBytes(shape, strides, dtype);
  const elements = elementCount(shape);
  if (!Number.isSafeInteger(elements) || !(end <= storageBytes)) {
    throw new GenviewSyntaxError(
      `a tensor of shape [${shape}] must lie in its storage of ${storageBytes} bytes, found that ` +
        `it ends at ${end}`,
    );
  }
  return new StoredTensor(storage, { dtype, shape }, strides, start);
}

function buildTypedTensor(args: readonly PickleValue[]): PickleObject {
  const dtype = args[6];
  const known = dtype instanceof Global && Object.hasOwn(DTYPE_BY_NAME, dtype.origin);
  if (known) return buildTensor(args, DTYPE_BY_NAME[dtype.origin]!);
  return new UnreadableTensor(`its element type is ${describeValue(dtype ?? null)}`);
}

function buildDictionary(args: readonly PickleValue[]): PickleValue {
  const dictionary = new Map<PickleValue, PickleValue>();
  const pairs = args.at(-1);
  if (Array.isArray(pairs)) {
    for (const pair of pairs) {
      const [key, value] = pair instanceof Tuple ? pair.items : Array.isArray(pair) ? pair : [];
      if (key === undefined || value === undefined) {
        throw new GenviewSyntaxError(
          `a dictionary must be made of pairs, found ${describeValue(pair)}`,
        );
      }
      dictionary.set(key, value);
    }
  }
  return dictionary;
}

type Build = (args: readonly PickleValue[]) => PickleValue;

/** The classes and functions that are known. */
const BUILDERS: Readonly<Record<string, Build>> = {
  "collections.OrderedDict": buildDictionary,
  "collections.defaultdict": () => new Map(),
  "torch.Size": ([lengths]) => lengths ?? new Tuple([]),
  "torch._utils._rebuild_tensor": (args) => buildTensor(args),
  "torch._utils._rebuild_tensor_v2": (args) => buildTensor(args),
  "torch._utils._rebuild_tensor_v3": buildTypedTensor,
  "torch._utils._rebuild_parameter": ([data]) => data ?? null,
  "torch._utils._rebuild_parameter_with_state": ([data]) => data ?? null,
  // A tensor of a subclass, or with attributes: the function that makes it, the class, its arguments, the attributes.
  "torch._tensor._rebuild_from_type_v2": ([callee, , args]) =>
    callee instanceof Global && args instanceof Tuple
      ? PTH_SCHEMA.call(callee.origin, args.items)
      : new Opaque("torch._tensor._rebuild_from_type_v2"),
};

function buildStorage(id: PickleValue): PickleValue {
  const [kind, storageClass, key, , length, part] = id instanceof Tuple ? id.items : [];
  if (kind !== "storage") {
    return new Opaque(`a reference to ${describeValue(kind ?? id)}`);
  }
  if (typeof key !== "string" || !(storageClass instanceof Global)) {
    throw new GenviewSyntaxError(
      `a storage must have a class and a name, found ${describeValue(id)}`,
    );
  }
  if (!Object.hasOwn(DTYPE_BY_STORAGE, storageClass.origin)) {
    return new UnreadableTensor(`its storage is a ${storageClass.origin}`);
  }
  const start = part instanceof Tuple ? count(part.items[1], "storage offset") : 0;
  const dtype = DTYPE_BY_STORAGE[storageClass.origin]!;
  return new Storage(dtype, key, count(length, "storage length"), start);
}

/** What PyTorch's pickles name. Everything that is not in it becomes an opaque value. */
export const PTH_SCHEMA: PickleSchema = {
  call: (name, args) => {
    if (Object.hasOwn(BUILDERS, name)) return BUILDERS[name]!(args);
    return new Opaque(name);
  },
  persistent: buildStorage,
};
