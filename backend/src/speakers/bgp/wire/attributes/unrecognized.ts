import { ErrorCode, notification, UpdateSubcode } from '../notification.ts';
import { ProtocolError } from '../protocol-error.ts';
import { Flag } from './attribute-codec.ts';

/** ATOMIC_AGGREGATE (RFC 4271 section 5.1.6): the one well-known attribute of which there is nothing to be read here. */
const atomicAggregate = 6;

/** Optional ones by their definitions, of which nothing is read here (IANA, "BGP Path Attributes"). */
const definedAsOptional: ReadonlySet<number> = new Set([
  ...[7, 9, 10, 16, 18, 22, 23, 24, 25, 26, 27, 29, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 128],
]);

/**
 * What is wrong with an attribute that nobody here reads, if anything is. Optional ones are for others. One that calls itself well-known is either an optional one with
 * a wrong flag, which costs its routes (RFC 7606 section 3 c), or one that a speaker must know, which ends the session (RFC 4271 section 6.3): RFC 7606
 * changes nothing of that.
 *
 * @param octets the attribute as it came, header included
 */
export function unrecognizedProblem(code: number, flags: number, octets: Uint8Array): ProtocolError | undefined {
  if ((flags & Flag.optional) !== 0 || code === atomicAggregate) return undefined;
  const text = `attribute ${code}: flags 0x${flags.toString(16)}`;
  if (definedAsOptional.has(code)) {
    const reply = notification(ErrorCode.updateMessage, UpdateSubcode.attributeFlags, octets);
    return new ProtocolError(text, reply, 'treat-as-withdraw');
  }
  const reply = notification(ErrorCode.updateMessage, UpdateSubcode.unrecognizedWellKnown, octets);
  return new ProtocolError(`well-known attribute ${code} is not known here`, reply);
}
