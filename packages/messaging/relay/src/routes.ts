import type { OperationAnswer, OperationInput, RelayContext } from "./context.ts";
import { getBlob, putBlob } from "./operations/blobs.ts";
import { claimKeys } from "./operations/claims.ts";
import { getDeviceList, putDeviceList } from "./operations/device-lists.ts";
import { describeDevice } from "./operations/devices.ts";
import { getCommits, postCommit, postGroupMessage, putGroup } from "./operations/groups.ts";
import { checkKeys, getKeyCounts, putKeys } from "./operations/keys.ts";
import { acknowledgeMessages, getMessages, putMessages } from "./operations/messages.ts";
import { describeRelay } from "./operations/relay-info.ts";
import { issueChallenge, issueToken } from "./operations/tokens.ts";
import { getConsistency, getEntries, getHead, getUserLeaves } from "./operations/transparency.ts";

/** One operation of the relay. */
export interface Route {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** `{name}` stands for one part. */
  readonly path: string;
  /** Who may call: anybody, anybody but counted as a device when there is a token, or devices. */
  readonly caller: "anybody" | "either" | "device";
  /** Whether the body is octets, with a limit of their own. */
  readonly octets?: true;
  readonly run: (context: RelayContext, input: OperationInput) => Promise<OperationAnswer>;
}

/** Every operation. */
export const routes: readonly Route[] = [
  { method: "GET", path: "/v1/relay", caller: "anybody", run: describeRelay },
  { method: "POST", path: "/v1/challenges", caller: "anybody", run: issueChallenge },
  { method: "POST", path: "/v1/tokens", caller: "anybody", run: issueToken },
  { method: "PUT", path: "/v1/users/{userId}/device-list", caller: "anybody", run: putDeviceList },
  { method: "GET", path: "/v1/users/{userId}/device-list", caller: "either", run: getDeviceList },
  { method: "POST", path: "/v1/users/{userId}/claims", caller: "device", run: claimKeys },
  { method: "PUT", path: "/v1/users/{userId}/messages", caller: "device", run: putMessages },
  { method: "PUT", path: "/v1/keys", caller: "device", run: putKeys },
  { method: "GET", path: "/v1/keys", caller: "device", run: getKeyCounts },
  { method: "POST", path: "/v1/keys/check", caller: "device", run: checkKeys },
  { method: "GET", path: "/v1/messages", caller: "device", run: getMessages },
  { method: "DELETE", path: "/v1/messages", caller: "device", run: acknowledgeMessages },
  { method: "GET", path: "/v1/devices/me", caller: "device", run: describeDevice },
  { method: "PUT", path: "/v1/groups/{groupId}", caller: "device", run: putGroup },
  { method: "POST", path: "/v1/groups/{groupId}/commits", caller: "device", run: postCommit },
  { method: "GET", path: "/v1/groups/{groupId}/commits", caller: "device", run: getCommits },
  { method: "POST", path: "/v1/groups/{groupId}/messages", caller: "device", run: postGroupMessage },
  { method: "PUT", path: "/v1/blobs/{blobId}", caller: "device", octets: true, run: putBlob },
  { method: "GET", path: "/v1/blobs/{blobId}", caller: "device", run: getBlob },
  { method: "GET", path: "/v1/transparency/head", caller: "anybody", run: getHead },
  { method: "GET", path: "/v1/transparency/consistency", caller: "anybody", run: getConsistency },
  { method: "GET", path: "/v1/transparency/entries", caller: "anybody", run: getEntries },
  { method: "GET", path: "/v1/transparency/users/{userId}", caller: "device", run: getUserLeaves },
];

interface Found {
  readonly route: Route;
  readonly parts: readonly string[];
}

const compiled = routes.map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replace(/\{\w+\}/g, "([^/]+)")}$`),
}));

/** The route of a request; `methods` when the path is there and the method is not. */
export function findRoute(method: string, path: string): Found | { readonly methods: readonly string[] } | undefined {
  const methods: string[] = [];
  for (const { route, pattern } of compiled) {
    const match = pattern.exec(path);
    if (match === null) continue;
    if (route.method === method) return { route, parts: match.slice(1) };
    methods.push(route.method);
  }
  return methods.length === 0 ? undefined : { methods };
}
