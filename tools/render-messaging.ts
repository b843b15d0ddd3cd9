import { type ProtocolFacts, protocols } from "@coffer/messaging";

const forwardSecrecy = new Map([
  ["message", "each message"],
  ["round", "each round"],
  ["partial", "partial: from a point on"],
  ["none", "**none**"],
]);
const postCompromise = new Map([
  ["roundTrip", "after a message each way"],
  ["commit", "after a commit"],
  ["rotation", "at the next rotation"],
  ["none", "**none**"],
]);
const groups = new Map([
  ["none", "no"],
  ["fanOut", "a message for each device"],
  ["senderKeys", "sender keys"],
  ["tree", "a key tree"],
  ["recipients", "a key for each recipient"],
]);
const postQuantum = new Map([
  ["hybrid", "hybrid"],
  ["bySuite", "by suite"],
  ["none", "no"],
]);

interface Column {
  readonly title: string;
  cell(facts: ProtocolFacts): string;
}

const word = (words: ReadonlyMap<string, string>, key: string) => words.get(key) ?? key;

const columns: readonly Column[] = [
  { title: "Protocol", cell: ({ name }) => name },
  { title: "Package", cell: ({ packageName }) => `\`${packageName}\`` },
  { title: "Licence", cell: ({ licence }) => licence },
  {
    title: "Forward secrecy",
    cell: ({ capabilities }) => word(forwardSecrecy, capabilities.forwardSecrecy),
  },
  {
    title: "Recovers from theft of keys",
    cell: ({ capabilities }) => word(postCompromise, capabilities.postCompromiseSecurity),
  },
  { title: "Peer may be away", cell: ({ capabilities }) => (capabilities.asynchronous ? "yes" : "**no**") },
  { title: "Groups", cell: ({ capabilities }) => word(groups, capabilities.groups) },
  { title: "Post-quantum", cell: ({ capabilities }) => word(postQuantum, capabilities.postQuantum) },
  { title: "Runs in", cell: ({ capabilities }) => capabilities.runtimes.join(", ") },
  { title: "Refuses replays", cell: ({ capabilities }) => `the ${capabilities.replayCheck}` },
];

/** docs/PROTOCOLS.md, from the table of protocols that `chooseE2EProtocol` chooses from. */
export function renderMessagingDocs(): string {
  const all = [...protocols.values()];
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    "<!-- Written by bin/node tools/generate-messaging-docs.ts from packages/messaging/core/src/protocols.ts -->",
    "# The protocols",
    "",
    "What each promises and what not, as `chooseE2EProtocol` knows it. Tests show every flag; none is better than they show.",
    "How to choose, and how fast each is: [MESSAGING.md](MESSAGING.md).",
    "",
    row(columns.map(({ title }) => title)),
    row(columns.map(() => "---")),
    ...all.map((facts) => row(columns.map(({ cell }) => cell(facts)))),
    "",
    "No protocol is safe when a device's state is set back to an older copy: old messages open again, and keys are used twice. The",
    "vaults refuse state that is older than what the relay has seen.",
    "",
    ...all.flatMap(({ name, caveats }) => [`## ${name}`, "", ...caveats.map((caveat) => `- ${caveat}`), ""]),
  ].join("\n");
}
