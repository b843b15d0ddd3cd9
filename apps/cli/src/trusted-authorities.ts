import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { OperatorError } from "@coffer/server/config";
import type { Surroundings } from "./command.ts";

/**
 * Trusts the authorities in files, besides the system's, for every connection of this process.
 *
 * @throws OperatorError when a file cannot be read or holds none
 */
export function trustAuthorities({ workingDirectory }: Surroundings, files: readonly (string | undefined)[]): void {
  for (const file of files) {
    if (file)
      trustCertificates(
        readNamed(file, () => readFileSync(resolve(workingDirectory, file), "utf8")),
        file,
      );
  }
}

/** Every file of a folder, as `trustAuthorities`. */
export function trustFolder(surroundings: Surroundings, folder: string): void {
  const path = resolve(surroundings.workingDirectory, folder);
  const entries = readNamed(folder, () => readdirSync(path, { withFileTypes: true }));
  trustAuthorities(
    surroundings,
    entries.filter((entry) => !entry.isDirectory()).map(({ name }) => resolve(path, name)),
  );
}

/** @param name of what holds them, for errors */
export function trustCertificates(pem: string, name: string): void {
  try {
    if (!pem.includes("-----BEGIN ")) throw new Error("no PEM");
    setDefaultCACertificates([...getCACertificates("default"), pem]);
  } catch {
    throw new OperatorError(`${name} holds no certificates in PEM.`);
  }
}

function readNamed<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new OperatorError(`cannot read ${name}: ${(error as NodeJS.ErrnoException).code}.`);
  }
}
