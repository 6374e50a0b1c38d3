import { assertEquals, assertThrows } from "@std/assert";
import { loadMpi, tellKind } from "../../../core/distributed/mpi_library.ts";

Deno.test("tellKind() knows Open MPI and MPICH, and refuses others by their name", () => {
  assertEquals(tellKind("a.so", "MPICH Version:\t4.0.2\nMPICH Release date:\tThu Apr  7"), {
    kind: "mpich",
    version: "MPICH v4.0.2",
  });
  assertEquals(tellKind("a.so", "Open MPI v5.0.3, package: Open MPI"), {
    kind: "openmpi",
    version: "Open MPI v5.0.3",
  });
  assertThrows(
    () => tellKind("libmpi.so.12", "Intel(R) MPI Library 2021.11 for Linux* OS\n"),
    TypeError,
    "Cannot use libmpi.so.12: supported are Open MPI and MPICH, found Intel(R) MPI Library 2021.11 for Linux* OS; start",
  );
  assertThrows(
    () => tellKind("a.so", "MVAPICH2 Version      :\t2.3.7\n"),
    TypeError,
    "found MVAPICH2 Version",
  );
});

Deno.test("loadMpi() tells what to install where a library is missing", () => {
  const tried: string[] = [];
  const load = (path: string) => {
    tried.push(path);
    return `${path}: no such file`;
  };
  assertThrows(
    () => loadMpi({ name: "MPICH's mpirun", starts: ["mpich"] }, undefined, load),
    TypeError,
    "Cannot join the processes of MPICH's mpirun: the library of MPICH must load, found",
  );
  const error = assertThrows(
    () => loadMpi({ name: "srun", starts: ["openmpi", "mpich"] }, undefined, load),
    TypeError,
    "apt-get install openmpi-bin libopenmpi-dev, or apt-get install mpich) or name its file in GENVIEW_MPI_LIBRARY",
  );
  assertEquals(tried.every((path) => (error as Error).message.includes(path)), true);
  // MPICH's first, then both kinds in their order.
  assertEquals(tried.length, 5);
  assertEquals(tried[0], tried[3]);
});

Deno.test("loadMpi() refuses a library that is not MPI's", () => {
  const launcher = { name: "srun", starts: ["openmpi"] } as const;
  const load = () => ({ find: () => null });
  assertThrows(
    () => loadMpi(launcher, "libm.so.6", load),
    TypeError,
    "Cannot use libm.so.6 as a library of MPI: it must have what MPI 3.1 has, found no MPI_Get_library_version",
  );
});
