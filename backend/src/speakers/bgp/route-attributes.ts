import type { AddressFamily, ChosenAttributes, PeerConfig } from './model.ts';
import type { PathAttribute } from './wire/attributes/attribute.ts';
import type { AsSegment } from './wire/attributes/as-path.ts';
import { isMpNextHop } from './wire/update-packer.ts';

/** What of the session goes into the attributes of every route. */
export interface Sender extends Pick<PeerConfig, 'localAs' | 'peerAs' | 'gracefulShutdown'> {
  readonly fourOctetAs: boolean;
}

/** Well-known community (RFC 8326 section 3): look for another way, this one is about to go. */
const GRACEFUL_SHUTDOWN = '65535:0';

/** RFC 4271 section 5.1.5 leaves the value open; 100 is what routers take for routes of their own. */
const defaultLocalPref = 100;

/**
 * Attributes of a locally originated route, in order of their codes (RFC 4271 appendix F.4); an IPv6 next hop
 * isn't among them, it travels in MP_REACH_NLRI.
 */
export function routeAttributes(
  sender: Sender,
  family: AddressFamily,
  nextHop: string,
  chosen: ChosenAttributes,
): PathAttribute[] {
  const internal = sender.localAs === sender.peerAs;
  const segments: AsSegment[] = internal ? [] : [{ kind: 'sequence', ases: [sender.localAs] }];
  const attributes: PathAttribute[] = [
    { type: 'origin', origin: 'igp' },
    { type: 'as-path', segments },
  ];
  if (!isMpNextHop(family, nextHop)) attributes.push({ type: 'next-hop', address: nextHop });
  if (chosen.med !== undefined) attributes.push({ type: 'med', value: chosen.med });
  if (internal) attributes.push({ type: 'local-pref', value: localPref(sender, chosen) });
  attributes.push(...list('communities', communities(sender, chosen)));
  if (needsAs4Path(sender)) attributes.push({ type: 'as4-path', segments });
  attributes.push(...list('large-communities', chosen.largeCommunities));
  return attributes;
}

/** RFC 8326 section 4.2: within the AS a route on its way out is less than any other. */
function localPref({ gracefulShutdown }: Sender, chosen: ChosenAttributes): number {
  return gracefulShutdown === true ? 0 : (chosen.localPref ?? defaultLocalPref);
}

function communities({ gracefulShutdown }: Sender, chosen: ChosenAttributes): readonly string[] {
  const values = chosen.communities ?? [];
  return gracefulShutdown === true ? [...new Set([...values, GRACEFUL_SHUTDOWN])] : values;
}

/** A list of no communities would be malformed (RFC 7606 section 7.8), so there is none then. */
function list(type: 'communities' | 'large-communities', values: readonly string[] = []): PathAttribute[] {
  return values.length > 0 ? [{ type, values }] : [];
}

/** RFC 6793 section 4.2.2: only where AS_TRANS has to stand in for our AS number. A peer of that same AS has 4 octets for it. */
function needsAs4Path({ localAs, fourOctetAs }: Sender): boolean {
  return !fourOctetAs && localAs > 0xffff;
}

/** Equal for paths that, with equal next hops, have equal attributes in a session. */
export function attributesKey({ gracefulShutdown }: Sender, family: AddressFamily, chosen: ChosenAttributes): string {
  const communities = chosen.communities?.join() ?? '';
  const large = chosen.largeCommunities?.join() ?? '';
  const going = gracefulShutdown === true ? 'going' : '';
  return `${family} ${going} ${chosen.med ?? ''} ${chosen.localPref ?? ''} ${communities} ${large}`;
}
