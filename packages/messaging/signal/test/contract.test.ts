import { testGroups, testProtocol } from "@coffer/messaging/testing";
import { signal } from "../src/index.ts";

testProtocol(() => signal({ oneTimeKeys: 12 }));
testGroups(() => signal({ oneTimeKeys: 12 }), { commits: false, newcomersReadThePast: false });
