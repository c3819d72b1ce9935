import { notification, ErrorCode, OpenSubcode } from '../notification.ts';
import { ProtocolError } from '../protocol-error.ts';
import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import { addPath, type AddPathCapability } from './add-path.ts';
import { extendedNextHop, type ExtendedNextHopCapability } from './extended-next-hop.ts';
import { fourOctetAs, type FourOctetAsCapability } from './four-octet-as.ts';
import { gracefulRestart, type GracefulRestartCapability } from './graceful-restart.ts';
import { multiprotocol, type MultiprotocolCapability } from './multiprotocol.ts';
import { enhancedRouteRefresh, extendedMessage, routeRefresh, type ValuelessCapability } from './valueless.ts';

/** A capability that nobody here understands, as it came. */
export interface UnknownCapability {
  readonly type: 'unknown';
  readonly code: number;
  readonly value: Uint8Array;
}

export type Capability =
  | MultiprotocolCapability
  | ValuelessCapability
  | ExtendedNextHopCapability
  | GracefulRestartCapability
  | FourOctetAsCapability
  | AddPathCapability
  | UnknownCapability;

const codecs = {
  multiprotocol,
  'route-refresh': routeRefresh,
  'extended-next-hop': extendedNextHop,
  'extended-message': extendedMessage,
  'graceful-restart': gracefulRestart,
  'four-octet-as': fourOctetAs,
  'add-path': addPath,
  'enhanced-route-refresh': enhancedRouteRefresh,
} as const;
const decoders = new Map<number, (reader: Reader) => Capability>(
  Object.values(codecs).map(({ code, decode }) => [code, decode]),
);

/** RFC 5492 section 4: code, length, value. */
export function encodeCapability(capability: Capability, writer: Writer): void {
  writer.u8(capabilityCode(capability));
  const length = writer.beginLength8();
  encodeValue(capability, writer);
  writer.finishLength8(length);
}

/** @throws ProtocolError (OPEN Message Error) if the value is shorter or longer than its kind demands. */
export function decodeCapability(reader: Reader): Capability {
  const code = reader.u8();
  const malformed = (): ProtocolError =>
    new ProtocolError(`capability ${code} is malformed`, notification(ErrorCode.openMessage, OpenSubcode.unspecific));
  const value = reader.sub(reader.u8(), malformed);
  const decode = decoders.get(code);
  if (decode === undefined) return { type: 'unknown', code, value: value.rest().slice() };
  const capability = decode(value);
  if (value.remaining > 0) throw malformed();
  return capability;
}

function capabilityCode(capability: Capability): number {
  return capability.type === 'unknown' ? capability.code : codecs[capability.type].code;
}

function encodeValue(capability: Capability, writer: Writer): void {
  switch (capability.type) {
    case 'multiprotocol':
      return multiprotocol.encode(capability, writer);
    case 'extended-next-hop':
      return extendedNextHop.encode(capability, writer);
    case 'graceful-restart':
      return gracefulRestart.encode(capability, writer);
    case 'four-octet-as':
      return fourOctetAs.encode(capability, writer);
    case 'add-path':
      return addPath.encode(capability, writer);
    case 'unknown':
      return void writer.bytes(capability.value);
    default:
      return codecs[capability.type].encode();
  }
}
