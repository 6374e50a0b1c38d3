import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { dryRunAnswer } from "../../../../core/studio/actions/dry_run_answer.ts";
import type { JobRequest } from "../../../../core/studio/api/actions.ts";
import type { StudioContext } from "../../../../core/studio/studio_context.ts";
import { tinyTraining, withContext } from "./studio_client.ts";

/** A context whose tasks are a program that prints what it is told to, or fails. */
function printing(
  context: StudioContext,
  print: (request: JobRequest) => string,
): StudioContext {
  const programs = (request: JobRequest) => ({
    program: Deno.execPath(),
    args: ["eval", print(request)],
    shown: "",
  });
  return { ...context, programs };
}

/** The dry run of a training of 100 steps that take half a second each. */
function described({ options }: JobRequest): string {
  assert(options["dryRun"] === true && options["json"] === true);
  const measured = options["measure"] === true;
  const text = measured ? "time 0.5 s each" : "SimSiam";
  const told = { text, totalSteps: 100, memory: { total: 1e9 } };
  return `console.log(${
    JSON.stringify(JSON.stringify({ ...told, ...(measured && { secondsEach: 0.5 }) }))
  })`;
}

const IDLE = () => false;

Deno.test("a dry run says memory, and time where steps can be timed", () =>
  withContext(async (context) => {
    const told = (request: JobRequest, isBusy = IDLE) =>
      dryRunAnswer(request, printing(context, described), isBusy);
    assertEquals(await told(tinyTraining("a")), {
      text: "time 0.5 s each",
      memoryBytes: 1e9,
      seconds: 50,
    });
    const busy = await told(tinyTraining("a"), () => true);
    assertEquals(busy.seconds, undefined);
    assertStringIncludes(busy.text, "not measured while a job runs on the device");
    const joint = await told(tinyTraining("a", { workers: 2, batchSize: 4 }));
    assertEquals([joint.seconds, joint.memoryBytes], [undefined, 1e9]);
    assertStringIncludes(joint.text, "measured of one process alone");
  }));

Deno.test("a dry run that fails says why, and of other tasks there is none", () =>
  withContext(async (context) => {
    const failing = printing(context, () => "console.error('error: no such device'), Deno.exit(1)");
    await assertRejects(
      () => dryRunAnswer(tinyTraining("a"), failing, IDLE),
      TypeError,
      "no such device",
    );
    const levels = { task: "noise-levels", options: { inputFile: "photos", outputDir: "levels" } };
    await assertRejects(
      () => dryRunAnswer(levels, context, IDLE),
      TypeError,
      "only train has a dry run",
    );
  }));
