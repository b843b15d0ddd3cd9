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
  /** One line or two, for docs/RELAY.md. */
  readonly doc: string;
  readonly run: (context: RelayContext, input: OperationInput) => Promise<OperationAnswer>;
}

/** Every operation. */
export const routes: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/relay",
    caller: "anybody",
    run: describeRelay,
    doc: "Who this relay is, the key that signs its log, its limits.",
  },
  {
    method: "POST",
    path: "/v1/challenges",
    caller: "anybody",
    run: issueChallenge,
    doc: "Something for a device to sign: base64 of 32 bytes, for a minute, once.",
  },
  {
    method: "POST",
    path: "/v1/tokens",
    caller: "anybody",
    run: issueToken,
    doc: "A token for a day, for the challenge signed by the device's signing key.",
  },
  {
    method: "PUT",
    path: "/v1/users/{userId}/device-list",
    caller: "anybody",
    run: putDeviceList,
    doc: "A user's devices, signed by the account key. The first makes the account; each further one is the next version. 409 `VersionConflict`, 403 `AccountKeyChanged`.",
  },
  {
    method: "GET",
    path: "/v1/users/{userId}/device-list",
    caller: "either",
    run: getDeviceList,
    doc: "The newest list, with the proof that the log has it.",
  },
  {
    method: "POST",
    path: "/v1/users/{userId}/claims",
    caller: "device",
    run: claimKeys,
    doc: "A key bundle of each of a user's devices. A one-time key goes out once.",
  },
  {
    method: "PUT",
    path: "/v1/users/{userId}/messages",
    caller: "device",
    run: putMessages,
    doc: "A ciphertext for each of a user's devices, into all mailboxes or none. 409 `DeviceSetMismatch`, 410 `StaleDevices`, 507 `MailboxFull`. The same id again does nothing.",
  },
  {
    method: "PUT",
    path: "/v1/keys",
    caller: "device",
    run: putKeys,
    doc: "Publishes keys: one-time keys are added, details and last-resort keys replaced. Signatures are checked.",
  },
  { method: "GET", path: "/v1/keys", caller: "device", run: getKeyCounts, doc: "How many one-time keys are left." },
  {
    method: "POST",
    path: "/v1/keys/check",
    caller: "device",
    run: checkKeys,
    doc: "Whether the repeated-use keys here are the device's. 409 `KeysDiffer`.",
  },
  {
    method: "GET",
    path: "/v1/messages",
    caller: "device",
    run: getMessages,
    doc: "The oldest messages that were not acknowledged, in order.",
  },
  {
    method: "DELETE",
    path: "/v1/messages",
    caller: "device",
    run: acknowledgeMessages,
    doc: "The device has kept them: they are deleted.",
  },
  {
    method: "GET",
    path: "/v1/devices/me",
    caller: "device",
    run: describeDevice,
    doc: "What the relay remembers of the calling device, the newest version of its vault among it.",
  },
  {
    method: "PUT",
    path: "/v1/groups/{groupId}",
    caller: "device",
    run: putGroup,
    doc: "Makes a group with the calling device alone.",
  },
  {
    method: "POST",
    path: "/v1/groups/{groupId}/commits",
    caller: "device",
    run: postCommit,
    doc: "Ends an epoch of a group: one commit for each is taken, and delivered with its welcomes. 409 `EpochTaken` with the one that was.",
  },
  {
    method: "GET",
    path: "/v1/groups/{groupId}/commits",
    caller: "device",
    run: getCommits,
    doc: "Commits from an epoch on, for members.",
  },
  {
    method: "POST",
    path: "/v1/groups/{groupId}/messages",
    caller: "device",
    run: postGroupMessage,
    doc: "One ciphertext for all other members, stored once.",
  },
  {
    method: "PUT",
    path: "/v1/blobs/{blobId}",
    caller: "device",
    octets: true,
    run: putBlob,
    doc: "Octets of an attachment, written once.",
  },
  { method: "GET", path: "/v1/blobs/{blobId}", caller: "device", run: getBlob, doc: "The octets." },
  {
    method: "GET",
    path: "/v1/transparency/head",
    caller: "anybody",
    run: getHead,
    doc: "The signed head of the transparency log.",
  },
  {
    method: "GET",
    path: "/v1/transparency/consistency",
    caller: "anybody",
    run: getConsistency,
    doc: "That the log of `from` entries is the beginning of that of `to`.",
  },
  {
    method: "GET",
    path: "/v1/transparency/entries",
    caller: "anybody",
    run: getEntries,
    doc: "The log's leaves, for devices that read all of it.",
  },
  {
    method: "GET",
    path: "/v1/transparency/users/{userId}",
    caller: "device",
    run: getUserLeaves,
    doc: "Where the log has a user's lists.",
  },
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
