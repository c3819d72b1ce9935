import { AddPathMode } from './wire/capabilities/add-path.ts';
import type { Capability } from './wire/capabilities/capability.ts';

/** A router may list hundreds: as many as a status has room for. */
const MAX_NAMES = 64;

/** Of those that nobody here speaks, the usual ones by their names (IANA, "Capability Codes"). */
const foreign: ReadonlyMap<number, string> = new Map([
  [7, 'bgpsec'],
  [8, 'multiple-labels'],
  [9, 'bgp-role'],
  [67, 'dynamic-capability'],
  [71, 'long-lived-graceful-restart'],
  [73, 'fqdn'],
  [75, 'software-version'],
  [77, 'link-local-next-hop'],
  [128, 'route-refresh (before RFC 2918)'],
]);

const addPathModes: ReadonlyMap<number, string> = new Map(
  Object.entries(AddPathMode).map(([name, mode]) => [mode, name]),
);

/**
 * What a speaker has announced in its OPEN (RFC 5492), a short text each, in its order and without repetitions: `add-path ipv4-unicast receive`,
 * `graceful-restart 120 s`, `capability 222`. At most 64, of at most 64 characters.
 */
export function capabilityNames(capabilities: readonly Capability[]): string[] {
  return [...new Set(capabilities.flatMap(namesOf))].slice(0, MAX_NAMES);
}

function namesOf(capability: Capability): string[] {
  const { type } = capability;
  switch (type) {
    case 'multiprotocol':
      return [`${type} ${capability.family}`];
    case 'four-octet-as':
      return [`${type} ${capability.as}`];
    case 'graceful-restart':
      // RFC 8538 section 2: the N bit.
      return [`${type} ${capability.restartTimeSeconds} s${capability.notification ? ' with notification' : ''}`];
    case 'add-path':
      return capability.families.map(({ family, mode }) => `${type} ${family} ${addPathModes.get(mode) ?? mode}`);
    case 'extended-next-hop':
      return capability.entries.map(({ family, nextHopAfi }) => `${type} ${family} over afi-${nextHopAfi}`);
    case 'unknown':
      return [foreign.get(capability.code) ?? `capability ${capability.code}`];
    default:
      return [type];
  }
}
