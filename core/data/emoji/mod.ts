/**
 * Emoji as a data set. An entry point of its own, because it brings two packages of 70 MB each.
 *
 * @module
 */
export { type EmojiDesign } from "../../deps/emoji.ts";
export { EMOJI_CATEGORIES } from "./catalogue.ts";
export { emojiPath, writeEmojiFolder } from "./emoji_folder.ts";
export { type EmojiOptions, openEmoji } from "./emoji_dataset.ts";
