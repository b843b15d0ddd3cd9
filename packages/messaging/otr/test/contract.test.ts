import { testProtocol } from "@coffer/messaging/testing";
import { quickOtr } from "./quick-otr.ts";

testProtocol(quickOtr, {
  asynchronous: "a handshake needs both",
  restart: "conversations are in memory alone",
  anyOrder: "a message's counter must be larger than those before",
  oneTimeKeys: "there are none",
});
