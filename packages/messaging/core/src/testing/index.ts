export { GroupRelay, testGroups } from "./group-contract.ts";
export { deliverAll, Party, type Sent, textOf } from "./party.ts";
export { type ContractExceptions, testProtocol } from "./protocol-contract.ts";
export { type OpenDevice, TestDevice } from "./service/test-device.ts";
export { TestRelay } from "./service/test-relay.ts";
export { testService } from "./service/test-service.ts";
