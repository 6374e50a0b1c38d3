import { assert, assertEquals } from "@std/assert";
import { inFolder } from "../../../in_folder.ts";
import { tryRequests } from "./try_requests.ts";

/** `deno task bench studio --requests 100000` asks as many as the issue says. */
const REQUESTS = 3000;

Deno.test("requests that are nearly right read and write nothing outside, and break nothing", {
  ignore: Deno.build.os === "windows",
}, () =>
  inFolder(async (folder) => {
    const { answered, statuses, faults } = await tryRequests(folder, REQUESTS);
    assertEquals(faults.slice(0, 5), []);
    assert(answered > REQUESTS / 2, String(answered));
    // Many of them reach the calls themselves.
    for (const status of [200, 400, 403, 404]) {
      assert((statuses.get(status) ?? 0) > 20, String(status));
    }
  }));
