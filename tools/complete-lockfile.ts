/**
 * Completes package-lock.json: `bin/node tools/complete-lockfile.ts`, after an `npm install` that changed it.
 *
 * npm leaves a platform's package out of the lockfile when the registry at hand does not carry it, and then `npm ci`
 * refuses that lockfile everywhere. This adds the entry, with its version and platform, so that other platforms skip it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** An entry of a lockfile (npm documentation: package-lock.json), as far as it matters here. */
interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly [member: string]: unknown;
}

/** A lockfile, as far as it matters here. */
export interface Lockfile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

const systems = ["android", "darwin", "freebsd", "linux", "openharmony", "win32"];
const processors = /-(arm64|arm|ia32|ppc64|riscv64|s390x|x64)(?:-|$)/;

/** The entries that optional dependencies of locked packages lack, by their path in the lockfile. */
export function findMissingPlatforms({ packages }: Lockfile): ReadonlyMap<string, LockedPackage> {
  const missing = new Map<string, LockedPackage>();
  for (const [path, { dev, optionalDependencies = {} }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const own = path === "" ? `node_modules/${name}` : `${path}/node_modules/${name}`;
      const shared = `node_modules/${name}`;
      if (own in packages || shared in packages) continue;
      missing.set(shared, { version, ...(dev === undefined ? {} : { dev }), optional: true, ...platformOf(name) });
    }
  }
  return missing;
}

/** The platform in a package's name, such as `@biomejs/cli-linux-x64-musl`, as a lockfile tells it. */
function platformOf(name: string): Record<string, string[]> {
  const os = systems.find((system) => name.includes(`-${system}-`));
  const cpu = processors.exec(name)?.[1];
  return {
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(os === "linux" ? { libc: [name.includes("musl") ? "musl" : "glibc"] } : {}),
    ...(os === undefined ? {} : { os: [os] }),
  };
}

if (import.meta.main) {
  const path = join(import.meta.dirname, "../package-lock.json");
  const lockfile = JSON.parse(readFileSync(path, "utf8")) as Lockfile;
  const missing = findMissingPlatforms(lockfile);
  const packages = Object.entries({ ...lockfile.packages, ...Object.fromEntries(missing) });
  packages.sort(([a], [b]) => a.localeCompare(b, "en"));
  const completed = { ...lockfile, packages: Object.fromEntries(packages) };
  writeFileSync(path, `${JSON.stringify(completed, null, 2)}\n`);
  console.log(`added ${missing.size} entries`);
}
