import type { Notification } from './protocol-error.ts';
import { Reader } from './reader.ts';
import { ProtocolError } from './protocol-error.ts';
import { Writer } from './writer.ts';

/** Error codes we send or test for (RFC 4271 section 4.5, RFC 7313, RFC 9687). Names: IANA "BGP Error Codes", 2024-09. */
export const ErrorCode = {
  messageHeader: 1,
  openMessage: 2,
  updateMessage: 3,
  holdTimerExpired: 4,
  finiteStateMachine: 5,
  cease: 6,
  routeRefresh: 7,
  sendHoldTimerExpired: 8,
} as const;

export const HeaderSubcode = { notSynchronized: 1, badLength: 2, badType: 3 } as const;
export const OpenSubcode = {
  unspecific: 0,
  unsupportedVersion: 1,
  badPeerAs: 2,
  badIdentifier: 3,
  unsupportedParameter: 4,
  unacceptableHoldTime: 6,
  unsupportedCapability: 7,
} as const;
export const UpdateSubcode = {
  malformedAttributeList: 1,
  unrecognizedWellKnown: 2,
  missingWellKnown: 3,
  attributeFlags: 4,
  attributeLength: 5,
  invalidOrigin: 6,
  invalidNextHop: 8,
  optionalAttribute: 9,
  invalidNetworkField: 10,
  malformedAsPath: 11,
} as const;
/** RFC 4486, RFC 8538 (hard reset), RFC 9384 (BFD down). */
export const CeaseSubcode = {
  administrativeShutdown: 2,
  peerDeconfigured: 3,
  administrativeReset: 4,
  connectionRejected: 5,
  otherConfigurationChange: 6,
  connectionCollisionResolution: 7,
  hardReset: 9,
  bfdDown: 10,
} as const;

/** RFC 7313 section 5. */
export const RefreshErrorSubcode = { invalidLength: 1 } as const;

/** Names of codes; one without a name has one by its number (`cease-subcode-42`). */
type Registry = (code: number) => string;

/** @param prefix start of the names of codes that the table lacks: `<prefix>-<code>` */
function registry(prefix: string, names: Readonly<Record<number, string>>): Registry {
  return (code) => names[code] ?? `${prefix}-${code}`;
}

const errorCodes = registry('error-code', {
  1: 'Message Header Error',
  2: 'OPEN Message Error',
  3: 'UPDATE Message Error',
  4: 'Hold Timer Expired',
  5: 'Finite State Machine Error',
  6: 'Cease',
  7: 'ROUTE-REFRESH Message Error',
  8: 'Send Hold Timer Expired',
});

const none = registry('subcode', { 0: 'Unspecific' });
const subcodeTables: Readonly<Record<number, Registry>> = {
  1: registry('header-subcode', {
    0: 'Unspecific',
    1: 'Connection Not Synchronized',
    2: 'Bad Message Length',
    3: 'Bad Message Type',
  }),
  2: registry('open-subcode', {
    0: 'Unspecific',
    1: 'Unsupported Version Number',
    2: 'Bad Peer AS',
    3: 'Bad BGP Identifier',
    4: 'Unsupported Optional Parameter',
    5: 'Authentication Failure',
    6: 'Unacceptable Hold Time',
    7: 'Unsupported Capability',
    11: 'Role Mismatch',
  }),
  3: registry('update-subcode', {
    0: 'Unspecific',
    1: 'Malformed Attribute List',
    2: 'Unrecognized Well-known Attribute',
    3: 'Missing Well-known Attribute',
    4: 'Attribute Flags Error',
    5: 'Attribute Length Error',
    6: 'Invalid ORIGIN Attribute',
    7: 'AS Routing Loop',
    8: 'Invalid NEXT_HOP Attribute',
    9: 'Optional Attribute Error',
    10: 'Invalid Network Field',
    11: 'Malformed AS_PATH',
  }),
  5: registry('fsm-subcode', {
    0: 'Unspecified Error',
    1: 'Unexpected Message in OpenSent State',
    2: 'Unexpected Message in OpenConfirm State',
    3: 'Unexpected Message in Established State',
  }),
  6: registry('cease-subcode', {
    0: 'Unspecific',
    1: 'Maximum Number of Prefixes Reached',
    2: 'Administrative Shutdown',
    3: 'Peer De-configured',
    4: 'Administrative Reset',
    5: 'Connection Rejected',
    6: 'Other Configuration Change',
    7: 'Connection Collision Resolution',
    8: 'Out of Resources',
    9: 'Hard Reset',
    10: 'BFD Down',
  }),
  7: registry('refresh-subcode', { 0: 'Unspecific', 1: 'Invalid Message Length' }),
};

/** The subcode table of an error code; codes without subcodes have a table that knows only 0. */
function subcodes(code: number): Registry {
  return subcodeTables[code] ?? none;
}

export function notification(code: number, subcode = 0, data: Uint8Array | readonly number[] = []): Notification {
  return { code, subcode, data: Uint8Array.from(data) };
}

export function encodeNotification({ code, subcode, data }: Notification): Uint8Array {
  return new Writer(2 + data.length).u8(code).u8(subcode).bytes(data).finish();
}

/** @throws ProtocolError if there is no subcode; there is nobody to tell, a NOTIFICATION is never answered by one. */
export function decodeNotification(body: Uint8Array): Notification {
  const reader = new Reader(
    body,
    () => new ProtocolError('a NOTIFICATION without subcode', notification(1, HeaderSubcode.badLength)),
  );
  return { code: reader.u8(), subcode: reader.u8(), data: reader.rest().slice() };
}

/** RFC 9003 section 2: one octet of length, then UTF-8 (up to 255 octets, cut at a character here). */
export function shutdownCommunication(text: string): Uint8Array {
  let utf8 = new TextEncoder().encode(text);
  if (utf8.length > 255) {
    let end = 255;
    while (((utf8[end] ?? 0) & 0xc0) === 0x80) end--;
    utf8 = utf8.subarray(0, end);
  }
  return Uint8Array.of(utf8.length, ...utf8);
}

/** The peer's text, or undefined where there is none or it is malformed. Control characters are made visible (RFC 9003 section 6). */
export function shutdownText({ code, subcode, data }: Notification): string | undefined {
  const carriesText = subcode === CeaseSubcode.administrativeShutdown || subcode === CeaseSubcode.administrativeReset;
  const length = data[0];
  if (code !== ErrorCode.cease || !carriesText || !length || length > data.length - 1) return undefined;
  const text = new TextDecoder().decode(data.subarray(1, 1 + length));
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** RFC 8538 section 3.1: a hard reset carries the NOTIFICATION that it stands for. */
export function hardReset(inner: Notification): Notification {
  return notification(ErrorCode.cease, CeaseSubcode.hardReset, [inner.code, inner.subcode, ...inner.data]);
}

/** What a NOTIFICATION says, in words: `Cease / Administrative Shutdown: "maintenance"`. */
export function describeNotification(message: Notification): string {
  const { code, subcode, data } = message;
  const [innerCode, innerSubcode, ...innerData] = data;
  if (code === ErrorCode.cease && subcode === CeaseSubcode.hardReset && innerCode !== undefined) {
    const inner = notification(innerCode, innerSubcode, innerData);
    if (inner.subcode !== CeaseSubcode.hardReset) return `Cease / Hard Reset (${describeNotification(inner)})`;
  }
  const title = errorCodes(code);
  const words = subcode === 0 ? title : `${title} / ${subcodes(code)(subcode)}`;
  const text = shutdownText(message);
  return text === undefined ? words : `${words}: ${JSON.stringify(text)}`;
}
