import { posix } from "node:path";
import { ambientRules, closedPackages, type PackageRule, packageRules, subpathRules } from "./import-rules.ts";
import { type ModuleFacts, parseModule } from "./parse-module.ts";
import { type Finding, folderOfPackage, isTestFile, packageOf, type Repo } from "./repo.ts";

/** Folders beside the packages, and whether they may import from our packages. */
const looseFolders: ReadonlyMap<string, { readonly ours: "all" | readonly string[] }> = new Map([
  ["tools", { ours: "all" }],
  ["bench", { ours: "all" }],
  // What users can install.
  ["examples", { ours: ["@coffer/envelope", "@coffer/messaging", "@coffer/messaging-olm"] }],
]);

/** Finds imports and uses that `import-rules.ts` does not allow. */
export function checkImports(repo: Repo): Finding[] {
  const findings: Finding[] = [];
  const declared = new Map<string, ReadonlySet<string>>();
  for (const path of repo.paths) {
    if (!path.endsWith(".ts")) continue;
    const facts = parseModule(path, repo.read(path));
    const home = packageOf(path) ?? path.split("/")[0] ?? "";
    const dependencies = declared.get(home) ?? readDependencies(repo, packageOf(path));
    declared.set(home, dependencies);
    for (const { name, line } of facts.imports) {
      const message = judgeImport(path, home, name, dependencies);
      if (message !== undefined) findings.push({ path, line, message });
    }
    for (const line of facts.starExports)
      findings.push({ path, line, message: "Export names one by one, not with a star." });
    for (const line of facts.defaultExports)
      findings.push({ path, line, message: "Export it by name, not as the default." });
    findings.push(...checkAmbient(path, facts));
  }
  return [...findings, ...checkManifests(repo)];
}

/** Finds packages that depend on a closed one, whose licence they and all their users would take on. */
function checkManifests(repo: Repo): Finding[] {
  return repo.paths
    .filter((path) => /(?:^|\/)package\.json$/.test(path))
    .flatMap((path) => {
      const manifest = JSON.parse(repo.read(path)) as Record<string, Record<string, string> | undefined>;
      return ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"]
        .flatMap((kind) => Object.keys(manifest[kind] ?? {}))
        .filter((name) => closedPackages.get(name)?.readers.some((reader) => path.startsWith(reader)) === false)
        .map((name) => ({ path, message: `Nothing may depend on ${name}: ${closedPackages.get(name)?.why}.` }));
    });
}

function readDependencies(repo: Repo, home: string | undefined): ReadonlySet<string> {
  const manifest = home === undefined ? "package.json" : `${home}/package.json`;
  if (!repo.has(manifest)) return new Set();
  const { dependencies = {} } = JSON.parse(repo.read(manifest)) as { dependencies?: Record<string, string> };
  return new Set(Object.keys(dependencies));
}

/** @returns why an import is not allowed */
function judgeImport(path: string, home: string, name: string, dependencies: ReadonlySet<string>): string | undefined {
  if (name === "an expression") return "Import a module by its name, not by an expression.";
  if (name.startsWith(".")) return judgeRelative(path, home, name);
  // A file of the package itself, which its package.json chooses by platform.
  if (name.startsWith("#")) return undefined;
  const closed = closedPackages.get(packageNameOf(name));
  if (closed !== undefined && !closed.readers.some((reader) => path.startsWith(reader))) {
    return `${name} is for ${closed.readers.join(", ")} alone: ${closed.why}.`;
  }
  const rule = packageRules.get(home);
  const loose = looseFolders.get(home);
  if (rule === undefined && loose === undefined && home !== "packages/testkit") {
    return `The folder ${home} has no row in tools/import-rules.ts.`;
  }
  const free = isTestFile(path) || loose !== undefined;
  if (name.startsWith("node:")) {
    return free || rule === undefined ? undefined : judgeBuiltin(home, rule, name.slice("node:".length));
  }
  if (name.startsWith("@coffer/"))
    return judgeOurs(path, home, rule, name, free && mayImport(loose?.ours ?? "all", name), dependencies);
  return free || rule === undefined ? undefined : judgeTheirs(home, rule, name, dependencies);
}

function mayImport(ours: "all" | readonly string[], name: string): boolean {
  return ours === "all" || ours.some((allowed) => name === allowed || name.startsWith(`${allowed}/`));
}

function judgeRelative(path: string, home: string, name: string): string | undefined {
  const target = posix.join(posix.dirname(path), name);
  if (home === "tools" || target.startsWith(`${home}/`)) return undefined;
  return `This reaches into another package; import what ${packageOf(target) ?? target} exports by the package's name.`;
}

function judgeBuiltin(home: string, { builtins }: PackageRule, name: string): string | undefined {
  return builtins === "all" || builtins.includes(name) ? undefined : `${home} may not import node:${name}.`;
}

function judgeOurs(
  path: string,
  home: string,
  rule: PackageRule | undefined,
  name: string,
  free: boolean,
  dependencies: ReadonlySet<string>,
): string | undefined {
  const owner = packageNameOf(name);
  if (name !== owner) {
    const subpath = subpathRules.get(name);
    if (subpath === undefined) return "Import what the package exports, not a file within it.";
    if (!subpath.readers.some((reader) => path.startsWith(reader))) {
      return `${name} is for ${subpath.readers.join(", ")} alone: ${subpath.why}.`;
    }
    if (packageOf(path) === folderOfPackage(owner)) return undefined;
  }
  if (free) return undefined;
  if (rule?.ours.includes(owner) !== true) return `${home} may not import ${owner}.`;
  return dependencies.has(owner) ? undefined : `${home}/package.json does not depend on ${owner}.`;
}

/** The package that an import's name begins with. */
function packageNameOf(name: string): string {
  return name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");
}

function judgeTheirs(
  home: string,
  { theirs }: PackageRule,
  name: string,
  dependencies: ReadonlySet<string>,
): string | undefined {
  const dependency = packageNameOf(name);
  if (!theirs.includes(dependency)) return `${home} may not import ${dependency}.`;
  return dependencies.has(dependency) ? undefined : `${home}/package.json does not depend on ${dependency}.`;
}

function checkAmbient(path: string, facts: ModuleFacts): Finding[] {
  if (isTestFile(path) || packageOf(path) === undefined) return [];
  const mentions = [...facts.uses, ...facts.importedNames];
  return ambientRules
    .filter(({ allowed }) => !allowed.some((place) => path.startsWith(place)))
    .flatMap(({ what, names, instead }) =>
      mentions
        .filter(({ name }) => names.includes(name))
        .map(({ name, line }) => ({ path, line, message: `${name} reads ${what}: ${instead}.` })),
    );
}
