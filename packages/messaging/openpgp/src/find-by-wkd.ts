import { MessagingError, nowMs as platformNowMs } from "@coffer/messaging";
import WKD from "@openpgp/wkd-client";
import { type PublicKey, readKeys } from "openpgp";
import { maxCertificateBytes, parseCertificate } from "./certificates.ts";
import { settingsOf } from "./settings.ts";

/** How long a directory may take to answer. */
const timeoutMs = 10_000;
/** The most certificates that a directory gives for one address. */
const maxCertificates = 10;

export interface WkdOptions {
  /** As the platform's; the platform's unless told. */
  readonly fetch?: (url: string, options: RequestInit) => Promise<Response>;
  /** Milliseconds since 1970. */
  readonly nowMs?: () => number;
}

/**
 * Looks an address's certificate up in the Web Key Directory of its domain (draft-koch-openpgp-webkey-service): first at
 * `openpgpkey.DOMAIN`, then at the domain itself. What is found is the domain's word and no more: compare the fingerprint.
 *
 * @returns armored certificates that name the address and can be used now; none when the directory has none
 * @throws MessagingError InvalidInput for what is no address; RelayUnavailable when no directory answers
 */
export async function findByWkd(email: string, options: WkdOptions = {}): Promise<string[]> {
  const [localPart, domain, more] = email.split("@");
  const isAddress = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}$/.test(localPart ?? "") && isDomain(domain);
  if (more !== undefined || !isAddress) throw new MessagingError("InvalidInput", "This is no mail address to look up.");
  const found = await lookUp(`${localPart}@${domain?.toLowerCase()}`, options.fetch ?? fetch);
  if (found === undefined) return [];
  const settings = settingsOf("v6", options.nowMs ?? platformNowMs);
  const usable: string[] = [];
  for (const certificate of await readAll(found)) {
    if (!certificate.users.some(({ userID }) => userID?.email.toLowerCase() === email.toLowerCase())) continue;
    try {
      usable.push((await parseCertificate(settings, certificate.write())).armor());
    } catch {
      // Expired, revoked or weak: as if it were not there.
    }
  }
  return usable;
}

function isDomain(domain: string | undefined): boolean {
  return domain !== undefined && domain.length <= 253 && /^(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{1,63}$/.test(domain);
}

/** The directory's octets; undefined when it answers that it has none. */
async function lookUp(email: string, get: NonNullable<WkdOptions["fetch"]>): Promise<Uint8Array | undefined> {
  const client = new WKD();
  let isAnswered = false;
  client._fetch = async (url) => {
    const answer = await get(url, { redirect: "error", signal: AbortSignal.timeout(timeoutMs), credentials: "omit" });
    isAnswered = true;
    const body = answer.status === 200 ? await readBounded(answer) : new Uint8Array();
    return { status: answer.status, statusText: "", arrayBuffer: async () => body };
  };
  try {
    return await client.lookup({ email });
  } catch (cause) {
    if (isAnswered) return undefined;
    throw new MessagingError("RelayUnavailable", "No Web Key Directory of this domain answers.", { cause });
  }
}

async function readBounded(answer: Response): Promise<Uint8Array> {
  const limit = maxCertificates * maxCertificateBytes;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body ?? []) {
    length += chunk.length;
    if (length > limit) throw new Error("the directory's answer is too long");
    chunks.push(chunk);
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

async function readAll(binaryKeys: Uint8Array): Promise<PublicKey[]> {
  try {
    const { config } = settingsOf("v6", platformNowMs);
    return (await readKeys({ binaryKeys, config })).slice(0, maxCertificates);
  } catch {
    return [];
  }
}
