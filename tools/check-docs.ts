import { posix } from "node:path";
import type { GeneratedDoc } from "./generated-docs.ts";
import type { Finding, Repo } from "./repo.ts";

const decisionHeadings = ["Problem", "Options", "Choice", "Cost"];

/** Finds pages that no longer say what is: generated ones, links, make targets and decision records. */
export async function checkDocs(repo: Repo, generated: readonly GeneratedDoc[]): Promise<Finding[]> {
  const findings = await checkGenerated(repo, generated);
  const targets = readMakeTargets(repo);
  for (const path of repo.paths) {
    if (!path.endsWith(".md") || path.startsWith("vectors/")) continue;
    const text = repo.read(path);
    findings.push(...checkLinks(repo, path, text), ...checkTargets(path, text, targets));
    if (path.startsWith("docs/decisions/")) findings.push(...checkDecision(path, text));
  }
  return findings;
}

async function checkGenerated(repo: Repo, generated: readonly GeneratedDoc[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { path, command, render } of generated) {
    try {
      const same = repo.has(path) && repo.read(path) === (await render());
      if (!same) findings.push({ path, message: `The page is out of date; run ${command}` });
    } catch (error) {
      findings.push({ path, message: `${command} fails: ${error instanceof Error ? error.message : String(error)}` });
    }
  }
  return findings;
}

function checkLinks(repo: Repo, path: string, text: string): Finding[] {
  const findings: Finding[] = [];
  for (const { line, content } of proseLines(text)) {
    for (const [, target = ""] of content.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)) {
      if (/^[a-z][a-z0-9+.-]*:/i.test(target)) continue;
      const [file = "", anchor] = target.split("#");
      const to = file === "" ? path : posix.join(posix.dirname(path), decodeURIComponent(file));
      if (!repo.has(to)) findings.push({ path, line, message: `The link leads to ${to}, which is not there.` });
      else if (anchor !== undefined && to.endsWith(".md") && !anchorsOf(repo.read(to)).has(anchor)) {
        findings.push({ path, line, message: `The link leads to #${anchor}, which ${to} does not have.` });
      }
    }
  }
  return findings;
}

/** The anchors that renderers give to headings: lower case, punctuation dropped, hyphens for spaces. */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const { content } of proseLines(text)) {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(content)?.[1];
    if (heading === undefined) continue;
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-");
    let anchor = slug;
    for (let n = 1; anchors.has(anchor); n++) anchor = `${slug}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}

function readMakeTargets(repo: Repo): ReadonlySet<string> {
  if (!repo.has("Makefile")) return new Set();
  const rules = repo.read("Makefile").matchAll(/^([a-z][a-z0-9 -]*):(?!=)/gm);
  return new Set([...rules].flatMap(([, names = ""]) => names.trim().split(/\s+/)));
}

function checkTargets(path: string, text: string, targets: ReadonlySet<string>): Finding[] {
  const findings: Finding[] = [];
  const lines = text.split("\n");
  const prose = new Map(proseLines(text).map(({ line, content }) => [line, content]));
  for (const [at, content] of lines.entries()) {
    const line = at + 1;
    // In prose only code counts: "make sure" is no target.
    const code = prose.has(line) ? [...content.matchAll(/`([^`]+)`/g)].map(([, span = ""]) => span) : [content];
    for (const piece of code) {
      const called = /^\s*(?:\$ )?make((?:\s+[a-z][a-z0-9-]*)+)(?=\s*(?:#|&&|;|$|\s[A-Z_]+=))/.exec(piece)?.[1] ?? "";
      for (const target of called.split(/\s+/)) {
        if (target !== "" && !targets.has(target)) {
          findings.push({ path, line, message: `The Makefile has no target ${target}.` });
        }
      }
    }
  }
  return findings;
}

function checkDecision(path: string, text: string): Finding[] {
  const headings = proseLines(text).flatMap(({ content }) => /^## (.*)$/.exec(content)?.[1] ?? []);
  return decisionHeadings
    .filter((heading) => !headings.includes(heading))
    .map((heading) => ({ path, message: `A decision record has the heading "## ${heading}".` }));
}

/** The lines outside fenced code blocks, counted from 1. */
function proseLines(text: string): { line: number; content: string }[] {
  const prose: { line: number; content: string }[] = [];
  let fence: string | undefined;
  for (const [at, content] of text.split("\n").entries()) {
    const mark = /^\s*(`{3,}|~{3,})/.exec(content)?.[1];
    if (mark !== undefined && (fence === undefined || content.trim() === fence)) {
      fence = fence === undefined ? mark : undefined;
    } else if (fence === undefined) {
      prose.push({ line: at + 1, content });
    }
  }
  return prose;
}
