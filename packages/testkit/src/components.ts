import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type BuiltClientName, builtClient, isBuilt } from "./built-clients.ts";

/** Programs and packages that some suites need and that npm does not bring. `tools/components.ts` installs them. */
export type ComponentName =
  | "python-venv"
  | "aws-cli"
  | "curl"
  | "make"
  | "openssl"
  | "gpg"
  | "sqop"
  | "rnp"
  | BuiltClientName;

/**
 * Whether a component is there: `path` is the program to run. Otherwise `reason` is a whole sentence, and `optional`
 * says that `make test` has no way to bring it here, so that CI does without it too.
 */
export type Component =
  | { readonly available: true; readonly path: string }
  | { readonly available: false; readonly reason: string; readonly optional?: true };

const root = join(import.meta.dirname, "../../..");

/** Where the Python packages are installed. */
export const venvDirectory = join(root, ".venv");

/** The files that say which Python packages: what we use, and what that needs in turn. */
export const requirementFiles: readonly string[] = ["tools/requirements.txt", "tools/constraints.txt"].map((file) =>
  join(root, file),
);

const probes: ReadonlyMap<ComponentName, () => Component> = new Map<ComponentName, () => Component>([
  ["python-venv", () => probeVenv("python")],
  ["aws-cli", () => probeVenv("aws")],
  ["curl", () => probePath("curl")],
  ["make", () => probePath("make")],
  ["openssl", () => probePath("openssl")],
  ["gpg", () => probePath("gpg")],
  ["sqop", () => probePath("sqop")],
  ["rnp", () => probePath("rnp")],
  ["sops", () => probeBuilt("sops")],
  ["age", () => probeBuilt("age")],
  ["aws-sdk-go", () => probeBuilt("aws-sdk-go")],
  ["aws-sdk-java", () => probeBuilt("aws-sdk-java")],
  ["vault-go", () => probeBuilt("vault-go")],
  ["vault-java", () => probeBuilt("vault-java")],
]);

/** The names of all components. */
export const componentNames: readonly ComponentName[] = [...probes.keys()];

/**
 * Looks for a component; quick enough to call at the top of a test file:
 *
 *     const python = component("python-venv");
 *     describe("boto3", { skip: python.available ? false : python.reason }, () => ...)
 */
export function component(name: ComponentName): Component {
  return probes.get(name)?.() ?? { available: false, reason: `${name} is unknown.` };
}

/** What `make test` notes in the Python environment once everything is in it: changes with the requirements. */
export function requirementsDigest(): string {
  const digest = createHash("sha256");
  for (const file of requirementFiles) digest.update(readFileSync(file));
  return digest.digest("hex");
}

/** The file with `requirementsDigest` in the Python environment. */
export const venvStamp = join(venvDirectory, "coffer-requirements");

function probeVenv(program: string): Component {
  const path = join(venvDirectory, "bin", program);
  if (!existsSync(path) || !existsSync(venvStamp)) {
    return { available: false, reason: "There is no Python environment in .venv; make test makes one." };
  }
  if (readFileSync(venvStamp, "utf8").trim() !== requirementsDigest()) {
    return { available: false, reason: "The Python environment in .venv is out of date; make test renews it." };
  }
  return { available: true, path };
}

function probeBuilt(name: BuiltClientName): Component {
  const client = builtClient(name);
  const absent = client.toolchain.find((program) => !probePath(program).available);
  if (absent !== undefined) {
    return { available: false, reason: `There is no ${absent} on this machine, which ${name} needs.`, optional: true };
  }
  if (!isBuilt(client)) return { available: false, reason: `There is no ${name} in .cache; make test builds it.` };
  return { available: true, path: client.path };
}

function probePath(program: string): Component {
  for (const directory of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(directory, program);
    try {
      accessSync(path, constants.X_OK);
      return { available: true, path };
    } catch {
      // Not in this one.
    }
  }
  return { available: false, reason: `There is no ${program} on this machine.` };
}
