import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { WireAnswer } from "@coffer/service";
import { openTestCore, type TestCore, wireRequest } from "@coffer/testkit";
import type { Instance } from "./instance.ts";
import { OpenInstance } from "./open-instance.ts";

const done: WireAnswer = { status: 200, headers: {}, body: "" };
const patienceMs = 1000;

describe("an open instance", () => {
  let test: TestCore;
  let waiting: PromiseWithResolvers<WireAnswer>;
  let open: OpenInstance;

  beforeEach(async () => {
    test = await openTestCore();
    waiting = Promise.withResolvers();
    const { core, lifecycle } = test;
    const instance: Instance = { core, lifecycle, takeMade: () => undefined, close: async () => {} };
    open = new OpenInstance(instance, ({ path }) => (path === "/slow" ? waiting.promise : Promise.resolve(done)));
  });
  afterEach(() => test.close());

  const slow = () => open.serve(wireRequest({ method: "GET", path: "/slow" }));

  it("is drained at once when nothing is under way", async () => {
    await open.drain(test.clock, patienceMs);
  });

  it("is drained when the last request under way is answered, and not before", async () => {
    const first = slow();
    const second = slow();
    const steps: string[] = [];
    const drained = open.drain(test.clock, patienceMs).then(() => steps.push("drained"));
    await open.serve(wireRequest({ method: "GET", path: "/quick" }));
    assert.deepEqual(steps, []);
    waiting.resolve(done);
    assert.deepEqual(await Promise.all([first, second]), [done, done]);
    await drained;
    test.core.keyring.deriveMacKey("it still has its keys");
  });

  it("takes the keys from requests that take too long, and waits for them nevertheless", async () => {
    const request = slow();
    let drained = false;
    const draining = open.drain(test.clock, patienceMs).then(() => {
      drained = true;
    });
    test.clock.advance(patienceMs);
    assert.throws(() => test.core.keyring.deriveMacKey("a key"), { code: "Sealed" });
    assert.equal(drained, false);
    waiting.reject(new Error("planted"));
    await assert.rejects(request, /planted/);
    await draining;
  });

  it("answers the request that sealed it when that is done", async () => {
    const sealed = Promise.withResolvers<void>();
    const request = wireRequest({ method: "PUT", path: "/slow" });
    let answered = false;
    const answer = open.serve(request).then(() => {
      answered = true;
    });
    open.sealAfter(request.requestId, sealed.promise);
    waiting.resolve(done);
    await open.serve(wireRequest({ method: "GET", path: "/quick" }));
    assert.equal(answered, false);
    sealed.resolve();
    await answer;
  });
});
