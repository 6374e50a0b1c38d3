import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { layerPath } from "../../../../core/engine/graph/layer_path.ts";
import { input } from "../../../../core/engine/graph/value.ts";
import { constantInitializer, normalInitializer } from "../../../../core/engine/nn/initializers.ts";
import { Scope } from "../../../../core/engine/nn/scope.ts";

const zero = constantInitializer(0);
const normal = normalInitializer(1);

Deno.test("Scope.enter() joins names with dots and sets the path that errors name", () => {
  const scope = new Scope();
  const path = scope.enter("layer1", (layer) =>
    layer.enter("0.conv1", (conv) => {
      conv.parameter("weight", [2], zero);
      return layerPath();
    }));
  assertEquals(path, "layer1.0.conv1");
  assertEquals(layerPath(), "");
  assertEquals([...scope.declarations.keys()], ["layer1.0.conv1.weight"]);
});

Deno.test("Scope.enter() with frozen keeps all parameters within untrained", () => {
  const scope = new Scope();
  scope.enter("teacher", (teacher) => {
    teacher.enter("fc", (fc) => fc.parameter("weight", [2], zero));
  }, { frozen: true });
  assertEquals(scope.declarations.get("teacher.fc.weight")!.kind, "fixed");
});

Deno.test("Scope.parameter() gives the same value under the same name", () => {
  const scope = new Scope();
  const declare = () => scope.enter("fc", (layer) => layer.parameter("weight", [2, 3], normal));
  assertStrictEquals(declare(), declare());
  assertEquals(scope.declarations.size, 1);
});

Deno.test("Scope.parameter() refuses another type under a known name", () => {
  const scope = new Scope();
  scope.parameter("weight", [2, 3], zero);
  assertThrows(
    () => scope.parameter("weight", [3, 2], zero),
    TypeError,
    'Cannot declare trainable "weight" as float32[3,2]: it is already a trainable float32[2,3]',
  );
  assertThrows(() => scope.buffer("weight", [2, 3], zero), TypeError, "Cannot declare buffer");
});

Deno.test("Scope.write() is seen by later reads of the buffer", () => {
  const scope = new Scope();
  const before = scope.buffer("count", [], zero, "int64");
  assertStrictEquals(scope.buffer("count", [], zero, "int64"), before);
  const after = input("after", "int64", []);
  scope.write("count", after);
  assertStrictEquals(scope.buffer("count", [], zero, "int64"), after);
  assertEquals([...scope.written.keys()], ["count"]);
});

Deno.test("Scope.write() refuses what is no buffer, and values of another type", () => {
  const scope = new Scope();
  const weight = scope.parameter("weight", [2], zero);
  assertThrows(() => scope.write("weight", weight), TypeError, "no buffer of this name");
  scope.buffer("mean", [2], zero);
  assertThrows(
    () => scope.write("mean", input("x", "float32", [3])),
    TypeError,
    'Cannot write buffer "mean": it is float32[2], found float32[3]',
  );
});

Deno.test("Scope.initialize() draws by seed and name, whatever the order of declaration", () => {
  const initialize = (names: readonly string[], seed: number) => {
    const scope = new Scope();
    for (const name of names) scope.parameter(name, [3], normal);
    return scope.initialize(seed);
  };
  const first = initialize(["a", "b"], 7);
  const second = initialize(["b", "c", "a"], 7);
  assertEquals(second.get("a"), first.get("a"));
  assertEquals(second.get("b"), first.get("b"));
  assertEquals(String(first.get("a")!.data) === String(first.get("b")!.data), false);
  assertEquals(String(initialize(["a"], 8).get("a")!.data) === String(first.get("a")!.data), false);
});

Deno.test("Scope.initialize() gives each tensor its element type", () => {
  const scope = new Scope({ dtype: "float64" });
  scope.parameter("weight", [1], constantInitializer(0.5));
  scope.buffer("count", [], constantInitializer(3), "int64");
  assertEquals(scope.initialize(0).get("weight")!.data, Float64Array.of(0.5));
  assertEquals(scope.initialize(0).get("count")!.data, BigInt64Array.of(3n));
});

Deno.test("Scope.initialize() rounds to bfloat16, and refuses fractions of integers", () => {
  const scope = new Scope({ dtype: "bfloat16" });
  scope.parameter("weight", [1], constantInitializer(2));
  assertEquals(scope.initialize(0).get("weight")!.data, Uint16Array.of(0x4000));
  scope.buffer("count", [], constantInitializer(0.5), "int64");
  assertThrows(
    () => scope.initialize(0),
    RangeError,
    'Cannot initialise "count": int64 holds integers from',
  );
});
