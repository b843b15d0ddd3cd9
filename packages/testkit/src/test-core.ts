import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateSigningKeyPair, randomBytesPooled, randomId, signBytes } from "@coffer/crypto";
import { createShamirSeal, openKeyFileSeal } from "@coffer/seal";
import {
  type Core,
  type HealthWatch,
  Keyring,
  type Lifecycle,
  makeRootCredential,
  type Outbound,
  openCore,
  type Randomness,
  type RequestContext,
  type ResourceQuotas,
  type RootCredential,
  rootPrincipal,
  type Store,
  type WebIdentityVerifier,
} from "@coffer/service";
import { type AuditDisk, openAuditDeviceSinks, openFileAuditLog, openSqliteStore } from "@coffer/store";
import { createXksClient } from "@coffer/xks";
import { loopbackCertificate } from "./loopback-proxy.ts";
import { ManualClock } from "./manual-clock.ts";

export interface TestCoreOptions {
  readonly dev?: boolean;
  /** The randomness that operations draw from; the system's when absent. */
  readonly randomness?: Randomness;
  /** 12 digits. */
  readonly account?: string;
  /** The keys of identity providers; there are none when absent. */
  readonly webIdentities?: WebIdentityVerifier;
  /** Other servers that logins ask; there are none when absent. */
  readonly outbound?: Outbound;
  readonly region?: string;
  /** Requests a second by quota; absent when they are not limited. */
  readonly requestRates?: ReadonlyMap<string, number>;
  /** How many keys and grants there may be. */
  readonly resourceQuotas?: ResourceQuotas;
  /** DER of roots of attestation documents, besides AWS's. */
  readonly attestationRoots?: readonly Uint8Array[];
  /** Wraps the store, to inject faults. */
  readonly wrapStore?: (store: Store) => Store;
  /** The disk of the audit log, to inject faults. */
  readonly auditDisk?: AuditDisk;
}

/** A core of real parts: SQLite in memory, a key file and an audit log in a folder of its own, and a clock moved by hand. */
export interface TestCore {
  readonly core: Core;
  readonly lifecycle: Lifecycle;
  /** Not started. */
  readonly healthWatch: HealthWatch;
  readonly clock: ManualClock;
  readonly root: RootCredential;
  readonly directory: string;
  /** Bugs that were reported; a test that expects none asserts that this is empty. */
  readonly bugs: unknown[];
  /** What the operator was told of the health of audit trail and store. */
  readonly told: string[];
  /** The parsed audit records so far. */
  auditEvents(): Promise<Record<string, unknown>[]>;
  /** A request by the account root in the home region. */
  request(changes?: Partial<RequestContext>): RequestContext;
  close(): Promise<void>;
}

/** Opens a core for a test. Close it in `after`. */
export async function openTestCore(options: TestCoreOptions = {}): Promise<TestCore> {
  const directory = await mkdtemp(join(tmpdir(), "coffer-test-"));
  const clock = new ManualClock();
  const account = options.account ?? "000000000000";
  const homeRegion = options.region ?? "us-east-1";
  const sqlite = await openSqliteStore({ path: ":memory:", durability: "os", exclusive: true });
  const store = options.wrapStore?.(sqlite) ?? sqlite;
  const seal = await openKeyFileSeal({ path: join(directory, "seal", "keyfile"), create: true });
  const keyring = await Keyring.open(store, seal, clock);
  const { privateKey, publicKeyPem } = generateSigningKeyPair();
  const audit = await openFileAuditLog({
    directory: join(directory, "audit"),
    durability: "os",
    checkpoint: { sign: (bytes: Uint8Array) => signBytes(privateKey, bytes), publicKeyPem, everyRecords: 1000 },
    clock,
    lowSpaceBytes: 0,
    ...(options.auditDisk === undefined ? {} : { disk: options.auditDisk }),
  });
  const externalKeys = createXksClient({ clock, roots: loopbackCertificate });
  const bugs: unknown[] = [];
  const told: string[] = [];
  const { core, lifecycle, healthWatch } = openCore({
    randomness: options.randomness ?? { bytes: randomBytesPooled, id: randomId },
    store,
    clock,
    keyring,
    audit,
    externalKeys,
    auditDeviceSinks: openAuditDeviceSinks({ directory: join(directory, "audit-devices") }, clock),
    webIdentities: options.webIdentities ?? {
      verify: () => Promise.reject(new Error("this test has no identity providers")),
    },
    rootOfTrust: { shareSeal: createShamirSeal(), opensByItself: true },
    outbound: options.outbound ?? { request: () => Promise.reject(new Error("this test has no other servers")) },
    account,
    homeRegion,
    dev: options.dev ?? false,
    attestationRoots: options.attestationRoots,
    requestRates: options.requestRates,
    resourceQuotas: options.resourceQuotas,
    reportBug: (_errorId, error) => bugs.push(error),
    tellOperator: (line) => told.push(line),
  });
  await core.keyUsages.trackedSinceMs(clock.nowMs());
  const root = await makeRootCredential(core);
  if (root === undefined) throw new Error("a new store has no root credential yet");
  return {
    core,
    lifecycle,
    healthWatch,
    clock,
    root,
    directory,
    bugs,
    told,
    async auditEvents() {
      const lines: string[] = [];
      for (let after = 0; ; after = lines.length) {
        const page = await audit.read(after, 1000);
        lines.push(...page);
        if (page.length < 1000) return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      }
    },
    request: (changes = {}) => ({
      requestId: randomId(),
      wire: "aws",
      principal: rootPrincipal(account),
      region: homeRegion,
      sourceIp: "127.0.0.1",
      userAgent: "test",
      secureTransport: false,
      ...changes,
    }),
    async close() {
      await lifecycle.stop();
      await healthWatch.stop();
      externalKeys.close();
      await core.auditDevices.close();
      await audit.close();
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
