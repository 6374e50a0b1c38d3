/**
 * Tokenizers in JavaScript: of the packages that read CLIP's vocabulary the smallest, without dependencies.
 *
 * @module
 */
export { Tokenizer } from "npm:@huggingface/tokenizers@0.2.0";
