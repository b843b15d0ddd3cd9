import { describe } from "node:test";
import type { E2EProtocol } from "../../index.ts";
import { testAttacks } from "./test-attacks.ts";
import { testByHand } from "./test-by-hand.ts";
import { testCrashes } from "./test-crash.ts";
import { type OpenDevice, TestDevice } from "./test-device.ts";
import { testServiceGroups } from "./test-groups.ts";
import { testLog } from "./test-log.ts";
import { testMessages } from "./test-messages.ts";

/** What the service must do over every protocol whose peers may be away, against the real relay in this process. */
export function testService(makeProtocol: () => E2EProtocol): void {
  const open: OpenDevice = (relay, user, deviceId, more) =>
    TestDevice.open(relay, user, deviceId, { ...more, makeProtocol });
  const { id, capabilities } = makeProtocol().facts;
  describe(`${id}: the messaging service`, () => {
    testMessages(open);
    testCrashes(open);
    testAttacks(open);
    testLog(open);
    testByHand(open);
    if (capabilities.groups !== "none" && capabilities.groups !== "recipients") testServiceGroups(open);
  });
}
