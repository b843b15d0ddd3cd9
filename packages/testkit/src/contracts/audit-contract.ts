import assert from "node:assert/strict";
import { test } from "node:test";
import { type AuditLog, InvariantError, ServiceError } from "@coffer/service";

/** What the contract needs of an audit log's place. */
export interface AuditLogPlace {
  /** Opens the log, or opens it again after it was closed. */
  open(): Promise<AuditLog>;
  /** Removes everything. Every log was closed. */
  remove(): Promise<void>;
}

/** What every audit log must do, whatever it is kept in. Each test gets a place of its own. */
export function auditLogContract(name: string, makePlace: () => Promise<AuditLogPlace>): void {
  function contract(what: string, run: (place: AuditLogPlace) => Promise<void>): void {
    test(`${name}: ${what}`, async () => {
      const place = await makePlace();
      try {
        await run(place);
      } finally {
        await place.remove();
      }
    });
  }

  contract("a new log is healthy and empty", async (place) => {
    const log = await place.open();
    assert.deepEqual(log.health(), { ok: true, writable: true });
    assert.equal(log.lastSequence(), 0);
    assert.deepEqual(await log.read(0, 10), []);
    await log.close();
  });

  contract("keeps every member of every event, in the order of the appends", async (place) => {
    const log = await place.open();
    const events = Array.from({ length: 500 }, (_, index) => ({
      eventID: `e${index}`,
      text: 'é \\ " \u{1f511} \u2028',
    }));
    await Promise.all(events.map((event) => log.append(JSON.stringify(event))));
    assert.equal(log.lastSequence(), 500);
    assert.deepEqual(eventsOf(await log.read(0, 1000)), events);
    await log.close();
  });

  contract("a record can be read as soon as its append has returned", async (place) => {
    const log = await place.open();
    for (let sequence = 1; sequence <= 5; sequence++) {
      await log.append(JSON.stringify({ n: sequence }));
      assert.equal(log.lastSequence(), sequence);
      assert.deepEqual(eventsOf(await log.read(sequence - 1, 10)), [{ n: sequence }]);
    }
    await log.close();
  });

  contract("reads pages that join without a gap or an overlap", async (place) => {
    const log = await place.open();
    await Promise.all(Array.from({ length: 100 }, (_, n) => log.append(JSON.stringify({ n }))));
    const seen: unknown[] = [];
    for (let page = await log.read(0, 7); page.length > 0; page = await log.read(seen.length, 7)) {
      assert.ok(page.length <= 7);
      seen.push(...eventsOf(page));
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 100 }, (_, n) => ({ n })),
    );
    assert.deepEqual(await log.read(100, 7), []);
    assert.deepEqual(await log.read(1_000_000, 7), []);
    assert.deepEqual(await log.read(0, 0), []);
    await log.close();
  });

  contract("goes on where it ended when it is opened again", async (place) => {
    for (let round = 0; round < 4; round++) {
      const log = await place.open();
      assert.equal(log.lastSequence(), round * 3);
      await Promise.all([0, 1, 2].map((n) => log.append(JSON.stringify({ round, n }))));
      await log.close();
    }
    const log = await place.open();
    const expected = [0, 1, 2, 3].flatMap((round) => [0, 1, 2].map((n) => ({ round, n })));
    assert.deepEqual(eventsOf(await log.read(0, 100)), expected);
    await log.close();
  });

  contract("close writes what waits, and then refuses", async (place) => {
    const log = await place.open();
    const waiting = log.append('{"waits":true}');
    await log.close();
    await waiting;
    await assert.rejects(log.append('{"late":true}'), isAuditUnavailable);
    assert.equal(log.health().writable, false);
    await log.close();
    const again = await place.open();
    assert.deepEqual(eventsOf(await again.read(0, 10)), [{ waits: true }]);
    await again.close();
  });

  contract("takes one line of a JSON object and nothing else", async (place) => {
    const log = await place.open();
    for (const bad of ["", "{}", "[1]", "null", '{"a":1}\n{"b":2}', '{"a":\n1}', '{"a":1}\n', ' {"a":1}']) {
      await assert.rejects(log.append(bad), InvariantError, JSON.stringify(bad));
    }
    assert.equal(log.lastSequence(), 0);
    await log.close();
  });
}

/** The stored lines as events, without what the log added. */
function eventsOf(lines: readonly string[]): unknown[] {
  return lines.map((line) => {
    const { cofferChain: _, ...event } = JSON.parse(line) as Record<string, unknown>;
    return event;
  });
}

/** For `assert.rejects`: the error that an append gets while the log cannot be written. */
export function isAuditUnavailable(error: unknown): boolean {
  assert.ok(error instanceof ServiceError, String(error));
  assert.equal(error.code, "AuditUnavailable");
  return true;
}
