import { resolve } from "node:path";
import { defaultLimits, type HttpLimits } from "../http/limits.ts";
import { ConfigError, type Origin } from "./config-error.ts";
import { formatListenAddress, isLoopbackHost, type ListenAddress } from "./listen-address.ts";
import { type SettingName, type SettingValues, settingRowsByName } from "./settings.ts";

/** What protects the root key. The passphrase itself is read when it is needed (`readPassphrase`). */
export type SealSettings =
  | { readonly kind: "keyfile"; readonly keyFile: string }
  | { readonly kind: "passphrase"; readonly source: PassphraseSource }
  /** Opened by people with their shares, each time that the server starts. */
  | { readonly kind: "shamir" };

export type PassphraseSource =
  | { readonly kind: "file"; readonly file: string }
  | { readonly kind: "environment"; readonly variable: "COFFER_SEAL_PASSPHRASE" };

/** `disk`: synced; `os`: survives the process, not a power cut. */
export type Durability = "disk" | "os";

/** What a server that keeps its state on disk needs besides. All paths are absolute. */
export interface PersistentSettings {
  readonly dataDir: string;
  readonly seal: SealSettings;
  readonly audit: { readonly durability: Durability; readonly directory: string; readonly devicesDirectory: string };
  readonly store: { readonly durability: Durability };
  /** Undefined: none runs in this server. */
  readonly relay: RelaySettings | undefined;
}

/** The relay inside the server. */
export interface RelaySettings {
  readonly listen: readonly ListenAddress[];
  readonly key: string;
  readonly dataDirectory: string;
}

/** The settings of a server, complete and checked. It holds no secret. */
export interface Settings {
  /** Dev mode is exactly `persistent === undefined`. */
  readonly dev: boolean;
  /** Undefined in dev mode, which keeps everything in memory. */
  readonly persistent: PersistentSettings | undefined;
  readonly listen: readonly ListenAddress[];
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly requestClientCertificates: boolean;
  /** Where the first credentials are written too; undefined: they are only printed. */
  readonly credentialsFile: string | undefined;
  /** PEM roots besides AWS's that attestation documents are trusted by. */
  readonly attestationRootsFile: string | undefined;
  /** Keys of OpenID Connect providers by issuer, instead of those that they publish. */
  readonly oidcKeysFile: string | undefined;
  readonly oidcAllowPrivateHosts: boolean;
  readonly account: string;
  readonly region: string;
  /** External key stores: the proxy that this is (off without a path), and how it speaks to others. */
  readonly xks: {
    readonly uriPath: string | undefined;
    readonly rootsFile: string | undefined;
    readonly timeoutMs: number | undefined;
    readonly client: { readonly certFile: string; readonly keyFile: string } | undefined;
  };
  /** Requests a second by quota; undefined: they are not limited. */
  readonly requestRates: ReadonlyMap<string, number> | undefined;
  /** How much there may be; undefined: any number. */
  readonly resourceQuotas: { readonly keys: number | undefined; readonly grantsPerKey: number | undefined };
  readonly limits: HttpLimits;
  readonly logLevel: "error" | "info" | "debug";
}

type Origins = ReadonlyMap<SettingName, Origin>;

interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
}

/**
 * Completes the values with the defaults that depend on others, and checks what no single setting can.
 *
 * @throws ConfigError
 */
export function buildSettings(values: SettingValues, origins: Origins, surroundings: Surroundings): Settings {
  if (values.dev) refusePersistent(origins);
  const tls = buildPair(values, origins, "tls.certFile", "tls.keyFile");
  checkListen("listen", values.listen, values, tls !== undefined, origins);
  checkListen("relay.listen", values["relay.listen"] ?? [], values, tls !== undefined, origins);
  return {
    dev: values.dev,
    persistent: values.dev ? undefined : buildPersistent(values, origins, surroundings),
    listen: values.listen,
    tls,
    requestClientCertificates: values["tls.requestClientCertificates"],
    credentialsFile: values.credentialsFile,
    attestationRootsFile: values["attestation.rootsFile"],
    oidcKeysFile: values.oidcKeysFile,
    oidcAllowPrivateHosts: values.oidcAllowPrivateHosts,
    account: values.account,
    region: values.region,
    xks: {
      uriPath: values["xks.uriPath"],
      rootsFile: values["xks.rootsFile"],
      timeoutMs: values["xks.timeoutMs"],
      client: buildPair(values, origins, "xks.clientCertFile", "xks.clientKeyFile"),
    },
    requestRates: values["quotas.requests"],
    resourceQuotas: { keys: values["quotas.keys"], grantsPerKey: values["quotas.grantsPerKey"] },
    limits: buildLimits(values),
    logLevel: values.logLevel,
  };
}

function refusePersistent(origins: Origins): void {
  for (const [name, row] of settingRowsByName) {
    const origin = origins.get(name);
    if (row.persistentOnly === true && origin !== undefined) {
      throw new ConfigError(name, origin, "dev mode keeps everything in memory; leave this setting or dev mode out.");
    }
  }
}

/** A certificate and its key: both or none. */
function buildPair(
  values: SettingValues,
  origins: Origins,
  certName: "tls.certFile" | "xks.clientCertFile",
  keyName: "tls.keyFile" | "xks.clientKeyFile",
): Settings["tls"] {
  const certFile = values[certName];
  const keyFile = values[keyName];
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  if (certFile === undefined && keyFile === undefined) return undefined;
  const [given, missing] = certFile === undefined ? [keyName, certName] : [certName, keyName];
  throw new ConfigError(given, origins.get(given), `TLS needs ${missing} too.`);
}

function checkListen(
  name: "listen" | "relay.listen",
  listen: readonly ListenAddress[],
  values: SettingValues,
  hasTls: boolean,
  origins: Origins,
): void {
  const reachable = listen.find((address) => !isLoopbackHost(address.host));
  if (reachable === undefined) return;
  const address = formatListenAddress(reachable);
  if (values.dev) {
    throw new ConfigError(name, origins.get(name), `dev mode listens on loopback only, not on ${address}.`);
  }
  if (hasTls || values.allowPlaintext) return;
  throw new ConfigError(
    name,
    origins.get(name),
    `other machines reach ${address}, and without TLS they would send tokens in the clear. ` +
      "Give --tls-cert-file and --tls-key-file, or --allow-plaintext when a proxy in front ends TLS.",
  );
}

function buildPersistent(values: SettingValues, origins: Origins, surroundings: Surroundings): PersistentSettings {
  const dataDir = values.dataDir ?? resolve(surroundings.homeDirectory, ".coffer");
  return {
    dataDir,
    seal: buildSeal(values, origins, dataDir, surroundings.environment),
    audit: {
      durability: values["audit.durability"],
      directory: values["audit.directory"] ?? resolve(dataDir, "audit"),
      devicesDirectory: values["audit.devicesDirectory"] ?? resolve(dataDir, "audit-devices"),
    },
    store: { durability: values["store.durability"] },
    relay: buildRelay(values, origins, dataDir),
  };
}

function buildRelay(values: SettingValues, origins: Origins, dataDir: string): RelaySettings | undefined {
  const listen = values["relay.listen"];
  const key = values["relay.key"];
  if (listen !== undefined && key !== undefined && values["seal.kind"] !== "shamir") {
    return { listen, key, dataDirectory: resolve(dataDir, "relay") };
  }
  if (listen === undefined && key === undefined) return undefined;
  const [given, missing] =
    listen === undefined ? (["relay.key", "relay.listen"] as const) : (["relay.listen", "relay.key"] as const);
  const why =
    listen === undefined || key === undefined
      ? `the relay needs ${missing} too.`
      : "the relay starts with the server, which the shamir seal leaves sealed: run bin/coffer relay beside it.";
  throw new ConfigError(given, origins.get(given), why);
}

function buildSeal(
  values: SettingValues,
  origins: Origins,
  dataDir: string,
  environment: Surroundings["environment"],
): SealSettings {
  const passphraseFile = values["seal.passphraseFile"];
  const kind = values["seal.kind"];
  if (kind !== "passphrase" && passphraseFile !== undefined) {
    const origin = origins.get("seal.passphraseFile");
    throw new ConfigError("seal.passphraseFile", origin, `the ${kind} seal has no passphrase; add --seal passphrase.`);
  }
  if (kind !== "keyfile" && values["seal.keyFile"] !== undefined) {
    throw new ConfigError("seal.keyFile", origins.get("seal.keyFile"), `the ${kind} seal has no key file.`);
  }
  if (kind === "shamir") return { kind };
  if (kind === "keyfile") return { kind, keyFile: values["seal.keyFile"] ?? resolve(dataDir, "seal", "keyfile") };
  const hasVariable = (environment["COFFER_SEAL_PASSPHRASE"] ?? "") !== "";
  if (passphraseFile !== undefined) {
    if (!hasVariable) return { kind: "passphrase", source: { kind: "file", file: passphraseFile } };
    const origin = origins.get("seal.passphraseFile");
    throw new ConfigError("seal.passphraseFile", origin, "COFFER_SEAL_PASSPHRASE is set as well; give one of them.");
  }
  if (hasVariable) return { kind: "passphrase", source: { kind: "environment", variable: "COFFER_SEAL_PASSPHRASE" } };
  throw new ConfigError(
    "seal.kind",
    origins.get("seal.kind"),
    "the passphrase seal needs a passphrase: give --seal-passphrase-file or set COFFER_SEAL_PASSPHRASE.",
  );
}

function buildLimits(values: SettingValues): HttpLimits {
  const requestTimeoutMs = values["limits.requestTimeoutMs"];
  return {
    ...defaultLimits,
    maxConnections: values["limits.maxConnections"],
    maxBodyBytes: values["limits.maxBodyBytes"],
    requestTimeoutMs,
    headersTimeoutMs: Math.min(defaultLimits.headersTimeoutMs, requestTimeoutMs),
    keepAliveTimeoutMs: values["limits.keepAliveTimeoutMs"],
    drainTimeoutMs: values["limits.drainTimeoutMs"],
  };
}
