/**
 * The rules of the house that no stock lint rule knows: imports run one way through the layers of `core/`, tasks stand
 * by themselves, all of it imports only what works when it is itself imported by URL, and library code never writes to
 * the console.
 *
 * @module
 */

/** Folders of `core/`, each of which may import from itself and from those before it. */
export const LAYERS: readonly string[] = [
  "deps",
  "errors",
  "schema",
  "files",
  "engine/graph",
  "engine/random",
  "engine/ops",
  "engine/precision",
  "engine/autodiff",
  "engine/layout",
  "engine/nn",
  "engine/optim",
  "engine/onnx",
  "engine/ort",
  "engine/step",
  "distributed",
  "plot",
  "weights",
  "cuda",
  "data",
  "backbones",
  "encoders",
  "masking",
  "noise",
  "unclip",
  "variations",
  "losses",
  "method",
  "evaluate",
  "train",
  "unclip/training",
  "report",
  "pipeline",
  "studio",
];

function coreFolder(path: string): string | undefined {
  if (path.includes("/tests/")) return undefined;
  return /\/core\/(unclip\/training|(?:engine\/)?[a-z_]+)\//.exec(path)?.[1];
}

function isLibrary(path: string): boolean {
  if (/\/(tests|bench|tasks|reference)\//.test(path)) return false;
  return /\/(core|plugins)\//.test(path) || path.endsWith("/mod.ts");
}

/** Whether a file can be reached from `mod.ts` or `cli.ts`, which are imported by URL. */
function isImportable(path: string): boolean {
  if (/\/(tests|bench|reference|tools)\//.test(path)) return false;
  return isLibrary(path) || /\/(tasks|support\/std)\//.test(path) || path.endsWith("/cli.ts");
}

/** The task that a file is, such as `train`; undefined for other files, also those of `tasks/cli/`. */
function taskOf(path: string): string | undefined {
  if (path.includes("/tests/")) return undefined;
  return /\/tasks\/([a-z_]+)\.ts$/.exec(path)?.[1];
}

type Import =
  | Deno.lint.ImportDeclaration
  | Deno.lint.ExportAllDeclaration
  | Deno.lint.ExportNamedDeclaration
  | Deno.lint.ImportExpression;

/** What an import names; nothing where that is only known when it runs. */
function sourceOf({ source }: Import): string | undefined {
  return source?.type === "Literal" && typeof source.value === "string" ? source.value : undefined;
}

/** Calls a check for every kind of import. */
function visitImports(check: (node: Import) => void): Deno.lint.LintVisitor {
  return {
    ImportDeclaration: check,
    ExportAllDeclaration: check,
    ExportNamedDeclaration: check,
    ImportExpression: check,
  };
}

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    "layers-run-one-way": {
      create(context) {
        const path = context.filename.replaceAll("\\", "/");
        const here = coreFolder(path);
        function check(node: Import): void {
          const source = sourceOf(node);
          if (here === undefined || !source?.startsWith(".")) return;
          const target = new URL(source, `file://${path}`).pathname;
          const there = coreFolder(target);
          if (there === undefined) {
            context.report({
              node,
              message: `Cannot import "${source}" from core/${here}: core imports only core`,
            });
          } else if (!LAYERS.includes(there) || !LAYERS.includes(here)) {
            context.report({
              node,
              message: `Cannot place core/${here} or core/${there}: not a known layer`,
            });
          } else if (LAYERS.indexOf(there) > LAYERS.indexOf(here)) {
            context.report({
              node,
              message:
                `Cannot import core/${there} from core/${here}: layers depend upwards in the list only`,
            });
          }
        }
        return visitImports(check);
      },
    },
    "tasks-stand-alone": {
      create(context) {
        const path = context.filename.replaceAll("\\", "/");
        if (!path.includes("/tasks/") || path.includes("/tests/")) return {};
        return visitImports((node) => {
          const source = sourceOf(node);
          if (!source?.startsWith(".")) return;
          const target = new URL(source, `file://${path}`).pathname;
          const isOthers = target.includes("/tasks/demo/") && !/\/tasks\/demo(\.ts$|\/)/.test(path);
          if (taskOf(target) === undefined && !isOthers) return;
          context.report({
            node,
            message:
              `Cannot import "${source}" into a task: tasks share tasks/cli, and what a library user ` +
              "would miss stands in core",
          });
        });
      },
    },
    "protocol-buffers-in-one-place": {
      create(context) {
        const here = coreFolder(context.filename.replaceAll("\\", "/"));
        if (here === undefined || here === "engine/onnx" || here === "deps") return {};
        return visitImports((node) => {
          if (!sourceOf(node)?.endsWith("/deps/protobuf.ts")) return;
          context.report({
            node,
            message:
              `Cannot import protocol buffers into core/${here}: models are encoded by core/engine/onnx`,
          });
        });
      },
    },
    "plugins-import-types-only": {
      create(context) {
        if (!/\/plugins\/[^/]+\//.test(context.filename.replaceAll("\\", "/"))) return {};
        function check(node: Deno.lint.ImportDeclaration | Deno.lint.ImportExpression): void {
          const source = sourceOf(node);
          const isType = node.type === "ImportDeclaration" && node.importKind === "type";
          if (isType || source?.endsWith(".json")) return;
          context.report({
            node,
            message: `Cannot import ${
              source === undefined ? "what is only known when it runs" : `"${source}"`
            } into a plugin: it imports types and its manifest, the SDK is handed in`,
          });
        }
        return { ImportDeclaration: check, ImportExpression: check };
      },
    },
    "specifiers-travel": {
      create(context) {
        const path = context.filename.replaceAll("\\", "/");
        if (!isImportable(path)) return {};
        function check(node: Import): void {
          const source = sourceOf(node);
          if (source === undefined || /^(\.\.?\/|node:)/.test(source)) return;
          const inDeps = path.includes("/core/deps/") && source.startsWith("npm:");
          if (!inDeps) {
            context.report({
              node,
              message:
                `Cannot import "${source}" from code that is imported by URL: use a relative path, or a file of core/deps/`,
            });
          }
        }
        return visitImports(check);
      },
    },
    "nothing-on-import": {
      create(context) {
        if (!isLibrary(context.filename.replaceAll("\\", "/"))) return {};
        return {
          AwaitExpression(node) {
            const within = context.sourceCode.getAncestors(node).some(({ type }) =>
              /Function|Method/.test(type)
            );
            if (!within) {
              context.report({
                node,
                message: "Cannot wait at the top level of library code: nothing happens on import",
              });
            }
          },
        };
      },
    },
    "quiet-library": {
      create(context) {
        if (!isLibrary(context.filename.replaceAll("\\", "/"))) return {};
        return {
          'MemberExpression[object.name="console"]'(node: Deno.lint.MemberExpression) {
            context.report({
              node,
              message: "Cannot use the console in library code: report through a sink",
            });
          },
        };
      },
    },
  },
};

export default plugin;
