import { parseSync, Visitor } from "oxc-parser";

/** One mention in a module's text. */
export interface Mention {
  readonly name: string;
  /** Counted from 1. */
  readonly line: number;
}

/** What the checks need to know of a module. */
export interface ModuleFacts {
  /** The specifiers of all imports and re-exports: static, dynamic, of types, and in type positions. */
  readonly imports: readonly Mention[];
  /** Names imported from modules, as `module name`. */
  readonly importedNames: readonly Mention[];
  /** Lines with `export *`. */
  readonly starExports: readonly number[];
  readonly defaultExports: readonly number[];
  /** Members of plain names, such as `Date.now` or `process.env`, calls of plain names as `name()`, and `new Date()`. */
  readonly uses: readonly Mention[];
}

/**
 * Parses a TypeScript module.
 *
 * @throws Error on a syntax error
 */
export function parseModule(path: string, text: string): ModuleFacts {
  const { program, module, errors } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${path}: ${error.message}`);
  const lineOf = lineIndex(text);
  const imports: Mention[] = [];
  const importedNames: Mention[] = [];
  const uses: Mention[] = [];
  for (const { moduleRequest, entries, start } of module.staticImports) {
    imports.push({ name: moduleRequest.value, line: lineOf(start) });
    for (const { importName } of entries) {
      if (importName.name != null)
        importedNames.push({ name: `${moduleRequest.value} ${importName.name}`, line: lineOf(start) });
    }
  }
  const exports = module.staticExports.flatMap(({ entries }) => entries);
  for (const { moduleRequest, start } of exports) {
    if (moduleRequest != null) imports.push({ name: moduleRequest.value, line: lineOf(start) });
  }
  const noteImport = (source: { type: string; value?: unknown }, start: number) => {
    const name = typeof source.value === "string" ? source.value : "an expression";
    imports.push({ name, line: lineOf(start) });
  };
  new Visitor({
    ImportExpression: (node) => noteImport(node.source, node.start),
    TSImportType: (node) => noteImport(node.source, node.start),
    MemberExpression(node) {
      if (node.object.type !== "Identifier") return;
      const { property } = node;
      const name =
        property.type === "Identifier" && !node.computed
          ? property.name
          : property.type === "Literal"
            ? String(property.value)
            : undefined;
      if (name !== undefined) uses.push({ name: `${node.object.name}.${name}`, line: lineOf(node.start) });
    },
    CallExpression(node) {
      if (node.callee.type === "Identifier") uses.push({ name: `${node.callee.name}()`, line: lineOf(node.start) });
    },
    NewExpression(node) {
      if (node.callee.type !== "Identifier" || node.arguments.length > 0) return;
      uses.push({ name: `new ${node.callee.name}()`, line: lineOf(node.start) });
    },
    VariableDeclarator(node) {
      // const { env } = process
      if (node.id.type !== "ObjectPattern" || node.init?.type !== "Identifier") return;
      for (const property of node.id.properties) {
        if (property.type !== "Property" || property.key.type !== "Identifier") continue;
        uses.push({ name: `${node.init.name}.${property.key.name}`, line: lineOf(property.start) });
      }
    },
  }).visit(program);
  return {
    imports,
    importedNames,
    uses,
    starExports: exports.filter(({ importName }) => /^All/.test(importName.kind)).map(({ start }) => lineOf(start)),
    defaultExports: exports.filter(({ exportName }) => exportName.kind === "Default").map(({ start }) => lineOf(start)),
  };
}

/** @returns what turns an offset into a line number */
function lineIndex(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (starts[middle]! <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
