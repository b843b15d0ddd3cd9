import { testGroups, testProtocol } from "@coffer/messaging/testing";
import { mls } from "./mls.ts";

testProtocol(mls);
testGroups(mls, { commits: true, newcomersReadThePast: false });
