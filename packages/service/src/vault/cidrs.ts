import { type IpRange, isWithin, parseIpRange } from "@coffer/policy";

/** Whether each text is a range in CIDR form, such as `10.0.0.0/8`: with a prefix length, as Vault wants it for logins. */
export function areCidrs(texts: readonly string[]): boolean {
  return texts.every((text) => text.includes("/") && parseIpRange(text.trim()) !== undefined);
}

/** Whether a text is an address or a range: what tokens may be bound to. */
export function isAddress(text: string): boolean {
  return parseIpRange(text.trim()) !== undefined;
}

/** Whether an address lies in one of the ranges; one that cannot be read lies in none. */
export function isFrom(address: string, ranges: readonly string[]): boolean {
  const parsed = parseIpRange(address);
  return parsed !== undefined && isInOne(parsed, ranges);
}

/** Whether each range lies in one of `outer`; any does where `outer` is empty. */
export function areSubsets(ranges: readonly string[], outer: readonly string[]): boolean {
  if (outer.length === 0) return true;
  return ranges.every((range) => {
    const parsed = parseIpRange(range.trim());
    return parsed !== undefined && isInOne(parsed, outer);
  });
}

function isInOne(address: IpRange, ranges: readonly string[]): boolean {
  return ranges.some((range) => {
    const parsed = parseIpRange(range.trim());
    return parsed !== undefined && isWithin(address, parsed);
  });
}
