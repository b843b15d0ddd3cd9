/** Every limit of the relay. */
export interface RelayLimits {
  /** Of a request's JSON. */
  readonly bodyBytes: number;
  /** Of one message for one device, as base64. */
  readonly messageCharacters: number;
  /** Of one key, signature or details, as text. */
  readonly keyCharacters: number;
  readonly detailsCharacters: number;
  /** One-time keys of one set in one request. */
  readonly keysPerRequest: number;
  /** One-time keys of one set that are stored and were not given out. */
  readonly storedKeys: number;
  /** Sets of keys that a device has. */
  readonly keySets: number;
  readonly mailboxMessages: number;
  readonly mailboxBytes: number;
  /** Messages in one answer, and unacknowledged on a socket. */
  readonly messagesPerAnswer: number;
  readonly groupMembers: number;
  readonly commitsPerAnswer: number;
  readonly entriesPerAnswer: number;
  readonly blobBytes: number;
  readonly blobBytesPerDevice: number;
  /** What a blob counts for at least. */
  readonly blobLeastBytes: number;
  /** After which what nobody fetched is deleted. */
  readonly blobKeptMs: number;
  readonly messageKeptMs: number;
  readonly tokenKeptMs: number;
  /** Of one device at a time: another one ends the oldest. */
  readonly tokensPerDevice: number;
  readonly challengeKeptMs: number;
  readonly challenges: number;
  /** Requests without a token, a minute and peer. */
  readonly anonymousPerMinute: number;
  /** Claims of keys, a minute: by one device, and of one user's. */
  readonly claimsPerMinute: number;
  readonly claimsOfUserPerMinute: number;
  /** Groups that are made, a minute and device. */
  readonly groupsPerMinute: number;
  /** Keys that are published, a minute and device. */
  readonly keysPerMinute: number;
  /** Messages and commits, a minute and device. */
  readonly messagesPerMinute: number;
  /** Bytes that wait to go out on a socket. */
  readonly socketBufferedBytes: number;
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** What holds unless an operator says otherwise. */
export const defaultLimits: RelayLimits = {
  bodyBytes: 4 << 20,
  messageCharacters: 256 << 10,
  keyCharacters: 16 << 10,
  detailsCharacters: 64 << 10,
  keysPerRequest: 100,
  storedKeys: 1000,
  keySets: 8,
  mailboxMessages: 20_000,
  mailboxBytes: 256 << 20,
  messagesPerAnswer: 64,
  groupMembers: 1000,
  commitsPerAnswer: 100,
  entriesPerAnswer: 1000,
  blobBytes: 100 << 20,
  blobBytesPerDevice: 2 ** 30,
  blobLeastBytes: 4096,
  blobKeptMs: 45 * dayMs,
  messageKeptMs: 90 * dayMs,
  tokenKeptMs: dayMs,
  tokensPerDevice: 16,
  challengeKeptMs: minuteMs,
  challenges: 10_000,
  anonymousPerMinute: 600,
  claimsPerMinute: 300,
  claimsOfUserPerMinute: 600,
  groupsPerMinute: 300,
  keysPerMinute: 6000,
  messagesPerMinute: 600_000,
  socketBufferedBytes: 4 << 20,
};
