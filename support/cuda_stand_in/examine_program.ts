/**
 * The program of the process that examines models on the stand-in: `run|load RANKS MODEL.onnx…`. It prints an examination as a
 * line of JSON for each model. The second run counts, with inputs and outputs that lie on the device, as training binds
 * them.
 *
 * @module
 */
import {
  DeviceTensor,
  type HostOperator,
  Session,
  type SessionOptions,
} from "../../core/engine/ort/mod.ts";
import { type Examination, readLog } from "./examine.ts";

const CUDA = { provider: "cuda", index: 0 } as const;
const LOG = Deno.env.get("CUDA_STAND_IN_LOG")!;

/** What the stand-in has written from a place on. */
async function logFrom(start: number): Promise<Uint8Array> {
  return (await Deno.readFile(LOG)).subarray(start);
}

async function runTwice(session: Session): Promise<Pick<Examination, "launches" | "copies">> {
  using owned = new DisposableStack();
  const tensors = (types: Session["inputs"]) =>
    Object.fromEntries(
      types.map((type) => [type.name, owned.use(DeviceTensor.empty(type, CUDA))]),
    );
  const [inputs, outputs] = [tensors(session.inputs), tensors(session.outputs)];
  const binding = owned.use(session.bind(inputs, outputs));
  await binding.run();
  const { length } = await logFrom(0);
  await binding.run();
  return readLog(new TextDecoder().decode(await logFrom(length)));
}

/** Collectives that make tensors of the right shapes. */
function collectives(ranks: number): readonly HostOperator[] {
  const factors = { AllReduce: 1, AllGather: ranks, ReduceScatter: 1 / ranks, OwnRows: 1 / ranks };
  return Object.entries(factors).map(([name, factor]) => ({
    name,
    dtypes: ["float32"],
    shape: (shape) => shape.length === 0 ? shape : shape.with(0, shape[0]! * factor),
    compute: () => {},
  }));
}

async function examine(path: string, run: boolean, options: SessionOptions): Promise<Examination> {
  try {
    using session = await Session.create(await Deno.readFile(path), options);
    return run ? await runTwice(session) : readLog("");
  } catch (error) {
    return { refused: (error as Error).message, ...readLog("") };
  }
}

const [mode, ranks, ...paths] = Deno.args;
const options = ranks === "1"
  ? { device: CUDA, strict: true }
  : { device: CUDA, operators: collectives(Number(ranks)) };
for (const path of paths) {
  console.log(JSON.stringify(await examine(path, mode === "run", options)));
}
// The provider's own end does not survive without a GPU.
Deno.exit(0);
