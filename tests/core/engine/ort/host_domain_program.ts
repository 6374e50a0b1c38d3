/**
 * The first sessions of a process that have operators of the host: prints how each is loaded.
 *
 * @module
 */
import { input, withTarget } from "../../../../core/engine/graph/mod.ts";
import { encodeModel } from "../../../../core/engine/onnx/mod.ts";
import { allReduce } from "../../../../core/engine/ops/mod.ts";
import { environment } from "../../../../core/engine/ort/environment.ts";
import { Session } from "../../../../core/engine/ort/mod.ts";
import { TWIN_OPERATORS, TWINS } from "../twin_ranks.ts";

const { api } = environment();
const { CreateSessionFromArray, CreateSessionFromArraySync } = api;
Object.assign(api, {
  CreateSessionFromArray(...given: Parameters<typeof CreateSessionFromArray>) {
    console.log("on another thread");
    return CreateSessionFromArray(...given);
  },
  CreateSessionFromArraySync(...given: Parameters<typeof CreateSessionFromArraySync>) {
    console.log("alone");
    return CreateSessionFromArraySync(...given);
  },
});

const model = withTarget({ ranks: TWINS }, () => {
  return encodeModel({ outputs: { y: allReduce(input("x", "float32", [1])) } });
});
await Promise.all(
  [1, 2].map(() => Session.create(model, { operators: TWIN_OPERATORS, threads: 1 })),
);
