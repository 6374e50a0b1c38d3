import { assertEquals } from "@std/assert";
import { UnreadableImageError } from "../../../../core/data/decode/unreadable_image_error.ts";

Deno.test("UnreadableImageError.from() keeps the cause and puts its reason on one line", () => {
  const cause = new Error("premature end\nat line 3\n");
  const error = UnreadableImageError.from("a.jpg", cause);
  assertEquals(
    error.message,
    'Cannot read the image "a.jpg": it must be a whole image file in a known format, found: premature end; at line 3',
  );
  assertEquals([error.name, error.source, error.cause], ["UnreadableImageError", "a.jpg", cause]);
  assertEquals(UnreadableImageError.from("a.jpg", 7).reason, "7");
});
