export { describeFailure, type Failure } from "../describe-failure.ts";
export { OperatorError } from "../operator-error.ts";
export { version } from "../version.ts";
export type {
  Durability,
  PassphraseSource,
  PersistentSettings,
  RelaySettings,
  SealSettings,
  Settings,
} from "./build-settings.ts";
export { ConfigError, type Origin } from "./config-error.ts";
export { type FlagSpec, type ParsedFlags, parseFlags } from "./flags.ts";
export { formatListenAddress, isLoopbackHost, type ListenAddress, parseListenAddress } from "./listen-address.ts";
export { loadSettings, type SettingSources, serverFlags } from "./load-settings.ts";
export { didYouMean, nearest } from "./nearest.ts";
export { describeDefault, renderConfigDocs } from "./render-docs.ts";
export { type SettingName, type SettingRow, settingRowsByName } from "./settings.ts";
