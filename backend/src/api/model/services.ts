import { parseAddress, parseRange, rangeContains, type Address, type Family } from '../../domain/address.ts';
import type { Pool } from '../../domain/pool.ts';
import type { Finding } from '../../domain/reason.ts';
import type { Service } from '../../domain/service.ts';
import type { AddressFacts } from '../../engine/facts.ts';
import { isAnnounced } from '../../report/announced.ts';
import type { Word } from '../replicas/gather.ts';
import type { ServiceAnswer, ServicePath, ServiceSummary } from '../schemas/service.ts';
import { conditionFor, textOf, type Reading } from './audience.ts';
import { timeOf } from './conditions.ts';
import { peersOf } from './hearers.ts';
import type { ClusterPicture } from './picture.ts';
import { replicasAnswer } from './replicas.ts';
import { factsOf, verdictOf } from './verdict.ts';

export function serviceSummary(service: Service, picture: ClusterPicture, reading: Reading): ServiceSummary {
  const [allocated, announced] = [picture.allocated(service), picture.announced(service)];
  const notServed = picture.notServed(service);
  const ips = service.claims ? service.recorded.map(({ ip }) => ip) : [];
  const pools = new Set(ips.flatMap((ip) => picture.poolOf(service, ip)?.name ?? []));
  return {
    namespace: service.namespace,
    name: service.name,
    createdAt: timeOf(service.createdAt),
    served: notServed === undefined,
    notServedBecause: notServed === undefined ? null : answer(notServed, reading),
    ips,
    pools: [...pools],
    externalTrafficPolicy: service.trafficPolicy,
    ports: [...service.sharing.ports],
    allocated: allocated === null ? null : conditionFor(allocated, reading),
    announced: announced === null ? null : conditionFor(announced, reading),
  };
}

export function answer(found: Finding, { texts, audience }: Reading): { reason: Finding['reason']; text: string } {
  return { reason: found.reason, text: textOf(found, texts, audience) };
}

function nodesOf(facts: AddressFacts, family: Family, picture: ClusterPicture): ServicePath['nodes'] {
  const one = (node: string, draining: boolean): ServicePath['nodes'][number] => {
    const addresses: string[] = [];
    for (const address of picture.view.nodes.get(node)?.internalIPs ?? []) {
      if (address.family === family) addresses.push(address.text);
    }
    return { node, addresses, draining };
  };
  const last = facts.draining.filter((node) => !facts.nodes.includes(node));
  return [...facts.nodes.map((node) => one(node, false)), ...last.map((node) => one(node, true))];
}

/** Every peer that hears of the pool, also one that no replica has a session with. */
function listeners(
  ip: string,
  pool: Pool | undefined,
  picture: ClusterPicture,
  words: readonly Word[],
): ServicePath['peers'] {
  const family = parseAddress(ip)?.family ?? 'ipv4';
  const said = factsOf(ip, words);
  return peersOf(pool, picture, family).map((peer) => ({
    peer,
    nextHopSelf: picture.view.peers.get(peer)?.value?.nextHopSelf ?? false,
    intended: said.flatMap(({ replica, facts }) =>
      facts.routes
        .filter((route) => route.peer === peer)
        .map(({ med, nextHops }) => ({ replica, med, nextHops: [...nextHops] })),
    ),
    confirmed: words.flatMap((word) => {
      if (!('facts' in word)) return [];
      const session = word.facts.sessions.find((each) => each.peer === peer);
      if (session === undefined) return [];
      const agreed = session.families.find((each) => each.family.startsWith(family));
      const [negotiated, addPath] = [agreed !== undefined, agreed?.addPath ?? false];
      return [{ replica: word.facts.replica, state: session.state, negotiated, addPath }];
    }),
  }));
}

function isIn(address: Address, prefix: string): boolean {
  const range = parseRange(prefix);
  return range.ok && rangeContains(range.value, address);
}

/** That of the link of a node in whose subnet an address lies, or of the only link that it has. */
function macOf(node: string, ip: string, words: readonly Word[]): string | null {
  const address = parseAddress(ip);
  const word = words.find((each) => 'facts' in each && each.facts.node === node);
  if (address === undefined || word === undefined || !('facts' in word)) return null;
  const { links } = word.facts;
  const fitting = links.find(({ prefixes }) => prefixes.some((prefix) => isIn(address, prefix)));
  return (fitting ?? (links.length === 1 ? links[0] : undefined))?.mac ?? null;
}

const NOBODY = { owner: null, mac: null };

/** On a link: the node whose MAC neighbours learn, and that. */
function ownerOf({ ip, nodes: [owner] }: AddressFacts, words: readonly Word[]): Pick<ServicePath, 'owner' | 'mac'> {
  return owner === undefined ? NOBODY : { owner, mac: macOf(owner, ip, words) };
}

type Takers = Pick<ServicePath, 'nodes' | 'leftOut' | 'owner' | 'mac'>;

const NOBODY_TAKES_IT: Takers = { nodes: [], leftOut: [], ...NOBODY };

/** Who takes the traffic of an address, and why the others don't. */
function takers(facts: AddressFacts, pool: Pool | undefined, { picture, words, ...reading }: PathView): Takers {
  const family = parseAddress(facts.ip)?.family ?? 'ipv4';
  return {
    nodes: nodesOf(facts, family, picture),
    leftOut: facts.leftOut.map((found) => ({ node: found.params['node'] ?? '', ...answer(found, reading) })),
    ...(pool?.protocol === 'layer2' ? ownerOf(facts, words) : NOBODY),
  };
}

/** What the way of an address is made of. */
export interface PathView extends Reading {
  readonly picture: ClusterPicture;
  readonly words: readonly Word[];
}

export function pathOf(service: Service, ip: string, view: PathView): ServicePath {
  const { picture, words } = view;
  const pool = picture.poolOf(service, ip);
  const path = {
    ...{ ip, pool: pool?.name ?? null, protocol: pool?.protocol ?? null },
    peers: listeners(ip, pool, picture, words),
  };
  const verdict = verdictOf(service, ip, picture, words);
  if (verdict === undefined) return { ...path, verdict: null, announced: null, ...NOBODY_TAKES_IT };
  const { finding, facts } = verdict;
  return {
    ...path,
    ...{ verdict: answer(finding, view), announced: isAnnounced(finding.reason) },
    ...(facts === undefined ? NOBODY_TAKES_IT : takers(facts, pool, view)),
  };
}

export function serviceAnswer(
  service: Service,
  picture: ClusterPicture,
  reading: Reading & { readonly words: readonly Word[] },
): ServiceAnswer {
  const summary = serviceSummary(service, picture, reading);
  return {
    ...summary,
    paths: summary.ips.map((ip) => pathOf(service, ip, { picture, ...reading })),
    replicas: replicasAnswer(reading.words, reading.texts),
  };
}
