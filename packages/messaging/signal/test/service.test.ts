import { testService } from "@coffer/messaging/testing";
import { signal } from "../src/index.ts";

testService(() => signal());
