import { assertEquals } from "@std/assert";
import { escapeMarkup } from "../../../core/plot/markup.ts";

Deno.test("escapeMarkup() leaves no sign that markup is made of", () => {
  assertEquals(
    escapeMarkup(`<script>alert("1" & '2')</script>`),
    "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;",
  );
  assertEquals(escapeMarkup("&amp;"), "&amp;amp;");
});

Deno.test("escapeMarkup() replaces what no document may hold", () => {
  assertEquals(escapeMarkup("a\0b\x1bc\n\td\ud800e\uffff"), "a\ufffdb\ufffdc\n\td\ufffde\ufffd");
  assertEquals(escapeMarkup("größe 画像 😀"), "größe 画像 😀");
});
