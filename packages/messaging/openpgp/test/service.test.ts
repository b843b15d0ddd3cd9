import { testService } from "@coffer/messaging/testing";
import { openpgp } from "../src/index.ts";

for (const format of ["v4", "v6"] as const) testService(() => openpgp({ format }));
