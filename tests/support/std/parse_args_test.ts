import { assertEquals, assertThrows } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";

Deno.test("parseArgs() makes numbers of values that look like numbers", () => {
  assertEquals(
    parseArgs(["--epochs", "200", "--rate=1e-3", "--size=0x20", "--name", "r18", "7", "x7"]),
    { epochs: 200, rate: 0.001, size: 32, name: "r18", _: [7, "x7"] },
  );
  assertEquals(parseArgs(["--blank= ", "--empty="]), { blank: " ", empty: "", _: [] });
});

Deno.test("parseArgs() keeps declared texts as they are", () => {
  const args = parseArgs(["--seed", "007", "--tag", "--", "8"], { string: ["seed", "tag"] });
  assertEquals(args, { seed: "007", tag: "", _: ["8"] as (string | number)[] });
  const positional: unknown = parseArgs(["007"], { string: ["_"] });
  assertEquals(positional, { _: ["007"] });
  const seed: string | undefined = args.seed;
  assertEquals(seed, "007");
});

Deno.test("parseArgs() does not take an option for the value of the one before", () => {
  assertEquals(parseArgs(["--tag", "--fast", "-1"], { string: ["tag"], boolean: ["fast"] }), {
    tag: "",
    fast: true,
    1: true,
    _: [],
  });
  assertEquals(parseArgs(["--rate=-1"]), { rate: -1, _: [] });
  assertEquals(parseArgs(["--in", "-", "-o", "-"]), { in: true, o: "-", _: ["-"] });
});

Deno.test("parseArgs() gives declared flags a value whether given or not", () => {
  const options = { boolean: ["fast", "quiet"] } as const;
  const args = parseArgs(["--fast", "run"], options);
  assertEquals(args, { fast: true, quiet: false, _: ["run"] });
  const fast: boolean = args.fast;
  assertEquals(fast, true);
  assertEquals(parseArgs(["--fast", "false", "--quiet=true"], options), {
    fast: false,
    quiet: true,
    _: [],
  });
});

Deno.test("parseArgs() negates only what is negatable", () => {
  assertEquals(parseArgs(["--no-resume"], { boolean: ["resume"], negatable: ["resume"] }), {
    resume: false,
    _: [],
  });
  assertEquals(parseArgs(["--no-resume"], { boolean: ["resume"] }), {
    "no-resume": true,
    resume: false,
    _: [],
  });
  const args = parseArgs(["--no-cache"], { string: ["cache"], negatable: ["cache"] });
  const cache: string | false | undefined = args.cache;
  assertEquals(cache, false);
});

Deno.test("parseArgs() collects into lists, and otherwise lets the last value count", () => {
  const args = parseArgs(["--data", "a", "--data=b", "--k", "5", "--k", "20"], {
    string: ["data"],
    collect: ["data"],
  });
  assertEquals(args, { data: ["a", "b"], k: 20, _: [] });
  const data: string[] = args.data;
  assertEquals(data.length, 2);
  assertEquals(parseArgs([], { string: ["data"], collect: ["data"] }), { data: [], _: [] });
});

Deno.test("parseArgs() fills in defaults of any type", () => {
  const args = parseArgs(["--out", "runs/2"], {
    string: ["out", "config"],
    boolean: ["fast"],
    default: { out: "runs", epochs: 100, fast: true, config: undefined },
  });
  assertEquals(args, { out: "runs/2", epochs: 100, fast: true, config: undefined, _: [] });
  const out: string = args.out;
  const config: string | undefined = args.config;
  assertEquals([out, config], ["runs/2", undefined]);
});

Deno.test("parseArgs() sets every alias", () => {
  const parse = (args: string[]): unknown =>
    parseArgs(args, {
      string: ["model"],
      boolean: ["help"],
      alias: { model: ["m", "arch"], help: "h" },
      default: { model: "resnet18" },
    });
  assertEquals(parse(["-h", "-m", "50"]), {
    help: true,
    h: true,
    model: "50",
    m: "50",
    arch: "50",
    _: [],
  });
  assertEquals(parse([]), {
    help: false,
    h: false,
    model: "resnet18",
    m: "resnet18",
    arch: "resnet18",
    _: [],
  });
});

Deno.test("parseArgs() reports what is not declared, and drops it on false", () => {
  const seen: unknown[] = [];
  const args = parseArgs(["--epoch", "3", "run", "--epochs=9"], {
    string: ["epochs"],
    unknown(...argument) {
      seen.push(argument);
      return false;
    },
  });
  assertEquals(args, { epochs: "9", _: [] });
  assertEquals(seen, [["--epoch", "epoch", "3"], ["run"]]);
});

Deno.test("parseArgs() leaves everything after a double hyphen", () => {
  assertEquals(parseArgs(["--a", "--", "--b", "3"]), { a: true, _: ["--b", "3"] });
  const args = parseArgs(["x", "--", "--b", "--"], { "--": true });
  assertEquals(args, { _: ["x"], "--": ["--b", "--"] });
});

Deno.test("parseArgs() stops at the first argument that is no option when told to", () => {
  assertEquals(parseArgs(["--a", "1", "train", "--b", "2", "--", "3"], { stopEarly: true }), {
    a: 1,
    _: ["train", "--b", "2", "3"],
  });
});

Deno.test("parseArgs() throws at forms that it does not support", () => {
  assertThrows(() => parseArgs(["--optimizer.rate=1"]), TypeError, "must be without dots");
  assertThrows(() => parseArgs([], { string: ["a.b"] }), TypeError, 'found "a.b"');
  assertThrows(() => parseArgs([], { default: { "a.b": 1 } }), TypeError, 'found "a.b"');
  for (const arg of ["-abc", "-n5", "-n=5"]) {
    assertThrows(() => parseArgs(["--fast", arg]), TypeError, `Cannot parse "${arg}"`);
  }
});
