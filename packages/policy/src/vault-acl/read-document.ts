import { vaultPolicyLimits } from "./limits.ts";
import {
  type DocumentNode,
  type ListNode,
  type LiteralNode,
  type MemberNode,
  type ObjectNode,
  type Position,
  refuseAt,
} from "./nodes.ts";
import { Scanner, type Token, type TokenKind } from "./scan.ts";

/** Reads HCL 1, or JSON where the text begins with `{`. Throws a PolicyRefusal. */
export function readDocument(text: string): ObjectNode {
  const json = text.trimStart().startsWith("{");
  const scanner = new Scanner(text.replaceAll("\r\n", "\n"), json);
  if (json) {
    const open = scanner.next();
    const document = readObject(scanner, open, 0, true);
    expect(scanner.next(), "end");
    return document;
  }
  const members: MemberNode[] = [];
  while (scanner.peek().kind !== "end") members.push(readMember(scanner, 0));
  return { kind: "object", line: 1, column: 1, members: checkMembers(members) };
}

function readMember(scanner: Scanner, depth: number): MemberNode {
  const key = scanner.next();
  if (key.kind !== "name" && key.kind !== "string") refuseAt(key, `expected: IDENT | STRING got: ${key.text}`);
  const labels: string[] = [];
  while (scanner.peek().kind === "name" || scanner.peek().kind === "string") labels.push(scanner.next().text);
  const mark = scanner.next();
  const position = { line: key.line, column: key.column };
  let value: DocumentNode;
  if (mark.kind === "=" && labels.length === 0) value = readValue(scanner, depth, false);
  else if (mark.kind === "{") value = readObject(scanner, mark, depth, false);
  else refuseAt(mark, `key '${[key.text, ...labels].join(" ")}' expected start of object ('{') or assignment ('=')`);
  // Members may be separated by commas: `{ a = 1, b = 2 }`.
  if (scanner.peek().kind === ",") scanner.next();
  return { ...position, key: key.text, labels, value };
}

function readObject(scanner: Scanner, open: Token, depth: number, json: boolean): ObjectNode {
  checkDepth(open, depth);
  const members: MemberNode[] = [];
  while (scanner.peek().kind !== "}") {
    if (!json) members.push(readMember(scanner, depth + 1));
    else {
      members.push(readJsonMember(scanner, depth + 1));
      if (!continues(scanner, "}", "an object")) break;
    }
  }
  scanner.next();
  return { kind: "object", line: open.line, column: open.column, members: checkMembers(members) };
}

function readJsonMember(scanner: Scanner, depth: number): MemberNode {
  const key = expect(scanner.next(), "string");
  expect(scanner.next(), ":");
  return { line: key.line, column: key.column, key: key.text, labels: [], value: readValue(scanner, depth, true) };
}

function readValue(scanner: Scanner, depth: number, json: boolean): DocumentNode {
  const token = scanner.next();
  if (token.kind === "{") return readObject(scanner, token, depth, json);
  if (token.kind === "[") return readList(scanner, token, depth, json);
  return readLiteral(token);
}

function readList(scanner: Scanner, open: Token, depth: number, json: boolean): ListNode {
  checkDepth(open, depth);
  const items: DocumentNode[] = [];
  while (scanner.peek().kind !== "]") {
    items.push(readValue(scanner, depth + 1, json));
    if (!continues(scanner, "]", "a list", !json)) break;
  }
  scanner.next();
  return { kind: "list", line: open.line, column: open.column, items };
}

/** Moves past a comma; false where the list or object ends instead. */
function continues(scanner: Scanner, close: TokenKind, what: string, trailingComma = false): boolean {
  const token = scanner.peek();
  if (token.kind === close) return false;
  if (token.kind !== ",") refuseAt(token, `error parsing ${what}, expected comma or end, got: ${token.text}`);
  scanner.next();
  if (!trailingComma && scanner.peek().kind === close) refuseAt(scanner.peek(), `unexpected ${close} after a comma`);
  return true;
}

function readLiteral(token: Token): LiteralNode {
  const position = { line: token.line, column: token.column };
  if (token.kind === "string") return { kind: "literal", ...position, value: token.text, text: token.text };
  if (token.kind === "bool") return { kind: "literal", ...position, value: token.text === "true", text: token.text };
  if (token.kind === "number") return { kind: "literal", ...position, value: numberOf(token), text: token.text };
  refuseAt(token, `Unknown token: ${token.text}`);
}

/** Go reads a leading zero as octal; what it would refuse is refused. */
function numberOf(token: Token): number {
  const octal = /^(-?)0([0-9]+)$/.exec(token.text);
  const value = octal === null ? numberFrom(token.text) : Number(`${octal[1]}1`) * Number(`0o${octal[2]}`);
  if (!Number.isFinite(value)) refuseAt(token, "illegal number");
  return value;
}

function numberFrom(text: string): number {
  return text.startsWith("-") ? -Number(text.slice(1)) : Number(text);
}

function expect(token: Token, kind: TokenKind): Token {
  if (token.kind !== kind) refuseAt(token, `expected ${kind}, got: ${token.text}`);
  return token;
}

/**
 * Whatever is set twice is refused, as Vault does since 1.19: which of the two counts is not for a reader to guess.
 * Blocks with a label come as often as one likes.
 */
function checkMembers(members: readonly MemberNode[]): readonly MemberNode[] {
  const seen = new Set<string>();
  for (const member of members) {
    if (member.labels.length > 0) continue;
    if (seen.has(member.key)) {
      const place = `${member.line}:${member.column}`;
      refuseAt(
        member,
        `The argument "${member.key}" at ${place} was already set. Each argument can only be defined once`,
      );
    }
    seen.add(member.key);
  }
  return members;
}

function checkDepth(position: Position, depth: number): void {
  if (depth >= vaultPolicyLimits.depth) refuseAt(position, `nested more than ${vaultPolicyLimits.depth} deep`);
}
