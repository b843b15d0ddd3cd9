import { testGroups, testProtocol } from "@coffer/messaging/testing";
import { olm } from "./olm.ts";

testProtocol(olm);
testGroups(olm, { commits: false, newcomersReadThePast: false });
