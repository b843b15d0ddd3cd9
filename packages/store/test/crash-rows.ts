import type { SettingRecord } from "@coffer/service";

/** One of the two rows that the crash writer's commit of a number makes. */
export function setting(number: number, half: "left" | "right"): SettingRecord {
  return { name: `${number}-${half}`, value: `${half} half of ${number} `.repeat(1 + (number % 50)), revision: 1 };
}
