import { familyCodes, familyName, type FamilyName } from '../family.ts';
import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';

/** RFC 4724 section 3 with the N bit of RFC 8538 section 2. */
export interface GracefulRestartCapability {
  readonly type: 'graceful-restart';
  /** The R bit: the sender has restarted, don't wait for its End-of-RIB. */
  readonly restarting: boolean;
  /** The N bit: the sender keeps routes also after a NOTIFICATION, unless it is a hard reset. */
  readonly notification: boolean;
  /** 12 bits. */
  readonly restartTimeSeconds: number;
  readonly families: readonly { readonly family: FamilyName; readonly forwardingPreserved: boolean }[];
}

const restarting = 0x8000;
const withNotification = 0x4000;
const forwardingPreserved = 0x80;

export const gracefulRestart = {
  code: 64,
  encode(value: GracefulRestartCapability, writer: Writer): void {
    if (value.restartTimeSeconds > 0xfff) throw new RangeError('a restart time has 12 bits');
    const flags = (value.restarting ? restarting : 0) | (value.notification ? withNotification : 0);
    writer.u16(flags | value.restartTimeSeconds);
    for (const entry of value.families) {
      const { afi, safi } = familyCodes(entry.family);
      writer
        .u16(afi)
        .u8(safi)
        .u8(entry.forwardingPreserved ? forwardingPreserved : 0);
    }
  },
  decode(reader: Reader): GracefulRestartCapability {
    const head = reader.u16();
    const families = [];
    while (reader.remaining > 0) {
      const family = familyName(reader.u16(), reader.u8());
      families.push({ family, forwardingPreserved: (reader.u8() & forwardingPreserved) !== 0 });
    }
    return {
      type: 'graceful-restart',
      restarting: (head & restarting) !== 0,
      notification: (head & withNotification) !== 0,
      restartTimeSeconds: head & 0xfff,
      families,
    };
  },
};
