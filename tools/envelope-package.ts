import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";

const root = join(import.meta.dirname, "..");
const source = join(root, "packages/envelope");

/** A bundle for browsers. */
export interface BrowserBundle {
  /** Minified, as one ECMAScript module. */
  readonly code: string;
  readonly bytes: number;
  /** What it would still import; nothing, when a browser can run it. */
  readonly imports: readonly string[];
}

/** What the main entry may weigh in a browser, minified. */
export const maxBundleBytes = 50_000;

/**
 * Builds `@coffer/envelope` as it is published: ECMAScript modules, types, and a package.json that picks the platform.
 *
 * @param directory where to; what was there is gone
 */
export function buildEnvelope(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  compile(directory);
  writeFileSync(join(directory, "package.json"), `${JSON.stringify(manifest(), undefined, 2)}\n`);
  cpSync(join(source, "README.md"), join(directory, "README.md"));
  cpSync(join(root, "LICENSE"), join(directory, "LICENSE"));
  // Interfaces extend Disposable, which a consumer's own `lib` may lack.
  const types = join(directory, "index.d.ts");
  writeFileSync(types, `/// <reference lib="esnext.disposable" preserve="true" />\n${readFileSync(types, "utf8")}`);
}

function compile(directory: string): void {
  const project = join(directory, "tsconfig.build.json");
  const options = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      target: "es2022",
      rootDir: join(source, "src"),
      outDir: directory,
      noEmit: false,
      allowImportingTsExtensions: false,
      rewriteRelativeImportExtensions: true,
      declaration: true,
      incremental: false,
      tsBuildInfoFile: null,
      typeRoots: [join(root, "node_modules/@types")],
    },
    include: [join(source, "src")],
    exclude: [join(source, "src/**/*.test.ts"), join(source, "src/**/testing")],
  };
  writeFileSync(project, JSON.stringify(options));
  execFileSync(process.execPath, [join(root, "node_modules/typescript/lib/tsc.js"), "-p", project], {
    stdio: "pipe",
    encoding: "utf8",
  });
  rmSync(project);
}

/** The published package.json. */
function manifest(): Record<string, unknown> {
  const own = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
  const { name, version, description, license, type, dependencies } = own;
  return {
    name,
    version,
    description,
    license,
    type,
    engines: { node: ">=22" },
    sideEffects: false,
    exports: { ...builtExports(own.exports), "./package.json": "./package.json" },
    // A bundler for browsers may know both conditions.
    imports: {
      "#platform": { browser: "./platform/web.js", node: "./platform/node.js", default: "./platform/web.js" },
    },
    dependencies,
  };
}

/** Entries of the sources as those of the build: its `node` is for nothing else. */
function builtExports(sources: Readonly<Record<string, string>>): Record<string, Record<string, string>> {
  return Object.fromEntries(
    Object.entries(sources).map(([entry, path]) => {
      const module = path.replace(/^\.\/src\/(.*)\.ts$/, "./$1");
      return [entry, { types: `${module}.d.ts`, [entry === "./node" ? "node" : "default"]: `${module}.js` }];
    }),
  );
}

/** Bundles the main entry of a built package as a browser would get it. @param directory of the package */
export async function bundleForBrowsers(directory: string): Promise<BrowserBundle> {
  const bundle = await rolldown({
    input: join(directory, "index.js"),
    platform: "browser",
    resolve: { modules: [join(root, "node_modules")] },
    // Whatever it cannot find is an import that stays, and is told.
    onLog: () => {},
  });
  try {
    const { output } = await bundle.generate({ format: "esm", minify: true });
    const [{ code, imports, dynamicImports }] = output;
    return { code, bytes: Buffer.byteLength(code), imports: [...imports, ...dynamicImports] };
  } finally {
    await bundle.close();
  }
}
