/** What the sources of a package may import; its tests may import any of our packages and any builtin. */
export interface PackageRule {
  /** Our packages. */
  readonly ours: readonly string[];
  /** Node's modules, without `node:`; `all` where the machine is the package's business. */
  readonly builtins: readonly string[] | "all";
  /** Packages of others; each must stand in the package's own package.json. */
  readonly theirs: readonly string[];
}

const pure = ["buffer", "util"];
const files = ["fs", "fs/promises", "path", "crypto"];

/**
 * The edges of docs/ARCHITECTURE.md: crypto <- policy, sigv4 <- service <- wires <- apps. Stores and seals know the
 * core's port types; wires know no store, no cryptography of Node's, and not each other.
 */
export const packageRules: ReadonlyMap<string, PackageRule> = new Map<string, PackageRule>([
  [
    "packages/crypto",
    {
      ours: [],
      builtins: ["crypto", "ffi", "os", "worker_threads", ...pure],
      theirs: ["@noble/ciphers", "@noble/curves", "@noble/post-quantum"],
    },
  ],
  ["packages/policy", { ours: ["@coffer/crypto"], builtins: pure, theirs: [] }],
  ["packages/sigv4", { ours: ["@coffer/crypto"], builtins: ["crypto", ...pure], theirs: [] }],
  ["packages/attestation", { ours: [], builtins: ["crypto", ...pure], theirs: [] }],
  [
    "packages/service",
    {
      ours: ["@coffer/attestation", "@coffer/crypto", "@coffer/policy"],
      builtins: ["crypto", ...pure],
      theirs: [],
    },
  ],
  [
    "packages/store",
    {
      ours: ["@coffer/crypto", "@coffer/service"],
      // Audit devices send to sockets.
      builtins: ["dgram", "net", "sqlite", ...files, ...pure],
      theirs: ["kysely", "pg"],
    },
  ],
  [
    "packages/seal",
    {
      ours: ["@coffer/crypto", "@coffer/service"],
      builtins: [...files, ...pure],
      theirs: ["shamir-secret-sharing"],
    },
  ],
  ["packages/wire-aws", { ours: ["@coffer/service", "@coffer/sigv4"], builtins: pure, theirs: [] }],
  ["packages/wire-vault", { ours: ["@coffer/service"], builtins: pure, theirs: [] }],
  ["packages/wire-xks", { ours: ["@coffer/service", "@coffer/sigv4"], builtins: pure, theirs: [] }],
  [
    "packages/xks",
    {
      ours: ["@coffer/crypto", "@coffer/service", "@coffer/sigv4"],
      builtins: ["http", "https", "net", "tls", ...pure],
      theirs: [],
    },
  ],
  ["packages/wire-rest", { ours: ["@coffer/service"], builtins: pure, theirs: [] }],
  // A published library: it stands alone. Files, threads and streams are below src/node.
  ["packages/envelope", { ours: [], builtins: "all", theirs: [] }],
  [
    "packages/sops",
    {
      ours: ["@coffer/envelope"],
      builtins: ["crypto", ...pure],
      theirs: ["re2js", "shamir-secret-sharing", "toml-eslint-parser", "yaml"],
    },
  ],
  // Messaging is published as libraries: nothing of the server's, and no protocol that a program did not choose.
  [
    "packages/messaging/core",
    {
      ours: ["@coffer/envelope"],
      // Directories as vaults are below src/node.
      builtins: "all",
      theirs: ["@hpke/core", "@noble/ciphers", "@noble/curves", "@noble/hashes"],
    },
  ],
  [
    "packages/messaging/olm",
    {
      ours: ["@coffer/messaging"],
      builtins: [],
      theirs: ["@matrix-org/matrix-sdk-crypto-wasm", "fake-indexeddb"],
    },
  ],
  ["packages/messaging/mls", { ours: ["@coffer/messaging"], builtins: [], theirs: ["ts-mls"] }],
  [
    "packages/messaging/openpgp",
    { ours: ["@coffer/messaging"], builtins: [], theirs: ["openpgp", "@openpgp/wkd-client"] },
  ],
  ["packages/messaging/otr", { ours: ["@coffer/messaging"], builtins: [], theirs: ["otr"] }],
  ["packages/messaging/signal", { ours: ["@coffer/messaging"], builtins: [], theirs: ["@signalapp/libsignal-client"] }],
  [
    "packages/messaging/relay",
    {
      ours: ["@coffer/crypto", "@coffer/messaging"],
      builtins: ["sqlite", "crypto", ...pure],
      theirs: [],
    },
  ],
  [
    "apps/server",
    {
      ours: [
        "@coffer/attestation",
        "@coffer/crypto",
        "@coffer/messaging-relay",
        "@coffer/seal",
        "@coffer/service",
        "@coffer/sigv4",
        "@coffer/store",
        "@coffer/wire-aws",
        "@coffer/wire-rest",
        "@coffer/wire-vault",
        "@coffer/wire-xks",
        "@coffer/xks",
      ],
      builtins: "all",
      theirs: ["fastify", "jose", "smol-toml", "ws"],
    },
  ],
  [
    "apps/cli",
    {
      ours: [
        "@coffer/envelope",
        "@coffer/messaging",
        "@coffer/messaging-mls",
        "@coffer/messaging-olm",
        "@coffer/server",
        "@coffer/sops",
        "@coffer/store",
      ],
      builtins: "all",
      theirs: ["@aws-sdk/credential-provider-node", "@smithy/core", "age-encryption"],
    },
  ],
]);

/** A part of a package that only some may import, by its specifier. */
export interface SubpathRule {
  /** Beginnings of the paths that may. */
  readonly readers: readonly string[];
  readonly why: string;
}

/** The only imports of a part of a package that there are. */
export const subpathRules: ReadonlyMap<string, SubpathRule> = new Map<string, SubpathRule>([
  ["@coffer/crypto/hazmat", { readers: ["packages/crypto/"], why: "it gives secret bytes raw" }],
  [
    "@coffer/envelope/node",
    {
      readers: ["apps/", "bench/", "examples/", "packages/envelope/"],
      why: "it is files and threads, which browsers have not",
    },
  ],
  [
    "@coffer/envelope/hierarchical",
    { readers: ["apps/", "examples/", "packages/"], why: "it is keyrings beyond what a browser's bundle has room for" },
  ],
  [
    "@coffer/envelope/rsa",
    { readers: ["apps/", "examples/", "packages/"], why: "it is keyrings beyond what a browser's bundle has room for" },
  ],
  [
    "@coffer/messaging/node",
    {
      readers: ["apps/", "bench/", "examples/", "packages/messaging/"],
      why: "it is directories, which browsers have not",
    },
  ],
  [
    "@coffer/messaging/prekeys",
    { readers: ["packages/messaging/"], why: "it is what the directory and protocols check of published keys" },
  ],
  ["@coffer/messaging/testing", { readers: ["packages/messaging/"], why: "it is what tests of protocols share" }],
  [
    "@coffer/messaging/transparency",
    { readers: ["apps/", "bench/", "packages/messaging/"], why: "it is the tree that relay and clients share" },
  ],
  ...["age", "jwe"].map((format): [string, SubpathRule] => [
    `@coffer/envelope/${format}`,
    { readers: ["apps/", "examples/", "packages/"], why: "it is a format beside the library's own" },
  ]),
  [
    "@coffer/service/request-rates",
    { readers: ["apps/server/src/config/"], why: "it is a table for those that must start fast" },
  ],
  ["@coffer/server/relay", { readers: ["apps/cli/", "bench/"], why: "it is the relay without the server" }],
  ["@coffer/server/config", { readers: ["apps/cli/"], why: "it is the settings without the server, for the CLI" }],
]);

/** Packages that nothing imports and nothing depends on, tests and tools included, but what is below `readers`. */
export const closedPackages: ReadonlyMap<string, SubpathRule> = new Map<string, SubpathRule>(
  ["@coffer/messaging-signal", "@signalapp/libsignal-client"].map((name) => [
    name,
    {
      readers: ["packages/messaging/signal/"],
      why: "it is under the AGPL, and a program that loads it is distributed under the AGPL as a whole",
    },
  ]),
);

/** Something of the machine's that the core takes through a port, and where it may be touched. */
export interface AmbientRule {
  readonly what: string;
  /** Uses as `parseModule` names them, or `module name` of an import. */
  readonly names: readonly string[];
  /** Beginnings of paths. Tests, tools, benchmarks and examples may touch everything. */
  readonly allowed: readonly string[];
  readonly instead: string;
}

export const ambientRules: readonly AmbientRule[] = [
  {
    what: "the clock",
    names: ["Date.now", "new Date()", "Date()", "performance.now", "process.hrtime"],
    // The Date header that Node itself would write, on answers that Node does not write.
    allowed: [
      "apps/cli/src/clock.ts",
      "apps/server/src/system-clock.ts",
      "apps/server/src/http/answer.ts",
      "packages/envelope/src/platform/",
      "packages/messaging/core/src/platform.ts",
    ],
    instead: "take a Clock",
  },
  {
    what: "timers",
    names: ["setTimeout()", "setInterval()"],
    allowed: ["apps/", "packages/envelope/src/platform/", "packages/messaging/core/src/platform.ts"],
    instead: "take a Clock",
  },
  {
    what: "randomness",
    names: ["Math.random", "crypto.randomUUID", "crypto.getRandomValues", "node:crypto randomUUID"],
    allowed: [
      "packages/crypto/src/random.ts",
      "packages/envelope/src/platform/",
      "packages/messaging/core/src/platform.ts",
    ],
    instead: "use randomId or randomBytes of @coffer/crypto",
  },
  {
    what: "the environment and arguments",
    names: ["process.env", "process.argv"],
    allowed: ["apps/"],
    instead: "take it as an option",
  },
];
