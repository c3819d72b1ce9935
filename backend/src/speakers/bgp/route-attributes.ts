import type { AddressFamily, PeerConfig, Route } from './model.ts';
import type { PathAttribute } from './wire/attributes/attribute.ts';
import type { AsSegment } from './wire/attributes/as-path.ts';

/** What of the session goes into the attributes of every route. */
export interface Sender extends Pick<PeerConfig, 'localAs' | 'peerAs'> {
  readonly fourOctetAs: boolean;
}

/** RFC 4271 section 5.1.5 leaves the value open; 100 is what routers take for routes of their own. */
const defaultLocalPref = 100;

/**
 * Attributes of a locally originated route, in order of their codes (RFC 4271 appendix F.4); the next hop of an IPv6 route
 * isn't among them, it travels in MP_REACH_NLRI.
 */
export function routeAttributes(sender: Sender, family: AddressFamily, nextHop: string, route: Route): PathAttribute[] {
  const internal = sender.localAs === sender.peerAs;
  const segments: AsSegment[] = internal ? [] : [{ kind: 'sequence', ases: [sender.localAs] }];
  const attributes: PathAttribute[] = [
    { type: 'origin', origin: 'igp' },
    { type: 'as-path', segments },
  ];
  if (family === 'ipv4-unicast') attributes.push({ type: 'next-hop', address: nextHop });
  if (route.med !== undefined) attributes.push({ type: 'med', value: route.med });
  if (internal) attributes.push({ type: 'local-pref', value: route.localPref ?? defaultLocalPref });
  if (route.communities?.length) attributes.push({ type: 'communities', values: route.communities });
  // RFC 6793 section 4.2.2: only where AS_TRANS had to stand in for an AS number.
  const hidden = !sender.fourOctetAs && segments.length > 0 && sender.localAs > 0xffff;
  if (hidden) attributes.push({ type: 'as4-path', segments });
  if (route.largeCommunities?.length) attributes.push({ type: 'large-communities', values: route.largeCommunities });
  return attributes;
}

/** Equal for routes whose paths with equal next hops have equal attributes. */
export function attributesKey(family: AddressFamily, route: Route): string {
  const communities = route.communities?.join() ?? '';
  const large = route.largeCommunities?.join() ?? '';
  return `${family} ${route.med ?? ''} ${route.localPref ?? ''} ${communities} ${large}`;
}
