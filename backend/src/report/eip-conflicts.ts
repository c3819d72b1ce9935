import type { EipConflict } from '../resources/eip.ts';
import type { ExistingCondition, NewCondition } from './conditions.ts';

const TYPE = 'AddressConflict';
const MAX_NAMED = 5;
const MAX_REPLICAS = 2;

/** What follows, and what to do. */
const USED =
  'Services get no address that a stranger uses: find these hosts and give them other addresses, or take the addresses out of the Eip.';
const ANSWERED =
  'Nodes must not answer ARP for addresses of Services: set ipvs.strictARP: true for kube-proxy in IPVS mode, or arp_ignore=1 and ' +
  'arp_announce=2 on the nodes.';

/** One address and who uses it, with the replicas that have heard it. */
interface Use {
  readonly ip: string;
  readonly mac: string;
  readonly link: string;
  readonly node: string | undefined;
  readonly replicas: readonly string[];
}

/** Strangers first: a node's own answers do little harm. */
function uses(conflicts: readonly EipConflict[]): Use[] {
  const byUse = new Map<string, Use>();
  for (const { ip, mac, link, node, replica } of conflicts) {
    const id = JSON.stringify([ip, mac, link, node]);
    byUse.set(id, { ip, mac, link, node, replicas: [...(byUse.get(id)?.replicas ?? []), replica].sort() });
  }
  const inOrder = [...byUse].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, use]) => use);
  return [...inOrder.filter(({ node }) => node === undefined), ...inOrder.filter(({ node }) => node !== undefined)];
}

function text({ ip, mac, link, node, replicas }: Use): string {
  const more = replicas.length > MAX_REPLICAS ? ` and ${replicas.length - MAX_REPLICAS} more` : '';
  const seen = `on ${link}, seen by ${replicas.slice(0, MAX_REPLICAS).join(', ')}${more}`;
  return node === undefined
    ? `${ip} is used by ${mac} ${seen}`
    : `the node ${node} answers for ${ip} as ${mac} ${seen}`;
}

/** The condition `AddressConflict` of an Eip; undefined if there is nothing to say and never was. */
export function eipAddressConflict(
  conflicts: readonly EipConflict[],
  existing: readonly ExistingCondition[] | undefined,
  generation: number | undefined,
): NewCondition | undefined {
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  const all = uses(conflicts);
  if (all.length === 0) {
    if (existing?.some(({ type }) => type === TYPE) !== true) return undefined;
    const message = 'No replica has heard anybody else answer for an address of the Eip.';
    return { type: TYPE, status: 'False', reason: 'NoConflict', message, ...observed };
  }
  const byStrangers = all.some(({ node }) => node === undefined);
  const byNodes = all.some(({ node }) => node !== undefined);
  const more = all.length > MAX_NAMED ? `; and ${all.length - MAX_NAMED} more` : '';
  const consequences = [...(byStrangers ? [USED] : []), ...(byNodes ? [ANSWERED] : [])].join(' ');
  return {
    type: TYPE,
    status: 'True',
    reason: byStrangers ? 'UsedByAnotherHost' : 'AnsweredByNode',
    message: `${all.slice(0, MAX_NAMED).map(text).join('; ')}${more}. ${consequences}`,
    ...observed,
  };
}
