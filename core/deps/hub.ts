/**
 * The Hugging Face hub: what a repository holds, and where its files lie in the hub's cache.
 *
 * @module
 */
export {
  getHFHubCachePath,
  getRepoFolderName,
  HubApiError,
  modelInfo,
  type PathInfo,
  pathsInfo,
} from "npm:@huggingface/hub@2.17.5";
