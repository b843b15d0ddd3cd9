import { testService } from "@coffer/messaging/testing";
import { mls } from "../src/index.ts";

testService(() => mls());
