import { type LookupAddress, type LookupOptions, lookup } from "node:dns";
import { request } from "node:https";
import { BlockList, isIP } from "node:net";

/** Addresses that are not of the public Internet (IANA IPv4 and IPv6 Special-Purpose Address Registries). */
const special = new BlockList();
const subnets = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 3],
  ["::", 127],
  ["64:ff9b::", 96],
  ["100::", 64],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const;
for (const [net, bits] of subnets) special.addSubnet(net, bits, net.includes(":") ? "ipv6" : "ipv4");

/** Whether an address is one of the public Internet. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  return version !== 0 && !special.check(address, version === 6 ? "ipv6" : "ipv4");
}

/** What may be fetched, and how much of it. */
export interface FetchBounds {
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Refuse hosts with addresses that are not public: somebody else chose the URL. */
  readonly publicOnly: boolean;
}

/** A request to a server that somebody else named. */
export interface BoundedRequest {
  readonly headers: Readonly<Record<string, string>>;
  /** Sent with POST; without one it is a GET. */
  readonly body?: string | undefined;
  /** Certificates, in PEM, that the server's must come of; Node's own when absent. */
  readonly ca?: string | undefined;
}

/** An answer of any status. */
export interface BoundedAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * Asks an HTTPS URL. Follows no redirect. The address that was checked is the one that is connected to, so that a name
 * cannot point elsewhere in between.
 *
 * @throws Error, for the operator alone, when it is refused, too long, too slow, or cannot be had
 */
export function requestBounded(url: URL, asked: BoundedRequest, bounds: FetchBounds): Promise<BoundedAnswer> {
  const { timeoutMs, maxBytes, publicOnly } = bounds;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (publicOnly && isIP(host) !== 0 && !isPublicAddress(host)) return Promise.reject(notPublic());
  const { headers, body, ca } = asked;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const sent = request(url, {
      method: body === undefined ? "GET" : "POST",
      headers,
      signal,
      agent: false,
      ...(ca === undefined ? {} : { ca }),
      ...(publicOnly ? { lookup: publicLookup } : {}),
    });
    sent.on("error", reject);
    sent.on("response", (answer) => {
      const parts: Buffer[] = [];
      let size = 0;
      answer.on("data", (part: Buffer) => {
        size += part.length;
        if (size > maxBytes) sent.destroy(new Error("the answer is too long"));
        else parts.push(part);
      });
      answer.on("error", reject);
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(parts) }));
    });
    sent.end(body);
  });
}

/**
 * Gets an HTTPS URL, as `requestBounded`.
 *
 * @throws Error, also for any status but 200
 */
export async function fetchBounded(
  url: URL,
  headers: Readonly<Record<string, string>>,
  bounds: FetchBounds,
): Promise<Response> {
  const { status, body } = await requestBounded(url, { headers }, bounds);
  // Statuses without a body cannot be made with one, and none of them is of use here.
  if (status !== 200) throw new Error(`the answer has status ${status}`);
  return new Response(new Uint8Array(body), { status });
}

function notPublic(): Error {
  return new Error("the host has an address that is not public");
}

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

/** Node's own look-up of names, which fails when any address of the name is not public. */
function publicLookup(hostname: string, options: LookupOptions, callback: LookupCallback): void {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, []);
    const [first] = addresses;
    if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
      return callback(notPublic(), []);
    }
    if (options.all === true) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
}
