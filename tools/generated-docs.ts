/** A page that is written by a program from the tables it is about. */
export interface GeneratedDoc {
  readonly path: string;
  /** What writes it. */
  readonly command: string;
  readonly render: () => Promise<string>;
}

/** All generated pages; `check-docs.ts` compares each with what its program would write now. */
export const generatedDocs: readonly GeneratedDoc[] = [
  {
    path: "docs/CONFIGURATION.md",
    command: "bin/node tools/generate-config-docs.ts",
    render: async () => (await import("../apps/server/src/config/render-docs.ts")).renderConfigDocs(),
  },
  {
    path: "docs/KMS.md",
    command: "bin/node tools/generate-kms-docs.ts",
    render: async () => (await import("./render-kms.ts")).renderKmsDocs(),
  },
  {
    path: "docs/LIMITS.md",
    command: "bin/node tools/generate-limits-docs.ts",
    render: async () => (await import("./render-limits.ts")).renderLimitsDocs(),
  },
  {
    path: "docs/RELAY.md",
    command: "bin/node tools/generate-relay-docs.ts",
    render: async () => (await import("./render-relay.ts")).renderRelayDocs(),
  },
  {
    path: "docs/PROTOCOLS.md",
    command: "bin/node tools/generate-messaging-docs.ts",
    render: async () => (await import("./render-messaging.ts")).renderMessagingDocs(),
  },
  {
    path: "docs/VAULT.md",
    command: "bin/node tools/generate-vault-docs.ts",
    render: async () => (await import("./render-vault.ts")).renderVaultDocs(),
  },
  {
    path: "docs/cbom.json",
    command: "bin/node tools/generate-cbom.ts",
    render: async () => (await import("./render-cbom.ts")).renderCbom(),
  },
];
