import { testGroups, testProtocol } from "@coffer/messaging/testing";
import { openpgp } from "../src/index.ts";

for (const format of ["v4", "v6"] as const) {
  testProtocol(() => openpgp({ format }), {
    oneTimeKeys: "a certificate serves for everybody, again and again",
    forwardSecrecy: "the key opens whatever was encrypted for it",
  });
  testGroups(() => openpgp({ format }), { commits: false, newcomersReadThePast: false });
}
