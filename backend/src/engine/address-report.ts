import type { Decision } from '../announce/announce.ts';
import type { LinkView } from './link-view.ts';
import type { AddressReport } from './messages.ts';

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
  const nodes = announcement?.nodes.map(({ name }) => name) ?? [];
  return { ip, ...holders, finding, nodes, ...(draining.length === 0 ? {} : { draining }) };
}
