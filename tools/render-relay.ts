import { defaultLimits, type Route, routes } from "@coffer/messaging-relay";

const callers: ReadonlyMap<Route["caller"], string> = new Map([
  ["anybody", "anybody"],
  ["either", "anybody; devices alone where accounts need a token"],
  ["device", "a device"],
]);

const intro = `# The relay

The key directory and relay of end-to-end encrypted messages ([MESSAGING.md](MESSAGING.md)): it gives out keys, keeps ciphertext until a
device has it, puts the commits of groups in order, and logs every device list for all to see. It never has a message's key.

## Running it

\`\`\`
bin/coffer relay --local-key                                       # to try it out
bin/coffer relay --key alias/relay --sign-key alias/heads          # its tables under a Coffer key, its log signed by another
\`\`\`

With \`--key\` the relay makes a data key by that key (GenerateDataKey, encryption context \`purpose=coffer relay tables\`) and keeps it
wrapped in its directory; when it starts, Coffer unwraps it. While the key is disabled the relay does not start. Endpoint, region and
credentials are those of every other command. \`--sign-key\` signs the log's heads (Sign); the key is of the spec
\`ECC_NIST_EDWARDS25519\`, \`ECC_NIST_P256\` or \`ECC_NIST_P384\`. \`coffer relay --help\` has the rest: TLS, who may make accounts,
pages of other origins.

Inside the server: \`coffer server --relay-listen 127.0.0.1:8300 --relay-key alias/relay\`, in \`DATA_DIR/relay\`, under a key of that
server, which has to be there and is called in process ([decision](decisions/0032-relay-beside-the-server.md)). Its log is signed by a
key of its directory, anybody who reaches it may make an account, and pages of other origins may not call it.

A user who lost all devices asks the operator: \`coffer relay reset-account USER\`. Everybody who knows the user is then warned.

## What it promises

Each line is a test of its name in \`packages/messaging/relay/test/promises.test.ts\`.

- A one-time key goes out at most once, also under 100 parallel claims, and never comes in again.
- The same message again is kept once: by sender, recipient and message id.
- Messages come in order for each device, at least once, until they are acknowledged.
- One commit an epoch is taken; the others get it.
- A message goes to exactly the user's devices, or is refused with those that lack or are too many.
- Removing a device erases its keys, tokens and mailbox.
- A device that was set back to an older state is refused.
- What was answered survives \`kill -9\` (\`apps/server/test/relay.test.ts\`).

## What it learns

Who writes to whom, when, from which address, and how much, to 160 bytes; who is in a group; how many devices a user has. Not what is
said. It can drop or delay messages; it cannot change, repeat, read or add any. Its disk shows less: rows are sealed and names are
HMACs, so that a thief sees numbers, sizes and times.

## Operations

JSON in UTF-8. Errors are problems (RFC 9457) with a \`code\` and a \`requestId\`. A device proves who it is by a token
(\`Authorization: Bearer TOKEN\`) that it gets for a signed challenge: its signing key (Ed25519) signs
\`coffer relay token 1\`, the relay's id, \`USER/DEVICE\` and the challenge, each on a line.
`;

const sockets = `
## WebSocket

\`/v1/websocket\`, with the token in \`Authorization\`, or as the subprotocol \`coffer.bearer.TOKEN\` beside \`coffer.relay.1\`. Frames are JSON.

| From | Frame | Meaning |
| --- | --- | --- |
| relay | \`{"type":"message","message":{...}}\` | A message of the mailbox. At most ${defaultLimits.messagesPerAnswer} are under way unacknowledged |
| relay | \`{"type":"queueEmpty"}\` | All that waits was sent |
| relay | \`{"type":"keysLow","set":S,"count":N}\` | One-time keys run low |
| device | \`{"type":"ack","upTo":SEQ,"vaultVersion":N}\` | The messages up to this one are kept |
| device | \`{"type":"request","id":N,"method":M,"path":P,"body":B}\` | Any operation; answered by \`{"type":"answer","id":N,"status":S,"body":B}\` |

Closed with 4000 for what is no frame, 4001 when the device is gone from its list, 4002 when it opens another socket.

## Limits

| Limit | Value |
| --- | --- |
`;

/** docs/RELAY.md, from the relay's table of operations and its limits. */
export function renderRelayDocs(): string {
  const rows = routes.map(
    ({ method, path, caller, doc }) => `| \`${method} ${path}\` | ${callers.get(caller)} | ${doc} |`,
  );
  const limits = Object.entries(defaultLimits).map(
    ([name, value]) => `| \`${name}\` | ${value.toLocaleString("en")} |`,
  );
  return [
    "<!-- Written by bin/node tools/generate-relay-docs.ts -->",
    intro,
    "| Operation | Who may | What |",
    "| --- | --- | --- |",
    ...rows,
    `${sockets}${limits.join("\n")}`,
    "",
  ].join("\n");
}
