import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Real clients in other languages: `make test` builds them when their toolchain is on the machine. */
export type BuiltClientName = "sops" | "aws-sdk-go" | "aws-sdk-java";

/** How a client is built and found again. */
export interface BuiltClient {
  /** The programs that build it, which `make test` does not install. */
  readonly toolchain: readonly string[];
  /** Where it is built; another folder for other sources or versions. */
  readonly directory: string;
  /** What is written last, so that it is complete when this is there. */
  readonly result: string;
  /** What a test is told: the program to run, or for Java the folder with the classes. */
  readonly path: string;
}

const root = join(import.meta.dirname, "../../..");
const builds = join(root, ".cache/clients");

/** The folder with the sources of the Go client. */
export const goSources = join(root, "apps/server/test/go");

/** The folder with the sources of the Java client. */
export const javaSources = join(root, "apps/server/test/java");

/** SOPS as `go install` takes it. */
export const sopsModule = "github.com/getsops/sops/v3/cmd/sops@v3.13.3";

const clients: ReadonlyMap<BuiltClientName, () => BuiltClient> = new Map<BuiltClientName, () => BuiltClient>([
  ["sops", () => built(["go"], join(builds, sopsModule.replaceAll("/", "-")), "sops")],
  ["aws-sdk-go", () => built(["go"], sourcesDirectory(goSources, ["go.mod", "go.sum", "main.go"]), "aws-sdk-go")],
  [
    "aws-sdk-java",
    () => {
      const directory = sourcesDirectory(javaSources, ["pom.xml", "Main.java"]);
      return { ...built(["java", "javac", "mvn"], directory, "Main.class"), path: directory };
    },
  ],
]);

/** @throws {TypeError} for a name that is none */
export function builtClient(name: BuiltClientName): BuiltClient {
  const find = clients.get(name);
  if (find === undefined) throw new TypeError(`${name} is no client`);
  return find();
}

/** Whether it is built. */
export function isBuilt({ directory, result }: BuiltClient): boolean {
  return existsSync(join(directory, result));
}

function built(toolchain: readonly string[], directory: string, result: string): BuiltClient {
  return { toolchain, directory, result, path: join(directory, result) };
}

function sourcesDirectory(sources: string, files: readonly string[]): string {
  const digest = createHash("sha256");
  for (const file of files) digest.update(readFileSync(join(sources, file)));
  return join(builds, digest.digest("hex").slice(0, 16));
}
