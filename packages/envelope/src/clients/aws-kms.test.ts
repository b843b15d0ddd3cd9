import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import { EnvelopeError, type EnvelopeErrorCode } from "../errors.ts";
import { type AwsCredentials, type KmsClientOptions, kmsClient } from "./aws-kms.ts";
import { maxAnswerBytes } from "./http-call.ts";
import { playService } from "./testing/play-service.ts";

const credentials: AwsCredentials = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "a secret" };

function clientOf(endpoint: string, change: Partial<KmsClientOptions> = {}) {
  return kmsClient({ endpoint, region: "us-east-1", credentials, ...change });
}

function failsAs(code: EnvelopeErrorCode, text: RegExp, ...absent: string[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof EnvelopeError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, text);
    for (const secret of absent) assert.ok(!`${error.message}${error.stack}${error.cause}`.includes(secret));
    return true;
  };
}

const throttled = { status: 400, body: { __type: "ThrottlingException", message: "Rate exceeded" } };

describe("kmsClient", () => {
  it("calls again what may succeed later, and nothing else", async (t) => {
    const busy = await playService(t, (_, number) => [undefined, throttled, { body: { ok: true } }][number - 1]);
    assert.deepEqual(await clientOf(busy.url).call("ListKeys", {}), { ok: true });
    assert.equal(busy.requests.length, 3);

    const always = await playService(t, () => throttled);
    await assert.rejects(
      clientOf(always.url, { maxAttempts: 2 }).call("ListKeys", {}),
      failsAs("ServiceUnavailable", /^ListKeys was refused: ThrottlingException: Rate exceeded$/),
    );
    assert.equal(always.requests.length, 2);

    const denied = await playService(t, () => ({
      status: 400,
      headers: { "x-amzn-RequestId": "a-request" },
      body: { __type: "com.amazonaws#AccessDeniedException", Message: "not you" },
    }));
    await assert.rejects(clientOf(denied.url).call("ListKeys", {}), (error) => {
      failsAs(
        "ServiceRefused",
        /^ListKeys was refused: AccessDeniedException: not you\. .*coffer explain a-request /,
      )(error);
      const { requestId, serviceCode, status } = error as EnvelopeError;
      assert.deepEqual([requestId, serviceCode, status], ["a-request", "AccessDeniedException", 400]);
      return true;
    });
    assert.equal(denied.requests.length, 1);
  });

  it("tells that a server is gone, hangs up, or does not answer in time", async (t) => {
    await assert.rejects(
      clientOf("http://127.0.0.1:1", { maxAttempts: 1 }).call("ListKeys", {}),
      failsAs("ServiceUnavailable", /http:\/\/127\.0\.0\.1:1 does not answer \(.*\)\. Check the endpoint/),
    );
    const silent: KmsClientOptions["fetch"] = (_, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    // The timer of a signal alone keeps no process alive.
    const alive = setInterval(() => {}, 1000);
    t.after(() => clearInterval(alive));
    await assert.rejects(
      clientOf("http://kms.example", { maxAttempts: 1, timeoutMs: 5, fetch: silent }).call("ListKeys", {}),
      failsAs("ServiceUnavailable", /no answer in time/),
    );
  });

  it("follows no redirection, which would carry a plaintext to another server", async (t) => {
    const other = await playService(t, () => ({ body: {} }));
    const { url, requests } = await playService(t, () => ({
      status: 307,
      headers: { location: `${other.url}/x` },
      body: "",
    }));
    const own: KmsClientOptions["fetch"] = (to, init) => fetch(to, { ...init, body: init.body ?? null });
    for (const change of [{}, { fetch: own }]) {
      await assert.rejects(
        clientOf(url, change).call("ListKeys", {}),
        failsAs("ServiceRefused", new RegExp(`leads to ${other.url}\\.`)),
      );
    }
    assert.equal(requests.length, 2);
    assert.equal(other.requests.length, 0);
  });

  it("reads no answer without end", async (t) => {
    const { url, requests } = await playService(t, () => ({ body: " ".repeat(maxAnswerBytes + 1) }));
    await assert.rejects(
      clientOf(url).call("ListKeys", {}),
      failsAs("ServiceRefused", /answers more than 1048576 bytes/),
    );
    assert.equal(requests.length, 1);
  });

  it("refuses answers that are none of KMS", async (t) => {
    const answers: [unknown, RegExp][] = [
      ["<html>", /status 200\. That is no answer of a KMS server/],
      [[], /status 200\. That is no answer of a KMS server/],
      [{ CiphertextBlob: "AAAA" }, /answer to Encrypt has no KeyId/],
      [{ KeyId: { toString: 1 }, CiphertextBlob: "AAAA" }, /answer to Encrypt has no KeyId/],
      [{ KeyId: "k" }, /answer to Encrypt has no CiphertextBlob/],
      [{ KeyId: "k", CiphertextBlob: "=!" }, /CiphertextBlob is not base64/],
    ];
    for (const [body, text] of answers) {
      const { url } = await playService(t, () => ({ body }));
      await assert.rejects(
        clientOf(url).encrypt({ KeyId: "k", Plaintext: Uint8Array.of(1) }),
        failsAs("ServiceRefused", text),
      );
    }
  });

  it("sends bytes as base64 and times as seconds, wherever they are", async (t) => {
    const { url, requests } = await playService(t, () => ({ body: {} }));
    const input = {
      ValidTo: new Date(1500),
      Recipient: { AttestationDocument: Buffer.from([1, 2]) },
      List: [Uint8Array.of(3), "x"],
    };
    await clientOf(url).call("Any", input);
    assert.deepEqual(JSON.parse(requests[0]?.body ?? ""), {
      ValidTo: 1.5,
      Recipient: { AttestationDocument: "AQI=" },
      List: ["Aw==", "x"],
    });
  });

  it("refuses what it is called with, without repeating what may be secret", async (t) => {
    const { url, requests } = await playService(t, () => ({ body: {} }));
    const refused = failsAs("InvalidInput", /./, "hunter2");
    assert.throws(() => clientOf(url.replace("//", "//user:hunter2@")), refused);
    assert.throws(() => clientOf(`${url}/?token=hunter2`), refused);
    assert.throws(() => clientOf("ftp://kms.example"), failsAs("InvalidInput", /no URL of a KMS server/));
    assert.throws(() => clientOf(url, { region: "evil.example/" }), failsAs("InvalidInput", /no region/));
    for (const given of [
      { ...credentials, sessionToken: "hunter2\n" },
      { ...credentials, accessKeyId: "hunter2\u{2028}" },
    ]) {
      await assert.rejects(clientOf(url, { credentials: given }).call("ListKeys", {}), refused);
    }
    assert.equal(requests.length, 0);
  });

  it("calls AWS of the region's partition when no endpoint is named", async () => {
    const called: string[] = [];
    const fetchOf: KmsClientOptions["fetch"] = async (url) => {
      called.push(url);
      return new Response("{}");
    };
    for (const region of ["eu-west-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"])
      await kmsClient({ region, credentials, fetch: fetchOf }).call("ListKeys", {});
    assert.deepEqual(called, [
      "https://kms.eu-west-1.amazonaws.com/",
      "https://kms.cn-north-1.amazonaws.com.cn/",
      "https://kms.us-gov-west-1.amazonaws.com/",
      "https://kms.eusc-de-east-1.amazonaws.eu/",
    ]);
  });

  describe("a provider of credentials", () => {
    it("is asked once for calls that come together, and again before they end", async (t) => {
      mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
      t.after(() => mock.timers.reset());
      let asked = 0;
      const provider = async () => ({ ...credentials, expiration: new Date(1_000_000 + ++asked * 20 * 60_000) });
      const { url, requests } = await playService(t, () => ({ body: {} }));
      const client = clientOf(url, { credentials: provider });
      const callThrice = () => Promise.all([1, 2, 3].map(() => client.call("ListKeys", {})));
      await callThrice();
      await callThrice();
      assert.equal(asked, 1);
      mock.timers.tick(16 * 60_000);
      await callThrice();
      assert.equal(asked, 2);
      assert.equal(requests.length, 9);
    });

    it("that fails is asked again; what it gave before holds until it ends", async (t) => {
      mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
      t.after(() => mock.timers.reset());
      let works = false;
      const provider = async () => {
        if (!works) throw new Error("out of order");
        return { ...credentials, expiration: new Date(1_000_000 + 10 * 60_000) };
      };
      const { url } = await playService(t, () => ({ body: {} }));
      const client = clientOf(url, { credentials: provider });
      await assert.rejects(client.call("ListKeys", {}), /out of order/);
      works = true;
      await client.call("ListKeys", {});
      works = false;
      mock.timers.tick(6 * 60_000);
      await client.call("ListKeys", {});
      mock.timers.tick(4 * 60_000);
      await assert.rejects(client.call("ListKeys", {}), /out of order/);
    });

    it("is asked again, once, when the server says that the session has ended", async (t) => {
      const expired = { status: 400, body: { __type: "ExpiredTokenException", message: "expired" } };
      let asked = 0;
      const provider = async () => ({ ...credentials, accessKeyId: `AKIA${++asked}` });
      const once = await playService(t, ({ headers }) =>
        headers["authorization"]?.includes("AKIA1/") === true ? expired : { body: {} },
      );
      await clientOf(once.url, { credentials: provider }).call("ListKeys", {});
      assert.equal(asked, 2);
      for (const given of [provider, credentials]) {
        const always = await playService(t, () => expired);
        await assert.rejects(
          clientOf(always.url, { credentials: given }).call("ListKeys", {}),
          failsAs("ServiceRefused", /The session has ended: get new credentials/),
        );
        assert.equal(always.requests.length, given === provider ? 2 : 1);
      }
    });
  });
});
