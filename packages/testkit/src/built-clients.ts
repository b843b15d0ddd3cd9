import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Real clients in other languages: `make test` builds them when their toolchain is on the machine. */
export type BuiltClientName = "sops" | "age" | "aws-sdk-go" | "aws-sdk-java" | "vault-go" | "vault-java";

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

/** A client with sources of ours: their folder below `apps/server/test`, and the files in it. */
interface ClientSources {
  readonly folder: string;
  readonly files: readonly string[];
}

const goClients: ReadonlyMap<BuiltClientName, ClientSources> = new Map([
  ["aws-sdk-go", { folder: "go", files: ["go.mod", "go.sum", "envelope.go", "main.go"] }],
  [
    "vault-go",
    {
      folder: "vault-go",
      files: ["go.mod", "go.sum", "access.go", "main.go", "material.go", "signatures.go", "system.go", "transit.go"],
    },
  ],
]);

const javaClients: ReadonlyMap<BuiltClientName, ClientSources> = new Map([
  ["aws-sdk-java", { folder: "java", files: ["pom.xml", "LargeData.java", "Main.java"] }],
  ["vault-java", { folder: "vault-java", files: ["pom.xml", "Main.java"] }],
]);

/** SOPS as `go install` takes it. */
export const sopsModule = "github.com/getsops/sops/v3/cmd/sops@v3.13.3";

/** age and age-keygen likewise. */
export const ageModule = "filippo.io/age/cmd/...@v1.3.2";

/** @throws {TypeError} for a name that is none */
export function builtClient(name: BuiltClientName): BuiltClient {
  if (name === "sops") return built(["go"], join(builds, sopsModule.replaceAll("/", "-")), "sops");
  if (name === "age") return built(["go"], join(builds, "filippo.io-age@v1.3.2"), "age");
  const go = goClients.get(name);
  if (go !== undefined) return built(["go"], sourcesDirectory(go), name);
  const java = javaClients.get(name);
  if (java === undefined) throw new TypeError(`${name} is no client`);
  const directory = sourcesDirectory(java);
  return { ...built(["java", "javac", "mvn"], directory, "Main.class"), path: directory };
}

/** The folder with a client's sources. @throws {TypeError} when there are none of ours */
export function clientSources(name: BuiltClientName): string {
  const sources = goClients.get(name) ?? javaClients.get(name);
  if (sources === undefined) throw new TypeError(`${name} has no sources here`);
  return join(root, "apps/server/test", sources.folder);
}

/** Whether it is built. */
export function isBuilt({ directory, result }: BuiltClient): boolean {
  return existsSync(join(directory, result));
}

function built(toolchain: readonly string[], directory: string, result: string): BuiltClient {
  return { toolchain, directory, result, path: join(directory, result) };
}

function sourcesDirectory({ folder, files }: ClientSources): string {
  const digest = createHash("sha256");
  for (const file of files) digest.update(readFileSync(join(root, "apps/server/test", folder, file)));
  return join(builds, digest.digest("hex").slice(0, 16));
}
