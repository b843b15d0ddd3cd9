import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  ageModule,
  type BuiltClientName,
  builtClient,
  clientSources,
  sopsModule,
} from "../packages/testkit/src/built-clients.ts";
import {
  type Component,
  type ComponentName,
  component,
  componentNames,
  requirementFiles,
  requirementsDigest,
  venvDirectory,
  venvStamp,
} from "../packages/testkit/src/components.ts";

/** How a missing component gets here; throws, or does nothing, when this machine has no way. */
type Install = () => void;

const installs: Readonly<Record<ComponentName, Install>> = {
  "python-venv": installVenv,
  // Lies in the same environment.
  "aws-cli": installVenv,
  curl: () => installDebian("curl"),
  make: () => installDebian("make"),
  openssl: () => installDebian("openssl"),
  gpg: () => installDebian("gnupg"),
  sqop: () => installDebian("sqop"),
  rnp: () => installDebian("rnp"),
  sops: () => build("sops", (directory) => runGo(["install", sopsModule], { GOBIN: directory })),
  age: () => build("age", (directory) => runGo(["install", ageModule], { GOBIN: directory })),
  "aws-sdk-go": () => buildGo("aws-sdk-go"),
  "aws-sdk-java": () => buildJava("aws-sdk-java"),
  "vault-go": () => buildGo("vault-go"),
  "vault-java": () => buildJava("vault-java"),
};

/** What came of a component. */
export interface Provision {
  readonly name: ComponentName;
  readonly component: Component;
  /** Whether it was missing before. */
  readonly installed: boolean;
}

/** Installs what is missing and can be installed; `onInstall` is told before each. */
export function provideComponents(onInstall: (name: ComponentName) => void): Provision[] {
  return componentNames.map((name) => {
    const found = component(name);
    if (found.available || found.optional) return { name, component: found, installed: false };
    onInstall(name);
    let reason: string | undefined;
    try {
      installs[name]();
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    const now = component(name);
    const told = now.available || reason === undefined ? now : { ...now, reason: `${now.reason} ${reason}` };
    return { name, component: told, installed: now.available };
  });
}

/** Runs `npm ci` when nothing is installed; `make install` also does when the lockfile is newer. @returns whether it ran */
export function provideNodePackages(root: string): boolean {
  if (existsSync(join(root, "node_modules/.package-lock.json"))) return false;
  run("npm", ["ci", "--no-audit", "--no-fund"], root);
  return true;
}

function installVenv(): void {
  const python = "python3";
  const venv = ["-m", "venv", "--clear", venvDirectory];
  try {
    run(python, venv);
  } catch (error) {
    // Debian ships Python without it.
    if (!installDebian("python3-venv")) throw error;
    run(python, venv);
  }
  const [requirements = "", constraints = ""] = requirementFiles;
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements, "-c", constraints];
  run(join(venvDirectory, "bin/python"), pip);
  writeFileSync(venvStamp, `${requirementsDigest()}\n`);
}

/** @returns false when this is not Debian, or we are not root there */
function installDebian(name: string): boolean {
  if (process.getuid?.() !== 0 || spawnSync("apt-get", ["--version"]).status !== 0) return false;
  const install = ["install", "-y", "--no-install-recommends", name];
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  if (spawnSync("apt-get", install, { env, stdio: "ignore" }).status === 0) return true;
  run("apt-get", ["update"]);
  run("apt-get", install);
  return true;
}

function build(name: BuiltClientName, make: (directory: string) => void): void {
  const { directory } = builtClient(name);
  mkdirSync(directory, { recursive: true });
  make(directory);
}

/** One package at a time: the largest take a gigabyte each. Only the toolchain that is here, and no later one. */
function runGo(options: readonly string[], environment: NodeJS.ProcessEnv, cwd?: string): void {
  const bounds = { GOMAXPROCS: "1", GOFLAGS: "-p=1 -buildvcs=false", GOTOOLCHAIN: "local" };
  run("go", options, cwd, { ...bounds, ...environment });
}

function buildGo(name: BuiltClientName): void {
  build(name, (directory) => runGo(["build", "-o", join(directory, name), "."], {}, clientSources(name)));
}

function buildJava(name: BuiltClientName): void {
  const sources = clientSources(name);
  build(name, (directory) => {
    run("mvn", ["-q", "-B", "dependency:copy-dependencies", `-DoutputDirectory=${directory}`], sources);
    run("javac", ["-cp", join(directory, "*"), "-sourcepath", sources, "-d", directory, join(sources, "Main.java")]);
  });
}

function run(program: string, options: readonly string[], cwd?: string, environment: NodeJS.ProcessEnv = {}): void {
  const env = { ...process.env, ...environment };
  const { status, stderr, error } = spawnSync(program, options, { cwd, env, encoding: "utf8" });
  if (status === 0) return;
  const said = (error?.message ?? stderr).trim().split("\n").at(-1) ?? "";
  throw new Error(`${program} ${options[0] ?? ""} failed: ${said}`);
}
