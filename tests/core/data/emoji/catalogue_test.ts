import { assert, assertEquals } from "@std/assert";
import { EMOJI_CATEGORIES, listEmoji } from "../../../../core/data/emoji/catalogue.ts";

Deno.test("listEmoji() lists the same emoji in both designs, each once", async () => {
  const google = await listEmoji("google", EMOJI_CATEGORIES, false);
  assertEquals(await listEmoji("twitter", EMOJI_CATEGORIES, false), google);
  assertEquals(google.length, 1906);
  assertEquals(new Set(google.map(({ unified }) => unified)).size, google.length);
  assertEquals(google[0], {
    unified: "1F600",
    category: "Smileys & Emotion",
    image: "1f600.png",
  });
});

Deno.test("listEmoji() keeps to categories, and adds skin tones if asked", async () => {
  const people = await listEmoji("google", ["People & Body"], false);
  assert(people.every(({ category }) => category === "People & Body"));
  const toned = await listEmoji("google", ["People & Body"], true);
  assert(toned.length > 3 * people.length);
  assert(toned.some(({ unified }) => unified === "1F44B-1F3FD"));
});
