/**
 * Files that appear whole or not at all, locks of folders, lines that programs read, and the system's errors in words.
 *
 * @module
 */
export { checkFree } from "./check_free.ts";
export { addFile, type Checksum, checksumOf, startChecksum } from "./checksum.ts";
export { explainingFileErrors, fileError, systemCode } from "./file_error.ts";
export {
  FolderLock,
  type FolderLockOptions,
  isFolderHeld,
  type LockHolder,
  lockHolder,
} from "./folder_lock.ts";
export { ifThere } from "./if_there.ts";
export { parseJson, readJson } from "./json.ts";
export {
  appendJsonLine,
  JsonLinesLog,
  type JsonLinesOptions,
  type LogRecord,
  type LogValue,
  readJsonLines,
} from "./json_lines.ts";
export { linesOf, splitLines } from "./lines.ts";
export {
  type FileContents,
  makeFolder,
  type NewFileOptions,
  removeTemporaries,
  syncFolder,
  writeAll,
  writeNewFile,
  writeNewFileInFolder,
} from "./new_file.ts";
export { writeNewFolder } from "./new_folder.ts";
export { parsePythonJson, readPythonJson } from "./python_json.ts";
export { openRandomAccess, type RandomAccess, randomAccessOf } from "./random_access.ts";
export { userCache } from "./user_cache.ts";
export { checkWithinFolder } from "./within_folder.ts";
