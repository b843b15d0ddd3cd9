import type { RootCredential } from "@coffer/service";
import type { SealState } from "@coffer/wire-vault";
import type { Settings } from "./config/index.ts";
import { devToken } from "./instance.ts";

/** What the banner tells about. */
export interface BannerFacts {
  readonly settings: Settings;
  /** In the order of the listeners; the first is the one for AWS and REST, the last Vault's. */
  readonly urls: readonly string[];
  /** Shown once: on the start that made them. */
  readonly made: RootCredential | undefined;
  readonly state: SealState;
}

/** What is printed when the server is ready: on the first start the credentials and what to paste next. */
export function banner(facts: BannerFacts): string {
  const { settings, made } = facts;
  if (settings.dev) return devBanner(facts);
  if (facts.state.sealed) return sealedBanner(facts);
  if (made === undefined) return "";
  return [...credentialLines(facts, made), ...pasteLines(facts, made), ...productionLines(settings)].join("\n");
}

function ends({ urls }: BannerFacts): { url: string; vaultUrl: string } {
  return { url: urls[0] ?? "", vaultUrl: urls[urls.length - 1] ?? "" };
}

function devBanner(facts: BannerFacts): string {
  const { url, vaultUrl } = ends(facts);
  return [
    "",
    "DEV MODE: everything is in memory and gone when this stops; whoever reaches this port is the account root.",
    "",
    `  curl ${url}/keys -d '{"key_id":"demo"}'`,
    `  AWS_ENDPOINT_URL=${url} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=${facts.settings.region} aws kms list-aliases`,
    `  VAULT_ADDR=${vaultUrl} VAULT_TOKEN=${devToken} vault secrets enable transit`,
    "",
  ].join("\n");
}

/** What to do next with an instance that opens with shares. */
function sealedBanner(facts: BannerFacts): string {
  const { vaultUrl } = ends(facts);
  const { initialized, quorum } = facts.state;
  if (initialized) {
    const { threshold, shares } = quorum ?? { threshold: 0, shares: 0 };
    return [
      "",
      `Sealed: ${threshold} of ${shares} people open it, each with their share.`,
      "",
      `  bin/coffer operator unseal --endpoint ${vaultUrl}`,
      `  VAULT_ADDR=${vaultUrl} vault operator unseal`,
      "",
    ].join("\n");
  }
  return [
    "",
    "Not initialized. This makes the shares of the seal and the account root, and shows them once; whoever comes first",
    "does it, so do it now:",
    "",
    `  bin/coffer operator init --shares 5 --threshold 3 --endpoint ${vaultUrl}`,
    `  VAULT_ADDR=${vaultUrl} vault operator init -key-shares=5 -key-threshold=3`,
    "",
    "Then each of three holders gives a share, now and after each start:",
    "",
    `  bin/coffer operator unseal --endpoint ${vaultUrl}`,
    "",
  ].join("\n");
}

function credentialLines({ settings }: BannerFacts, made: RootCredential): string[] {
  const { persistent } = settings;
  return [
    "",
    "First start: this is the account root. It is shown once and cannot be read back; keep it safe.",
    "",
    `  access key id      ${made.accessKeyId}`,
    `  secret access key  ${made.secretAccessKey}`,
    `  token              ${made.token}`,
    `  account, region    ${settings.account}, ${settings.region}`,
    `  data directory     ${persistent?.dataDir ?? ""}`,
    `  seal               ${persistent?.seal.kind === "keyfile" ? `key file ${persistent.seal.keyFile}` : "passphrase"}`,
    "",
  ];
}

function pasteLines(facts: BannerFacts, made: RootCredential): string[] {
  const { url, vaultUrl } = ends(facts);
  const { account, region } = facts.settings;
  return [
    "Paste one of these into another terminal. All work on one key, `demo`; the first block makes it.",
    "",
    "# curl",
    `export COFFER_TOKEN=${made.token}`,
    `curl ${url}/keys -H "Authorization: Bearer $COFFER_TOKEN" -d '{"key_id":"demo"}'`,
    `curl ${url}/encrypt -H "Authorization: Bearer $COFFER_TOKEN" -d '{"key_id":"demo","plaintext":"hello"}'`,
    "",
    "# AWS CLI",
    `export AWS_ENDPOINT_URL=${url} AWS_DEFAULT_REGION=${region}`,
    `export AWS_ACCESS_KEY_ID=${made.accessKeyId} AWS_SECRET_ACCESS_KEY=${made.secretAccessKey}`,
    'aws kms encrypt --key-id alias/demo --plaintext "$(printf hello | base64)"',
    "",
    "# boto3 (with the variables of the AWS CLI)",
    `python3 -c 'import boto3; print(boto3.client("kms").generate_data_key(KeyId="alias/demo", KeySpec="AES_256")["KeyId"])'`,
    "",
    "# Vault client",
    `export VAULT_ADDR=${vaultUrl} VAULT_TOKEN=${made.token}`,
    "vault secrets enable transit",
    'vault write transit/encrypt/demo plaintext="$(printf hello | base64)"',
    "",
    "# SOPS (with the variables of the AWS CLI)",
    `sops encrypt --kms arn:aws:kms:${region}:${account}:alias/demo secrets.yaml > secrets.enc.yaml`,
    "",
  ];
}

function productionLines(settings: Settings): string[] {
  const lines: string[] = [];
  if (settings.tls === undefined) {
    lines.push(
      "- Plain HTTP, on this machine only. For others: bin/coffer server --tls-cert-file F --tls-key-file F --listen HOST:PORT",
    );
  }
  if (settings.persistent?.seal.kind === "keyfile") {
    lines.push(
      "- The key file lies beside the data. Keep it on another medium: bin/coffer server --seal-key-file FILE",
    );
  }
  lines.push("- The account root is for emergencies. Make a user: bin/coffer admin create-user NAME");
  return ["Not yet fit for production:", ...lines, ""];
}
