import { familyCodes, familyName, type FamilyName } from './family.ts';
import { ErrorCode, HeaderSubcode, notification } from './notification.ts';
import { ProtocolError } from './protocol-error.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** RFC 2918 section 3; the octet that was reserved there is a subtype in RFC 7313 (1: begin, 2: end of refresh). */
export interface RouteRefreshMessage {
  readonly type: 'route-refresh';
  readonly family: FamilyName;
  readonly subtype: number;
  /** What follows: outbound route filters (RFC 5291), which we never asked for. Kept as it came. */
  readonly filters: Uint8Array;
}

/** RFC 7313 section 3.2. */
export const RefreshSubtype = { request: 0, begin: 1, end: 2 } as const;

export function encodeRouteRefresh(message: RouteRefreshMessage): Uint8Array {
  const { afi, safi } = familyCodes(message.family);
  const writer = new Writer(4 + message.filters.length);
  return writer.u16(afi).u8(message.subtype).u8(safi).bytes(message.filters).finish();
}

export function decodeRouteRefresh(body: Uint8Array): RouteRefreshMessage {
  const short = (): ProtocolError =>
    new ProtocolError('ROUTE-REFRESH is too short', notification(ErrorCode.messageHeader, HeaderSubcode.badLength));
  const reader = new Reader(body, short);
  const afi = reader.u16();
  const subtype = reader.u8();
  const family = familyName(afi, reader.u8());
  return { type: 'route-refresh', family, subtype, filters: reader.rest().slice() };
}
