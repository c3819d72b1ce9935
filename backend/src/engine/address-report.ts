import type { Announcement, Decision } from '../announce/announce.ts';
import { LISTED_NODES } from './facts.ts';
import type { LinkView } from './link-view.ts';
import type { AddressReport } from './messages.ts';

/** Who takes its traffic: few by their rank, of many those alone that a list has room for. */
function takersOf(announcement: Announcement | undefined): Pick<AddressReport, 'nodes' | 'first'> {
  const { nodes = [], takers = [] } = announcement ?? {};
  const first = nodes.slice(0, LISTED_NODES).map(({ name }) => name);
  return nodes.length > LISTED_NODES ? { nodes: takers, first } : { nodes: first };
}

type Decided = Pick<Decision, 'services' | 'younger' | 'idle' | 'finding' | 'announcement'>;

/**
 * What is said of a decision.
 *
 * @param link what there is to say of it on a link, if it is one of a link
 */
export function addressReport(ip: string, decided: Decided, link: LinkView | undefined): AddressReport {
  const { services, younger, idle, announcement, finding } = decided;
  const holders = { services, younger, ...(idle === undefined ? {} : { idle }) };
  if (link !== undefined) return { ip, ...holders, ...link };
  const draining = announcement?.draining.map(({ name }) => name) ?? [];
  return { ip, ...holders, finding, ...takersOf(announcement), ...(draining.length === 0 ? {} : { draining }) };
}
