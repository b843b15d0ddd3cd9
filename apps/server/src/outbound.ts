import type { Outbound } from "@coffer/service";
import { requestBounded } from "./public-fetch.ts";

const timeoutMs = 5000;
const maxBytes = 262_144;

/** Asks servers that an administrator named, over HTTPS; those on private networks only when the operator allows it. */
export function openOutbound({ allowPrivateHosts }: { readonly allowPrivateHosts: boolean }): Outbound {
  return {
    async request({ url, body, headers, caPem }) {
      const place = new URL(url);
      if (place.protocol !== "https:") throw new Error("only https is asked");
      const answer = await requestBounded(
        place,
        { headers, body, ca: caPem },
        { timeoutMs, maxBytes, publicOnly: !allowPrivateHosts },
      );
      return { status: answer.status, body: answer.body.toString("utf8") };
    },
  };
}
