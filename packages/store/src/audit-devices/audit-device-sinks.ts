import { AuditDeviceError, type AuditDeviceSinks, type Clock } from "@coffer/service";
import { type FileDevicePlace, openFileDevice } from "./file-device.ts";
import { openSocketDevice } from "./socket-device.ts";

/** The audit devices that there are: files and sockets. */
export function openAuditDeviceSinks(place: FileDevicePlace, clock: Pick<Clock, "schedule">): AuditDeviceSinks {
  const openers = new Map([
    ["file", (options: Readonly<Record<string, string>>) => openFileDevice(place, options)],
    ["socket", (options: Readonly<Record<string, string>>) => openSocketDevice(clock, options)],
  ]);
  return {
    open(type, options) {
      const opener = openers.get(type);
      if (opener === undefined) throw new AuditDeviceError(`unknown backend type: ${JSON.stringify(type)}`);
      return opener(options);
    },
  };
}
