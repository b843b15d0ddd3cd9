import { findMissingPlatforms, type Lockfile } from "./complete-lockfile.ts";
import type { Finding, Repo } from "./repo.ts";

/** The page that says why each dependency is there. */
export const dependenciesPage = "docs/DEPENDENCIES.md";
const requirements = "tools/requirements.txt";

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Finds dependencies that are not pinned, or whose reason and licence nobody wrote down, and rows about none. */
export function checkDependencies(repo: Repo): Finding[] {
  const findings: Finding[] = [];
  const rows = readRows(repo);
  const used = new Set<string>();
  for (const path of repo.paths.filter((name) => /(?:^|\/)package\.json$/.test(name))) {
    for (const [name, version] of dependenciesOf(JSON.parse(repo.read(path)) as Manifest)) {
      if (!/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version)) {
        findings.push({ path, message: `${name} is not pinned: ${version} is no exact version.` });
      }
      if (name.startsWith("@coffer/")) continue;
      used.add(name);
      findings.push(...judgeRow(repo, path, name, rows.get(name)));
    }
  }
  for (const { name, line, pinned } of readRequirements(repo)) {
    used.add(name);
    if (!pinned) findings.push({ path: requirements, line, message: `${name} is not pinned with ==.` });
    if (!rows.has(name))
      findings.push({ path: requirements, line, message: `${name} has no row in ${dependenciesPage}.` });
  }
  for (const [name, { line }] of rows) {
    if (!used.has(name)) findings.push({ path: dependenciesPage, line, message: `Nothing depends on ${name}.` });
  }
  return [...findings, ...checkLockfile(repo)];
}

function checkLockfile(repo: Repo): Finding[] {
  const path = "package-lock.json";
  if (!repo.has(path)) return [];
  const missing = [...findMissingPlatforms(JSON.parse(repo.read(path)) as Lockfile).keys()];
  const message = `npm ci will refuse this lockfile, which lacks ${missing[0]}: run bin/node tools/complete-lockfile.ts`;
  return missing.length === 0 ? [] : [{ path, message }];
}

function dependenciesOf(manifest: Manifest): [string, string][] {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies } = manifest;
  return [dependencies, devDependencies, optionalDependencies, peerDependencies].flatMap((all) =>
    Object.entries(all ?? {}),
  );
}

interface Row {
  readonly line: number;
  readonly reason: string;
  readonly licence: string;
}

/** The rows `| name | reason | licence |`; a row may name several packages, separated by commas. */
function readRows(repo: Repo): ReadonlyMap<string, Row> {
  const rows = new Map<string, Row>();
  if (!repo.has(dependenciesPage)) return rows;
  for (const [at, content] of repo.read(dependenciesPage).split("\n").entries()) {
    const [, names = "", reason = "", licence = ""] = content.split("|").map((cell) => cell.trim());
    for (const [, name = ""] of names.matchAll(/`([^`]+)`/g)) rows.set(name, { line: at + 1, reason, licence });
  }
  return rows;
}

function judgeRow(repo: Repo, path: string, name: string, row: Row | undefined): Finding[] {
  if (row === undefined) return [{ path, message: `${name} has no row in ${dependenciesPage}.` }];
  const { line } = row;
  if (row.reason === "" || row.licence === "") {
    return [{ path: dependenciesPage, line, message: `${name} needs a reason and a licence.` }];
  }
  const installed = `node_modules/${name}/package.json`;
  // A platform's package is not installed on another.
  if (!repo.has(installed)) return [];
  const { license } = JSON.parse(repo.read(installed)) as { license?: string };
  if (license === row.licence) return [];
  return [{ path: dependenciesPage, line, message: `The licence of ${name} is ${license ?? "not told"}.` }];
}

function readRequirements(repo: Repo): { name: string; line: number; pinned: boolean }[] {
  if (!repo.has(requirements)) return [];
  return repo
    .read(requirements)
    .split("\n")
    .flatMap((content, at) => {
      const found = /^([A-Za-z0-9._-]+)\s*(.*)$/.exec(content);
      return found?.[1] === undefined
        ? []
        : [
            {
              name: found[1],
              line: at + 1,
              pinned: /^==[\w.]+(?:; python_version >= "[\d.]+")?$/.test(found[2] ?? ""),
            },
          ];
    });
}
