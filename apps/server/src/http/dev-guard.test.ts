import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeAsProblem } from "./adapter-errors.ts";
import { devGuard } from "./dev-guard.ts";
import { echo, startTestServer } from "./echo-server.ts";

describe("devGuard", () => {
  const cases: readonly (readonly [status: 200 | 403, headers: readonly string[], why: string])[] = [
    [200, ["Host: localhost"], "this machine by name"],
    [200, ["Host: LocalHost:8080"], "names know no case"],
    [200, ["Host: 127.0.0.1:8080"], "this machine by address"],
    [200, ["Host: 127.9.8.7"], "all of 127.0.0.0/8"],
    [200, ["Host: [::1]:8200"], "this machine by IPv6"],
    [200, ["Host: localhost", "Origin: http://localhost:3000"], "a page of this machine"],
    [200, ["Host: localhost", "Origin: https://[::1]"], "a page of this machine"],
    [200, ["Host: localhost", "Sec-Fetch-Site: same-origin"], "our own page"],
    [200, ["Host: localhost", "Sec-Fetch-Site: none"], "typed by the user"],
    [403, ["Host: evil.example"], "DNS rebinding"],
    [403, ["Host: evil.example:8080"], "DNS rebinding"],
    [403, ["Host: 127.0.0.1.evil.example"], "a name that begins like an address"],
    [403, ["Host: localhost.evil.example"], "a name that begins like ours"],
    [403, ["Host: evil-localhost"], "a name that ends like ours"],
    [403, ["Host: 192.168.1.2"], "another address"],
    [403, ["Host: localhost@evil.example"], "no authority"],
    [403, ["Host: localhost:8080:evil"], "no port"],
    [403, ["Host: [::1].evil"], "no authority"],
    [403, ["Host: "], "no name"],
    [403, ["Host: localhost", "Origin: https://evil.example"], "a page of another site"],
    [403, ["Host: localhost", "Origin: http://localhost.evil.example"], "a page of another site"],
    [403, ["Host: localhost", "Origin: null"], "a page that hides its site"],
    [403, ["Host: localhost", "Origin: http://localhost", "Origin: https://evil.example"], "two origins"],
    [403, ["Host: localhost", "Sec-Fetch-Site: cross-site"], "a page of another site without Origin"],
  ];
  for (const [status, headers, why] of cases) {
    it(`answers ${status} to ${headers.join(", ")}: ${why}`, async (t) => {
      const server = await startTestServer(t, { handler: devGuard(echo, describeAsProblem) });
      const client = await server.connect();
      const answer = await client.exchange(`POST / HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`);
      assert.equal(answer.status, status);
      if (status === 403) assert.match(JSON.parse(answer.body).detail, /^In dev mode /);
    });
  }
});
