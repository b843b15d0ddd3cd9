import { isIPv4, isIPv6 } from "node:net";

/** Where to listen. */
export interface ListenAddress {
  /** An IP address or a host name; IPv6 without brackets. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/**
 * Parses `HOST:PORT`; IPv6 is written `[HOST]:PORT`.
 *
 * @returns a sentence that says what is wrong when it is not one
 */
export function parseListenAddress(text: string): ListenAddress | string {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text);
  if (match === null) {
    if (/^\d{1,5}$/.test(text)) return `"${text}" has no host; write 127.0.0.1:${text}.`;
    if (isIPv6(text)) return `"${text}" needs brackets and a port; write [${text}]:8080.`;
    return `"${text}" has no port.`;
  }
  const [, bracketed, plain, portText] = match;
  const port = Number(portText);
  if (port > 65_535) return `port ${port} is above 65535.`;
  if (bracketed !== undefined) {
    return isIPv6(bracketed) ? { host: bracketed, port } : `"[${bracketed}]" is not an IPv6 address.`;
  }
  const host = plain ?? "";
  if (host === "") return `"${text}" has no host; write 127.0.0.1:${port}, or 0.0.0.0:${port} for every address.`;
  if (/^[\d.]+$/.test(host) && !isIPv4(host)) return `"${host}" is not an IPv4 address.`;
  if (!/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(host)) return `"${host}" is not a host name.`;
  return { host, port };
}

/** `HOST:PORT`, with brackets around IPv6. */
export function formatListenAddress(address: ListenAddress): string {
  return `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}

/** Whether only this machine reaches a host: `localhost`, 127.0.0.0/8 (RFC 1122 3.2.1.3) or ::1 (RFC 4291 2.5.3). */
export function isLoopbackHost(host: string): boolean {
  return host.toLowerCase() === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}
