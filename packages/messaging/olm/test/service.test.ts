import { testService } from "@coffer/messaging/testing";
import { olm } from "../src/index.ts";

testService(() => olm());
