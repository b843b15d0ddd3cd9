import { platform } from "#platform";
import { concatBytes, utf8 } from "../bytes.ts";
import type { AwsCredentials } from "./aws-kms.ts";

/** A POST to the root of a service, with a body that is text. */
export interface PostToSign {
  readonly url: string;
  readonly body: string;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly region: string;
  readonly service: string;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
}

/**
 * The headers with which AWS authenticates a request: Signature Version 4. Source: AWS IAM User Guide, "Create a signed
 * AWS API request".
 */
export async function signPost(post: PostToSign, credentials: AwsCredentials): Promise<Record<string, string>> {
  const { url, body, region, service, timeMs } = post;
  const { host, pathname } = new URL(url);
  const time = new Date(timeMs).toISOString().replace(/[-:]|\.\d+/g, "");
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const { sessionToken } = credentials;
  const added = {
    ...post.headers,
    "x-amz-date": time,
    ...(sessionToken === undefined ? {} : { "x-amz-security-token": sessionToken }),
  };
  // `fetch` sets the host itself.
  const signed = Object.entries({ ...added, host }).sort(([a], [b]) => (a < b ? -1 : 1));
  const names = signed.map(([name]) => name).join(";");
  const lines = signed.map(([name, value]) => `${name}:${value.trim().replace(/\s+/g, " ")}\n`).join("");
  const path = pathname.split("/").map(encodeSegment).join("/");
  const canonical = `POST\n${path}\n\n${lines}\n${names}\n${await digest(body)}`;
  const text = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${await digest(canonical)}`;
  let key: Uint8Array = concatBytes(utf8("AWS4"), utf8(credentials.secretAccessKey));
  for (const part of [...scope.split("/"), text]) key = await platform.hmac("sha256", key, utf8(part));
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${hexOf(key)}`;
  return { ...added, authorization };
}

/** A segment is encoded once more than it is in the URL, and more strictly (RFC 3986, 2.3). */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(/[!'()*]/g, (character) => `%${hexOf(utf8(character)).toUpperCase()}`);
}

async function digest(text: string): Promise<string> {
  return hexOf(await platform.digest("sha256", utf8(text)));
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
