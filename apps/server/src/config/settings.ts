import { type LimitName, limitRows } from "../http/limits.ts";
import {
  choiceType,
  integerType,
  listenType,
  pathType,
  patternType,
  quotasType,
  type SettingType,
  switchType,
} from "./setting-types.ts";

/** One setting: where it can be given and what it means. */
export interface SettingRow<T, D extends T | undefined = T | undefined> {
  /** Name of the flag, without `--`. */
  readonly flag: string;
  readonly environment: string;
  /** Dotted place in the configuration file; undefined when it cannot be given there. */
  readonly file: string | undefined;
  readonly type: SettingType<T>;
  /** The value when it is given nowhere. */
  readonly default: D;
  /** The default in words, where it depends on something else. */
  readonly defaultText?: string;
  /** Whether it has no meaning in dev mode, which keeps everything in memory, and is refused there. */
  readonly persistentOnly?: true;
  /** One line. */
  readonly doc: string;
}

function row<T, const D extends T | undefined>(settingRow: SettingRow<T, D>): SettingRow<T, D> {
  return settingRow;
}

function limitRow(name: LimitName, flag: string, environment: string, file: string): SettingRow<number, number> {
  const limit = limitRows[name];
  return { flag, environment, file, type: integerType(limit.min, limit.max), default: limit.value, doc: limit.doc };
}

const loopbackDefault = [
  { host: "127.0.0.1", port: 8080 },
  { host: "127.0.0.1", port: 8200 },
];

/** Every setting of the server, in the order of help and documentation. */
export const settingRows = {
  dev: row({
    flag: "dev",
    environment: "COFFER_DEV",
    file: "dev",
    type: switchType,
    default: false,
    doc: "Dev mode: everything in memory, loopback only, well-known credentials. Never for real keys.",
  }),
  listen: row({
    flag: "listen",
    environment: "COFFER_LISTEN",
    file: "listen",
    type: listenType,
    default: loopbackDefault,
    defaultText: "127.0.0.1:8080, 127.0.0.1:8200",
    doc: "Where to listen; port 0 lets the system choose. Every API answers on every address.",
  }),
  dataDir: row({
    flag: "data-dir",
    environment: "COFFER_DATA_DIR",
    file: "data_dir",
    type: pathType("DIR"),
    default: undefined,
    defaultText: "~/.coffer",
    persistentOnly: true,
    doc: "Folder of the store, the seal, the audit trail and the first credentials.",
  }),
  config: row({
    flag: "config",
    environment: "COFFER_CONFIG",
    file: undefined,
    type: pathType("FILE"),
    default: undefined,
    defaultText: "none",
    doc: "TOML file with settings. Relative paths in it start from its folder.",
  }),
  credentialsFile: row({
    flag: "credentials-file",
    environment: "COFFER_CREDENTIALS_FILE",
    file: "credentials_file",
    type: pathType("FILE"),
    default: undefined,
    defaultText: "none: they are printed once",
    doc: "File that the first credentials are written to as well (JSON, mode 0600); client commands read it.",
  }),
  account: row({
    flag: "account",
    environment: "COFFER_ACCOUNT",
    file: "account",
    type: patternType("ID", /^\d{12}$/, "12 digits"),
    default: "000000000000",
    doc: "Account id that keys and principals belong to.",
  }),
  region: row({
    flag: "region",
    environment: "COFFER_REGION",
    file: "region",
    type: patternType("NAME", /^[a-z]{2,8}(-[a-z]{2,16}){1,3}-\d{1,2}$/, "a region name such as us-east-1"),
    default: "us-east-1",
    doc: "Home region, which Vault and REST calls act in.",
  }),
  "seal.kind": row({
    flag: "seal",
    environment: "COFFER_SEAL",
    file: "seal.kind",
    type: choiceType("keyfile", "passphrase", "shamir"),
    default: "keyfile",
    persistentOnly: true,
    doc: "What protects the root key; shamir: shares of several people, who open the seal each time the server starts.",
  }),
  "seal.keyFile": row({
    flag: "seal-key-file",
    environment: "COFFER_SEAL_KEY_FILE",
    file: "seal.key_file",
    type: pathType("FILE"),
    default: undefined,
    defaultText: "DATA_DIR/seal/keyfile",
    persistentOnly: true,
    doc: "Key file of the keyfile seal; made on first start.",
  }),
  "seal.passphraseFile": row({
    flag: "seal-passphrase-file",
    environment: "COFFER_SEAL_PASSPHRASE_FILE",
    file: "seal.passphrase_file",
    type: pathType("FILE"),
    default: undefined,
    defaultText: "none",
    persistentOnly: true,
    doc: "File with the passphrase of the passphrase seal; one line feed at its end does not count.",
  }),
  "audit.durability": row({
    flag: "audit-durability",
    environment: "COFFER_AUDIT_DURABILITY",
    file: "audit.durability",
    type: choiceType("disk", "os"),
    default: "disk",
    persistentOnly: true,
    doc: "When an audit record counts as written: synced to disk, or handed to the system (survives the process only).",
  }),
  "audit.directory": row({
    flag: "audit-directory",
    environment: "COFFER_AUDIT_DIRECTORY",
    file: "audit.directory",
    type: pathType("DIR"),
    default: undefined,
    defaultText: "DATA_DIR/audit",
    persistentOnly: true,
    doc: "Folder of the audit trail.",
  }),
  "audit.devicesDirectory": row({
    flag: "audit-devices-directory",
    environment: "COFFER_AUDIT_DEVICES_DIRECTORY",
    file: "audit.devices_directory",
    type: pathType("DIR"),
    default: undefined,
    defaultText: "DATA_DIR/audit-devices",
    persistentOnly: true,
    doc: "The only folder that audit devices of the Vault API (sys/audit, type file) may write to.",
  }),
  "store.durability": row({
    flag: "store-durability",
    environment: "COFFER_STORE_DURABILITY",
    file: "store.durability",
    type: choiceType("disk", "os"),
    default: "disk",
    persistentOnly: true,
    doc: "When a change of keys or policies counts as written; as audit.durability.",
  }),
  "tls.certFile": row({
    flag: "tls-cert-file",
    environment: "COFFER_TLS_CERT_FILE",
    file: "tls.cert_file",
    type: pathType("FILE"),
    default: undefined,
    defaultText: "none",
    doc: "PEM certificate chain; with tls.keyFile, every address speaks HTTPS (TLS 1.2 or newer).",
  }),
  "tls.keyFile": row({
    flag: "tls-key-file",
    environment: "COFFER_TLS_KEY_FILE",
    file: "tls.key_file",
    type: pathType("FILE"),
    default: undefined,
    defaultText: "none",
    doc: "PEM private key of the certificate.",
  }),
  "tls.requestClientCertificates": row({
    flag: "tls-request-client-certificates",
    environment: "COFFER_TLS_REQUEST_CLIENT_CERTIFICATES",
    file: "tls.request_client_certificates",
    type: switchType,
    default: false,
    doc: "Ask clients for a certificate when they connect over TLS; they need not have one. Vault's auth method cert needs it.",
  }),
  "attestation.rootsFile": row({
    flag: "attestation-roots-file",
    environment: "COFFER_ATTESTATION_ROOTS_FILE",
    file: "attestation.roots_file",
    type: pathType("FILE"),
    default: undefined,
    defaultText: "none: AWS's alone",
    doc: "PEM root certificates, besides AWS's own, that attestation documents of a KMS Recipient are trusted by.",
  }),
  "xks.uriPath": row({
    flag: "xks-uri-path",
    environment: "COFFER_XKS_URI_PATH",
    file: "xks.uri_path",
    type: patternType(
      "PATH",
      /^(?=.{10,128}$)(?:\/[A-Za-z0-9_-]+)*\/kms\/xks\/v1$/,
      "/kms/xks/v1, or a path that ends so",
    ),
    default: undefined,
    defaultText: "none: it is off",
    doc: "Where AWS KMS or another Coffer reaches keys of this one as external keys (its XksProxyUriPath).",
  }),
  "xks.rootsFile": row({
    flag: "xks-roots-file",
    environment: "COFFER_XKS_ROOTS_FILE",
    file: "xks.roots_file",
    type: pathType("FILE"),
    default: undefined,
    defaultText: "none: the public ones alone",
    doc: "PEM root certificates, besides the public ones, that external key store proxies are trusted by.",
  }),
  "xks.clientCertFile": row({
    flag: "xks-client-cert-file",
    environment: "COFFER_XKS_CLIENT_CERT_FILE",
    file: "xks.client_cert_file",
    type: pathType("FILE"),
    default: undefined,
    defaultText: "none",
    doc: "PEM certificate chain that external key store proxies are shown when they ask for one.",
  }),
  "xks.clientKeyFile": row({
    flag: "xks-client-key-file",
    environment: "COFFER_XKS_CLIENT_KEY_FILE",
    file: "xks.client_key_file",
    type: pathType("FILE"),
    default: undefined,
    defaultText: "none",
    doc: "PEM private key of that certificate.",
  }),
  "xks.timeoutMs": row({
    flag: "xks-timeout-ms",
    environment: "COFFER_XKS_TIMEOUT_MS",
    file: "xks.timeout_ms",
    type: integerType(50, 10_000),
    default: undefined,
    defaultText: "250, as AWS KMS",
    doc: "How long a call of an external key store proxy may take, connecting included.",
  }),
  oidcKeysFile: row({
    flag: "oidc-keys-file",
    environment: "COFFER_OIDC_KEYS_FILE",
    file: "oidc_keys_file",
    type: pathType("FILE"),
    default: undefined,
    defaultText: "none: they are asked for over HTTPS",
    doc: "JSON file with the keys of OpenID Connect providers, by issuer: a JSON Web Key Set each.",
  }),
  oidcAllowPrivateHosts: row({
    flag: "oidc-allow-private-hosts",
    environment: "COFFER_OIDC_ALLOW_PRIVATE_HOSTS",
    file: "oidc_allow_private_hosts",
    type: switchType,
    default: false,
    doc: "Ask OpenID Connect providers for their keys whose hosts are not on the public Internet, too.",
  }),
  "relay.listen": row({
    flag: "relay-listen",
    environment: "COFFER_RELAY_LISTEN",
    file: "relay.listen",
    type: listenType,
    default: undefined,
    defaultText: "none: it is off",
    persistentOnly: true,
    doc: "Where the relay of end-to-end encrypted messages listens, inside this server; docs/RELAY.md has it alone.",
  }),
  "relay.key": row({
    flag: "relay-key",
    environment: "COFFER_RELAY_KEY",
    file: "relay.key",
    type: patternType("KEY", /^[A-Za-z0-9:/_-]{1,2048}$/, "a key id, an ARN, or alias/NAME"),
    default: undefined,
    defaultText: "none",
    persistentOnly: true,
    doc: "Key of this server, which must be there, that the relay's tables are sealed under.",
  }),
  allowPlaintext: row({
    flag: "allow-plaintext",
    environment: "COFFER_ALLOW_PLAINTEXT",
    file: "allow_plaintext",
    type: switchType,
    default: false,
    doc: "Allow plain HTTP on an address that other machines reach: for a proxy that ends TLS in front.",
  }),
  "quotas.requests": row({
    flag: "request-quotas",
    environment: "COFFER_REQUEST_QUOTAS",
    file: "quotas.requests",
    type: quotasType,
    default: undefined,
    defaultText: "none: requests are not limited",
    doc: "Requests a second of each account and region, as AWS KMS limits them: aws for AWS's own, then NAME=RATE for others.",
  }),
  "quotas.keys": row({
    flag: "key-quota",
    environment: "COFFER_KEY_QUOTA",
    file: "quotas.keys",
    type: integerType(1, 100_000_000),
    default: undefined,
    defaultText: "none: any number",
    doc: "Customer managed keys of each account and region; AWS KMS has 100,000.",
  }),
  "quotas.grantsPerKey": row({
    flag: "grant-quota",
    environment: "COFFER_GRANT_QUOTA",
    file: "quotas.grants_per_key",
    type: integerType(1, 100_000_000),
    default: undefined,
    defaultText: "none: any number",
    doc: "Grants of each customer managed key; AWS KMS has 50,000.",
  }),
  "limits.maxConnections": limitRow(
    "maxConnections",
    "max-connections",
    "COFFER_MAX_CONNECTIONS",
    "limits.max_connections",
  ),
  "limits.maxBodyBytes": limitRow("maxBodyBytes", "max-body-bytes", "COFFER_MAX_BODY_BYTES", "limits.max_body_bytes"),
  "limits.requestTimeoutMs": limitRow(
    "requestTimeoutMs",
    "request-timeout-ms",
    "COFFER_REQUEST_TIMEOUT_MS",
    "limits.request_timeout_ms",
  ),
  "limits.keepAliveTimeoutMs": limitRow(
    "keepAliveTimeoutMs",
    "keep-alive-timeout-ms",
    "COFFER_KEEP_ALIVE_TIMEOUT_MS",
    "limits.keep_alive_timeout_ms",
  ),
  "limits.drainTimeoutMs": limitRow(
    "drainTimeoutMs",
    "drain-timeout-ms",
    "COFFER_DRAIN_TIMEOUT_MS",
    "limits.drain_timeout_ms",
  ),
  logLevel: row({
    flag: "log-level",
    environment: "COFFER_LOG_LEVEL",
    file: "log_level",
    type: choiceType("error", "info", "debug"),
    default: "info",
    doc: "What the server tells on stderr about itself; requests are in the audit trail, not here.",
  }),
} as const;

export type SettingName = keyof typeof settingRows;

type ValueOf<R> = R extends { readonly type: SettingType<infer T>; readonly default: infer D }
  ? undefined extends D
    ? T | undefined
    : T
  : never;

/** The value of every setting by name; undefined where nothing was given and the default depends on another setting. */
export type SettingValues = { readonly [N in SettingName]: ValueOf<(typeof settingRows)[N]> };

/** All rows by name, their types erased. */
export const settingRowsByName: ReadonlyMap<SettingName, SettingRow<unknown>> = new Map(
  Object.entries(settingRows) as [SettingName, SettingRow<unknown>][],
);

/** Variables that are not settings: the passphrase, which never enters `Settings`, and those of the command line. */
export const otherVariables: ReadonlyMap<string, string> = new Map([
  ["COFFER_SEAL_PASSPHRASE", "The passphrase of the passphrase seal itself. A file (seal.passphraseFile) is safer."],
  ["COFFER_ENDPOINT", "Client commands: URL of the server."],
  ["COFFER_TOKEN", "Client commands: token to authenticate with."],
]);
