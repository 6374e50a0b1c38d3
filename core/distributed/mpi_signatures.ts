/**
 * The functions of MPI that are called, and the constants of its builds: what `mpi.h` says.
 *
 * @module
 */

/**
 * Parameters of the functions of MPI-3.1; all of them return an `int`, their error code. A handle is an address in Open
 * MPI and an `int` in MPICH.
 */
export const MPI_FUNCTIONS = {
  MPI_Get_library_version: ["address", "address"],
  MPI_Initialized: ["address"],
  MPI_Init_thread: ["address", "address", "int", "address"],
  MPI_Finalize: [],
  MPI_Abort: ["handle", "int"],
  MPI_Comm_rank: ["handle", "address"],
  MPI_Comm_size: ["handle", "address"],
  MPI_Comm_dup: ["handle", "address"],
  MPI_Comm_split_type: ["handle", "int", "int", "handle", "address"],
  MPI_Comm_free: ["address"],
  MPI_Comm_set_errhandler: ["handle", "handle"],
  MPI_Error_string: ["int", "address", "address"],
  MPI_Barrier: ["handle"],
  MPI_Bcast: ["address", "int", "handle", "int", "handle"],
  MPI_Allreduce: ["address", "address", "int", "handle", "handle", "handle"],
  MPI_Reduce: ["address", "address", "int", "handle", "handle", "int", "handle"],
  MPI_Reduce_scatter_block: ["address", "address", "int", "handle", "handle", "handle"],
  MPI_Allgather: ["address", "int", "handle", "address", "int", "handle", "handle"],
} as const;

/** A function of MPI. */
export type MpiFunction = keyof typeof MPI_FUNCTIONS;

type Given<Parameters extends readonly ("address" | "int" | "handle")[]> = {
  -readonly [I in keyof Parameters]: Parameters[I] extends "address" ? bigint : number;
};

/** What a function is called with: addresses as bigints, handles and `int`s as numbers. */
export type MpiArguments<F extends MpiFunction> = Given<(typeof MPI_FUNCTIONS)[F]>;

/** Types of elements that MPI moves. */
export type MpiElement =
  | "float64"
  | "float32"
  | "int64"
  | "int32"
  | "int16"
  | "int8"
  | "uint16"
  | "uint8";

/** The constants of one build: handles, as numbers, and what is not a handle. */
export interface MpiConstants {
  /** `MPI_COMM_WORLD`. */
  readonly world: number;
  /** `MPI_ERRORS_RETURN`. */
  readonly errorsReturn: number;
  /** `MPI_INFO_NULL`. */
  readonly noInfo: number;
  /** `MPI_COMM_TYPE_SHARED`. */
  readonly sharedMemory: number;
  /** `MPI_IN_PLACE`. */
  readonly inPlace: bigint;
  readonly elements: Readonly<Record<MpiElement, number>>;
  readonly reductions: { readonly sum: number; readonly max: number };
}

/** `MPI_THREAD_MULTIPLE`, the same in all builds. */
export const THREAD_MULTIPLE = 3;

/** Room for `MPI_MAX_LIBRARY_VERSION_STRING` and `MPI_MAX_ERROR_STRING` of any build. */
export const TEXT_BYTES = 8192;

/** MPICH's, which its ABI fixes. */
export const MPICH_CONSTANTS: MpiConstants = {
  world: 0x44000000,
  errorsReturn: 0x54000001,
  noInfo: 0x1c000000,
  sharedMemory: 1,
  inPlace: 0xffff_ffff_ffff_ffffn,
  elements: {
    float64: 0x4c00080b,
    float32: 0x4c00040a,
    int64: 0x4c00083a,
    int32: 0x4c000439,
    int16: 0x4c000238,
    int8: 0x4c000137,
    uint16: 0x4c00023c,
    uint8: 0x4c00013b,
  },
  reductions: { sum: 0x58000003, max: 0x58000001 },
};

/**
 * Open MPI's: most are the addresses of objects in the library.
 *
 * @param address of a symbol of the library
 */
export function openMpiConstants(address: (symbol: string) => number): MpiConstants {
  return {
    world: address("ompi_mpi_comm_world"),
    errorsReturn: address("ompi_mpi_errors_return"),
    noInfo: address("ompi_mpi_info_null"),
    sharedMemory: 0,
    inPlace: 1n,
    elements: {
      float64: address("ompi_mpi_double"),
      float32: address("ompi_mpi_float"),
      int64: address("ompi_mpi_int64_t"),
      int32: address("ompi_mpi_int32_t"),
      int16: address("ompi_mpi_int16_t"),
      int8: address("ompi_mpi_int8_t"),
      uint16: address("ompi_mpi_uint16_t"),
      uint8: address("ompi_mpi_uint8_t"),
    },
    reductions: { sum: address("ompi_mpi_op_sum"), max: address("ompi_mpi_op_max") },
  };
}
