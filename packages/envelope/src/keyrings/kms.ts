import { utf8 } from "../bytes.ts";
import type { KmsClient, KmsKeyInput } from "../clients/kms-client.ts";
import { PlaintextDataKey } from "../data-key.ts";
import { EnvelopeError, invalidInput } from "../errors.ts";
import type { EncryptedDataKey } from "../materials/materials.ts";
import type { Keyring, UnwrapOutcome, WrapRequest } from "./keyring.ts";
import { isMultiRegion, type KmsArn, parseKmsArn, renderKmsArn, sameMultiRegionKey } from "./kms-arn.ts";
import { problemOf } from "./problem.ts";

/** One client, or one for each region; a client of AWS's SDK (`new KMS({ ... })`) is one. */
export type KmsClients = KmsClient | ((region: string) => KmsClient);

/** What KMS keyrings have in common. */
interface KmsOptions {
  readonly client: KmsClients;
  readonly grantTokens?: readonly string[];
}

/** Keys that are named. */
export type KmsKeyringOptions = KmsOptions & {
  /** Whether a replica of a multi-Region key decrypts what another of its regions encrypted. Default: no. */
  readonly multiRegion?: boolean;
} & (
    | {
        /** A key's ARN; or its id, an alias or an alias's ARN, which the server resolves. */
        readonly keyId: string;
        readonly keyIds?: never;
      }
    | {
        /** The first makes the data keys; all wrap them, and each can unwrap them. */
        readonly keyIds: readonly string[];
        readonly keyId?: never;
      }
  );

/** Which keys of others a discovery keyring uses. */
export interface DiscoveryFilter {
  /** Such as `aws`. */
  readonly partition: string;
  readonly accountIds: readonly string[];
}

/** Whatever key the message names. */
export interface KmsDiscoveryKeyringOptions extends KmsOptions {
  /** Without it, any key that the caller may use. */
  readonly discoveryFilter?: DiscoveryFilter;
  /** Without it, keys of any region: with a client for each region, a message says which one is called. */
  readonly regions?: readonly string[];
  /** Asks this region's replica for messages of a multi-Region key of another region. */
  readonly multiRegionIn?: string;
}

/** The provider id of keys of AWS KMS. */
export const kmsProviderId = "aws-kms";

/** A request that may unwrap a data key, and the key that its answer must name. */
interface Attempt {
  readonly keyId: string;
  readonly expectedArn: string;
  /** Whether its replica in another region is as good. */
  readonly orReplica?: boolean;
  /** Throws for a region that it does not serve, which a message may name. */
  readonly client: () => KmsClient;
}

/**
 * Wraps data keys under keys of AWS KMS or of a Coffer server, and unwraps those of exactly these keys. Source: AWS
 * Encryption SDK specification, framework/aws-kms/aws-kms-keyring.md and aws-kms-mrk-keyring.md.
 *
 * @throws EnvelopeError InvalidInput; its methods ServiceRefused, ServiceUnavailable
 */
export function kmsKeyring(options: KmsKeyringOptions): Keyring {
  const keyIds = options.keyIds ?? [options.keyId];
  const [generator, ...others] = keyIds.map((keyId) => parseKeyId(keyId));
  if (generator === undefined) throw invalidInput("A KMS keyring has at least one key.");
  const keys = [generator, ...others];
  if (options.multiRegion === true) refuseReplicas(keys);
  const wrapUnder = (named: readonly NamedKey[], dataKey: PlaintextDataKey, request: WrapRequest) =>
    Promise.all(named.map((key) => wrapUnderKey(options, key, dataKey, request)));
  return {
    async generateDataKey(request) {
      const generated = await generateUnderKey(options, generator, request);
      try {
        const wrapped = await wrapUnder(others, generated.dataKey, request);
        return { dataKey: generated.dataKey, encryptedDataKeys: [generated.encryptedDataKey, ...wrapped] };
      } catch (error) {
        generated.dataKey.dispose();
        throw error;
      }
    },
    wrapDataKey: (dataKey, request) => wrapUnder(keys, dataKey, request),
    unwrapDataKey: (encryptedDataKeys, request) =>
      unwrapFirst(options, encryptedDataKeys, request, (arn) => keys.flatMap((key) => attemptWith(options, key, arn))),
  };
}

/**
 * Unwraps data keys of whatever key the message names, as far as the caller may use it. It wraps nothing. Source: AWS
 * Encryption SDK specification, framework/aws-kms/aws-kms-discovery-keyring.md and aws-kms-mrk-discovery-keyring.md.
 */
export function kmsDiscoveryKeyring(options: KmsDiscoveryKeyringOptions): Keyring {
  const { discoveryFilter: filter, regions, multiRegionIn } = options;
  const refuse = async () => {
    throw invalidInput("A discovery keyring only decrypts; name a key to encrypt with.");
  };
  return {
    generateDataKey: refuse,
    wrapDataKey: refuse,
    unwrapDataKey: (encryptedDataKeys, request) =>
      unwrapFirst(options, encryptedDataKeys, request, (arn) => {
        if (filter !== undefined && !(filter.partition === arn.partition && filter.accountIds.includes(arn.account)))
          return [];
        const here = multiRegionIn !== undefined && isMultiRegion(arn) ? { ...arn, region: multiRegionIn } : arn;
        if (regions !== undefined && !regions.includes(here.region)) return [];
        const expectedArn = renderKmsArn(here);
        return [{ keyId: expectedArn, expectedArn, client: () => clientFor(options, here.region) }];
      }),
  };
}

interface NamedKey {
  readonly keyId: string;
  readonly arn: KmsArn | undefined;
}

function parseKeyId(keyId: string): NamedKey {
  const arn = parseKmsArn(keyId);
  if (keyId === "" || (arn === undefined && keyId.startsWith("arn:"))) {
    throw invalidInput(`"${keyId}" is no key: give its ARN, its id, or alias/NAME.`);
  }
  return { keyId, arn };
}

/** A keyring of two replicas would wrap each data key under one key twice. Source: aws-kms-mrk-are-unique.md. */
function refuseReplicas(keys: readonly NamedKey[]): void {
  for (const [index, { keyId, arn }] of keys.entries()) {
    const twin = keys.slice(0, index).find((other) => arn && other.arn && sameMultiRegionKey(arn, other.arn));
    if (twin !== undefined) throw invalidInput(`${keyId} and ${twin.keyId} are one multi-Region key: name it once.`);
  }
}

function clientFor({ client }: KmsOptions, region: string | undefined): KmsClient {
  if (typeof client !== "function") return client;
  if (region === undefined) {
    throw invalidInput("With a client for each region, keys are given by ARN, which says the region.");
  }
  return client(region);
}

function inputOf({ grantTokens }: KmsOptions, keyId: string, context: ReadonlyMap<string, string>): KmsKeyInput {
  return {
    KeyId: keyId,
    ...(context.size === 0 ? {} : { EncryptionContext: Object.fromEntries(context) }),
    ...(grantTokens === undefined ? {} : { GrantTokens: [...grantTokens] }),
  };
}

async function generateUnderKey(options: KmsOptions, { keyId, arn }: NamedKey, { suite, context }: WrapRequest) {
  const input = { ...inputOf(options, keyId, context), NumberOfBytes: suite.keyBytes };
  const { CiphertextBlob, Plaintext, KeyId } = await clientFor(options, arn?.region).generateDataKey(input);
  if (Plaintext === undefined || Plaintext.length !== suite.keyBytes) throw badAnswer("GenerateDataKey");
  const dataKey = PlaintextDataKey.takeFrom(Plaintext);
  try {
    return { dataKey, encryptedDataKey: encryptedUnder("GenerateDataKey", KeyId, CiphertextBlob) };
  } catch (error) {
    dataKey.dispose();
    throw error;
  }
}

async function wrapUnderKey(
  options: KmsOptions,
  { keyId, arn }: NamedKey,
  dataKey: PlaintextDataKey,
  { context }: WrapRequest,
): Promise<EncryptedDataKey> {
  const input = inputOf(options, keyId, context);
  const client = clientFor(options, arn?.region);
  const { CiphertextBlob, KeyId } = await dataKey.use((bytes) => client.encrypt({ ...input, Plaintext: bytes }));
  return encryptedUnder("Encrypt", KeyId, CiphertextBlob);
}

function encryptedUnder(
  operation: string,
  arn: string | undefined,
  ciphertext: Uint8Array | undefined,
): EncryptedDataKey {
  if (arn === undefined || parseKmsArn(arn)?.kind !== "key" || ciphertext === undefined) throw badAnswer(operation);
  return { providerId: kmsProviderId, providerInfo: utf8(arn), ciphertext };
}

function badAnswer(operation: string): EnvelopeError {
  return new EnvelopeError("ServiceRefused", `The key server's answer to ${operation} is not what the API says.`);
}

/** How one named key can unwrap what a key of an ARN wrapped; not at all, when it is another. */
function attemptWith(options: KmsKeyringOptions, { keyId, arn: named }: NamedKey, wrappedBy: KmsArn): Attempt[] {
  const client = () => clientFor(options, named?.region);
  const expectedArn = renderKmsArn(wrappedBy);
  // The server resolves ids and aliases, and refuses when it was another key; its answer must name the message's.
  if (named === undefined || named.kind === "alias") {
    return [{ keyId, expectedArn, orReplica: options.multiRegion === true, client }];
  }
  if (keyId === expectedArn) return [{ keyId, expectedArn, client }];
  const replica = options.multiRegion === true && sameMultiRegionKey(named, wrappedBy);
  return replica ? [{ keyId, expectedArn: keyId, client }] : [];
}

async function unwrapFirst(
  options: KmsOptions,
  encryptedDataKeys: readonly EncryptedDataKey[],
  request: WrapRequest,
  attemptsFor: (arn: KmsArn) => readonly Attempt[],
): Promise<UnwrapOutcome> {
  const problems: string[] = [];
  for (const encrypted of encryptedDataKeys) {
    if (encrypted.providerId !== kmsProviderId) continue;
    const text = new TextDecoder().decode(encrypted.providerInfo);
    const arn = parseKmsArn(text);
    if (arn?.kind !== "key") {
      problems.push("an encrypted data key does not name a KMS key by its ARN");
      continue;
    }
    for (const attempt of attemptsFor(arn)) {
      const unwrapped = await unwrapWith(options, attempt, encrypted, request);
      if (unwrapped instanceof PlaintextDataKey) return { dataKey: unwrapped, problems };
      problems.push(`${attempt.keyId}: ${unwrapped}`);
    }
  }
  return { problems };
}

/** @returns the data key, or why there is none */
async function unwrapWith(
  options: KmsOptions,
  attempt: Attempt,
  { ciphertext }: EncryptedDataKey,
  { context, suite }: WrapRequest,
): Promise<PlaintextDataKey | string> {
  let answer: Awaited<ReturnType<KmsClient["decrypt"]>>;
  try {
    answer = await attempt
      .client()
      .decrypt({ ...inputOf(options, attempt.keyId, context), CiphertextBlob: ciphertext });
  } catch (error) {
    return problemOf(error);
  }
  const { Plaintext, KeyId } = answer;
  if (Plaintext === undefined) return "the key server answered without a plaintext";
  const dataKey = PlaintextDataKey.takeFrom(Plaintext);
  const problem = !isExpected(attempt, KeyId)
    ? `the key server answered with another key, ${KeyId}`
    : dataKey.byteLength !== suite.keyBytes
      ? "the data key has not the length of the message's suite"
      : undefined;
  if (problem === undefined) return dataKey;
  dataKey.dispose();
  return problem;
}

function isExpected({ expectedArn, orReplica }: Attempt, answered: string | undefined): boolean {
  if (answered === expectedArn) return true;
  const [asked, told] = [parseKmsArn(expectedArn), parseKmsArn(answered ?? "")];
  return orReplica === true && asked !== undefined && told !== undefined && sameMultiRegionKey(asked, told);
}
