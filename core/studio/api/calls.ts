/**
 * The studio's calls: the one list that the server answers, that the page calls, and that the documentation shows.
 *
 * All stand under `/api/`. Runs, checkpoints and pictures are named by paths below the studio's root in the query, never
 * by absolute ones. Answers are JSON unless `answers` says otherwise; errors are `{ error: string }` with status 400 for
 * what cannot be taken, 403 for what is not allowed, 404 for what is not there, 409 for what is in the way.
 *
 * @module
 */

/** A call of the studio. */
export interface Call {
  /** Method of the request. */
  readonly method: "GET" | "POST" | "DELETE";
  /** Path, below the server's address. */
  readonly path: string;
  /** What it does, in a sentence. */
  readonly summary: string;
  /** Parameters of the query, with what they are. */
  readonly query: Readonly<Record<string, string>>;
  /** Name of the type of the body, in `core/studio/api/`; none where it has none. */
  readonly body?: string;
  /** Name of the type of the answer, or its media type. */
  readonly answers: string;
}

const run = "the run, as a path below the root";
const count = "how many";
const epoch = "of which epoch, counted from 0 (default the last)";
const output = "folder of a pipeline, as a path below the root";

/** All calls. */
export const CALLS: readonly Call[] = [
  {
    method: "GET",
    path: "/api/runs",
    summary: "All runs below the root.",
    query: {},
    answers: "RunList",
  },
  {
    method: "GET",
    path: "/api/run",
    summary: "One run, with its configuration, checkpoints, bands, explanations and messages.",
    query: { run },
    answers: "RunDetails",
  },
  {
    method: "GET",
    path: "/api/series",
    summary: "Curves of a run, with at most so many points; exact where no more lie in the range.",
    query: {
      run,
      names: "metrics, parted by commas (default all)",
      from: "first step",
      to: "last step",
      points: "most points of a curve (default 1000)",
    },
    answers: "SeriesAnswer",
  },
  {
    method: "GET",
    path: "/api/events",
    summary: "Changes of runs and of the queue while they happen, and new values of one run.",
    query: { run: "a run whose values are sent, too (default none)" },
    answers: "text/event-stream",
  },
  {
    method: "GET",
    path: "/api/file",
    summary: "A picture, page, log or JSON file of a run's folder.",
    query: { run, path: "path below the run's folder" },
    answers: "the file's media type",
  },
  {
    method: "GET",
    path: "/api/views",
    summary: "Views of samples, exactly as the network gets them.",
    query: { run, count, epoch },
    answers: "ViewsAnswer",
  },
  {
    method: "GET",
    path: "/api/pairs",
    summary: "Pairs with foreground maps, similarities and weights, the largest weight first.",
    query: { run, count, epoch },
    answers: "PairsAnswer",
  },
  {
    method: "GET",
    path: "/api/neighbours",
    summary: "Nearest neighbours of some images, before training and by a checkpoint.",
    query: { run, checkpoint: "its name (default the newest)", count },
    answers: "NeighboursAnswer",
  },
  {
    method: "GET",
    path: "/api/map",
    summary: "A map of the features of images in two dimensions, over the checkpoints of a run.",
    query: { run, count },
    answers: "MapAnswer",
  },
  {
    method: "GET",
    path: "/api/masks",
    summary: "Images with the scores of their tokens, and the threshold that makes masks of them.",
    query: { output, count },
    answers: "MasksAnswer",
  },
  {
    method: "GET",
    path: "/api/variations",
    summary: "Originals beside their variations.",
    query: { output, count },
    answers: "VariationsAnswer",
  },
  {
    method: "GET",
    path: "/api/picture",
    summary: "A picture that another call named.",
    query: { id: "what it was named by" },
    answers: "image/png",
  },
  {
    method: "GET",
    path: "/api/form",
    summary: "What a task can be given: options with their schema, methods, presets.",
    query: { task: "the task", method: "the method of pretraining, where the task has one" },
    answers: "FormAnswer",
  },
  {
    method: "POST",
    path: "/api/check",
    summary: "What is wrong with a request, and the command line that does the same.",
    query: {},
    body: "JobRequest",
    answers: "CheckAnswer",
  },
  {
    method: "POST",
    path: "/api/dry-run",
    summary: "Memory and time of a request, before it is started.",
    query: {},
    body: "JobRequest",
    answers: "DryRunAnswer",
  },
  {
    method: "GET",
    path: "/api/queue",
    summary: "Jobs that wait, run or have ended.",
    query: {},
    answers: "Job[]",
  },
  {
    method: "POST",
    path: "/api/queue",
    summary: "Puts a job at the end of the queue; one runs on a device at a time.",
    query: {},
    body: "JobRequest",
    answers: "Job",
  },
  {
    method: "DELETE",
    path: "/api/queue",
    summary: "Takes a waiting job out of the queue, or stops a running one after its present step.",
    query: { job: "number of the job" },
    answers: "Job",
  },
  {
    method: "POST",
    path: "/api/run",
    summary: "Stops, resumes, lengthens, forks, evaluates, exports, tags or discards a run.",
    query: { run },
    body: "RunAction",
    answers: "RunRow or Job",
  },
  {
    method: "GET",
    path: "/api/path",
    summary: "How far GenView's path has come in an output folder, stage by stage.",
    query: { output },
    answers: "PathAnswer",
  },
];
