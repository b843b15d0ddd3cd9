import { canonicalText, fitsInt64, goFloatText } from "../canonical-text.ts";
import type { LeafKind } from "../document.ts";

/** A scalar as SOPS sees it. */
export type YamlValue =
  | { readonly kind: Exclude<LeafKind, "comment">; readonly text: string }
  /** SOPS leaves null alone. */
  | { readonly kind: "null" }
  /** SOPS cannot take it. */
  | { readonly kind: "unfit"; readonly why: string };

const words = new Map<string, YamlValue>([
  ...["true", "True", "TRUE"].map((word) => [word, { kind: "bool", text: "True" }] as const),
  ...["false", "False", "FALSE"].map((word) => [word, { kind: "bool", text: "False" }] as const),
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, { kind: "null" }] as const),
  ...[".nan", ".NaN", ".NAN"].map((word) => [word, { kind: "float", text: "NaN" }] as const),
  ...[".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"].map(
    (word) => [word, { kind: "float", text: "+Inf" }] as const,
  ),
  ...["-.inf", "-.Inf", "-.INF"].map((word) => [word, { kind: "float", text: "-Inf" }] as const),
]);

/**
 * What SOPS makes of a plain scalar without a tag. SOPS reads YAML with go.yaml.in/yaml/v3, which takes numbers of YAML 1.1
 * and 1.2, underscores in them, and points in time. Source: its resolve.go, v3.0.4.
 */
export function resolvePlain(source: string): YamlValue {
  const word = words.get(source);
  if (word !== undefined) return word;
  if (!/^[-+.0-9]/.test(source)) return { kind: "str", text: source };
  return timeOf(source) ?? wholeNumberOf(source) ?? floatOf(source) ?? { kind: "str", text: source };
}

/** What SOPS makes of a scalar with a tag. @param source its text @param isPlain whether it stands without quotes */
export function resolveTagged(tag: string, source: string, isPlain: boolean): YamlValue {
  const short = tag.replace(/^!<tag:yaml\.org,2002:(.*)>$/, "!!$1");
  if (short === "!!str" || !knownTags.has(short)) return { kind: "str", text: source };
  if (short === "!!binary") return binaryOf(source);
  const value =
    short === "!!timestamp" || isPlain ? resolvePlain(source) : (resolveUntimed(source) ?? resolvePlain(source));
  const wanted = knownTags.get(short);
  if (value.kind === wanted) return value;
  if (value.kind === "int" && wanted === "float") return { kind: "float", text: goFloatText(Number(value.text)) };
  return { kind: "unfit", why: `${source === "" ? "nothing" : JSON.stringify(source)} is no ${short}` };
}

/** The tags of YAML's own that say what a scalar is, by what they say. */
const knownTags: ReadonlyMap<string, YamlValue["kind"]> = new Map([
  ["!!str", "str"],
  ["!!int", "int"],
  ["!!float", "float"],
  ["!!bool", "bool"],
  ["!!null", "null"],
  ["!!timestamp", "time"],
  ["!!binary", "bytes"],
]);

function resolveUntimed(source: string): YamlValue | undefined {
  return words.get(source) ?? wholeNumberOf(source) ?? floatOf(source);
}

/** Go's `strconv.ParseInt(text, 0, 64)`, underscores taken out before. */
function wholeNumberOf(source: string): YamlValue | undefined {
  const plain = source.replaceAll("_", "");
  const [, sign = "", digits = ""] =
    /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/.exec(plain) ?? [];
  if (digits === "" || digits.length > 80) return undefined;
  const magnitude = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits);
  const value = sign === "-" ? -magnitude : magnitude;
  if (fitsInt64(value)) return { kind: "int", text: value.toString() };
  if (value > 0n && value < 2n ** 64n) {
    return { kind: "unfit", why: `${source} is a number beyond 64 bits with a sign: put it into quotes` };
  }
  return undefined;
}

function floatOf(source: string): YamlValue | undefined {
  const plain = source.startsWith(".") ? source : source.replaceAll("_", "");
  if (!/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(plain)) return undefined;
  const text = canonicalText("float", plain);
  return text === undefined ? undefined : { kind: "float", text };
}

/** Points in time as go-yaml takes them: RFC 3339 with short fields, the same with a space and no zone, and dates. */
function timeOf(source: string): YamlValue | undefined {
  const parts =
    /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d+))?(Z|[-+]\d{2}:\d{2}))|(?: (\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d+))?))?$/.exec(
      source,
    );
  if (parts === null) return undefined;
  const [, year = "", month = "", day = ""] = parts;
  const [hour = "0", minute = "0", second = "0", fraction = ""] =
    parts[4] === undefined ? parts.slice(9) : parts.slice(4);
  const zone = parts[8] ?? "Z";
  if (!isTime([year, month, day, hour, minute, second].map(Number), zone)) return undefined;
  const two = (text: string) => text.padStart(2, "0");
  const digits = fraction === "" ? "" : `.${fraction}`;
  const text = canonicalText(
    "time",
    `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}${digits}${zone}`,
  );
  return text === undefined ? undefined : { kind: "time", text };
}

function isTime([year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0]: readonly number[], zone: string) {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const dateFits = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  const [zoneHours = 0, zoneMinutes = 0] = zone === "Z" ? [] : zone.slice(1).split(":").map(Number);
  return dateFits && hour < 24 && minute < 60 && second < 60 && zoneHours < 24 && zoneMinutes < 60;
}

function binaryOf(source: string): YamlValue {
  const base64 = source.replaceAll(/[\r\n]/g, "");
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) {
    return { kind: "unfit", why: "a !!binary is not base64" };
  }
  return { kind: "bytes", text: Buffer.from(base64, "base64").toString("latin1") };
}
