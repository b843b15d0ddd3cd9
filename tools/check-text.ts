import { type Finding, isTestFile, type Repo } from "./repo.ts";

const maxLines = 500;
const binary = /\.(bin|png|ico|gz|woff2)$/;

// In parts, so that this file does not find itself.
const leftovers = new RegExp(`\\b(?:FIX${"ME"}|TO${"DO"}|X${"XX"})\\b`);
const machinePath = new RegExp(`(?<![\\w.-])/(?:wo${"rk"}/(?:main|shared)|ro${"ot"})/`);
const homePath = new RegExp(`(?<![\\w.-])/(?:ho${"me"}|Us${"ers"})/\\w+/[\\w.-]`);
const registry = new RegExp(
  `https?://(?:registry\\.npmjs\\.org|registry\\.yarn${"pkg"}\\.com|files\\.python${"hosted"}\\.org)`,
);

/** Finds files that are too long, leftover marks, paths of one machine, and registry hosts in the lockfile. */
export function checkText(repo: Repo): Finding[] {
  const findings: Finding[] = [];
  for (const path of repo.paths) {
    if (binary.test(path) || path.startsWith("vectors/")) continue;
    const lines = repo.read(path).split("\n");
    if (path === "package-lock.json") {
      findings.push(...find(path, lines, registry, "Install with this repo's .npmrc: the lockfile names no registry."));
      continue;
    }
    if (path.endsWith(".ts") && !path.includes("/generated/") && lines.length - 1 > maxLines) {
      findings.push({ path, message: `The file has ${lines.length - 1} lines; split it below ${maxLines}.` });
    }
    findings.push(...find(path, lines, leftovers, "Finish this, or say it in an issue."));
    findings.push(...find(path, lines, machinePath, "This is a path of one machine."));
    // A test may tell of somebody's home.
    if (!isTestFile(path)) findings.push(...find(path, lines, homePath, "This is a path of one machine."));
  }
  return findings;
}

function find(path: string, lines: readonly string[], pattern: RegExp, message: string): Finding[] {
  return lines.flatMap((line, at) => (pattern.test(line) ? [{ path, line: at + 1, message }] : []));
}
