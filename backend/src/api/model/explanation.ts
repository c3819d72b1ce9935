import type { Finding } from '../../domain/reason.ts';
import type { Service } from '../../domain/service.ts';
import type { Word } from '../replicas/gather.ts';
import type { Check, Explanation, ServicePath } from '../schemas/service.ts';
import type { ExplainKey } from '../texts.ts';
import { textOf } from './audience.ts';
import type { Allocation } from './allocation.ts';
import type { ClusterPicture } from './picture.ts';
import { replicasAnswer } from './replicas.ts';
import { pathOf, type Reading } from './services.ts';

/** One link of the chain, with what to do about it where it is not as it should be. */
interface Link extends Check {
  readonly next?: string;
}

export interface ExplainView extends Reading {
  readonly picture: ClusterPicture;
  readonly words: readonly Word[];
  /** Made only where it is needed: for a Service without the address that it asks for. */
  readonly allocation: () => Allocation;
}

type Say = (key: ExplainKey, params?: Readonly<Record<string, string | number>>) => string;
type Rest = Partial<Pick<Link, 'ip' | 'reason' | 'details' | 'next'>>;

function link(check: Check['check'], result: Check['result'], text: string, rest: Rest = {}): Link {
  return { check, result, text, ip: null, reason: null, details: [], ...rest };
}

/** A text of a reason says first what is so, and then what to do about it. */
export function splitAdvice(text: string): { readonly what: string; readonly advice: string } {
  const end = /(?<=[^.]{3})\. (?=[A-Z])|。/.exec(text);
  if (end === null) return { what: text, advice: '' };
  return { what: text.slice(0, end.index + 1), advice: text.slice(end.index + end[0].length).trim() };
}

function ofReason(
  { check, result }: Pick<Check, 'check' | 'result'>,
  found: Finding,
  view: Reading,
  rest: Rest = {},
): Link {
  const { what, advice } = splitAdvice(textOf(found, view.texts, view.audience));
  return link(check, result, what, { reason: found.reason, next: advice, ...rest });
}

function served(service: Service, view: ExplainView): Link[] {
  const found = view.picture.notServed(service);
  if (found !== undefined) return [ofReason({ check: 'served', result: 'failed' }, found, view)];
  return [link('served', 'passed', view.texts.explain('served.passed'))];
}

function address(service: Service, view: ExplainView): Link[] {
  const { texts, picture } = view;
  const ips = service.recorded.map(({ ip }) => ip).join(', ');
  const condition = picture.allocated(service);
  if (service.held && condition?.reason === 'Allocated') {
    return [link('address', 'passed', texts.explain('address.passed', { ips }), { reason: 'Allocated' })];
  }
  const found = view.allocation().finding(service);
  if (service.held) {
    if (found.reason === 'Allocated') return [link('address', 'passed', texts.explain('address.passed', { ips }))];
    const why = textOf(found, texts, view.audience);
    const text = texts.explain('address.passed.other', { ips, why });
    return [link('address', 'warning', text, { reason: found.reason, next: splitAdvice(why).advice })];
  }
  if (found.reason === 'Allocated') {
    return [link('address', 'failed', texts.explain('address.waiting'), { next: texts.explain('next.wait') })];
  }
  const details = view
    .allocation()
    .pools(service)
    .map(({ pool, finding }) =>
      finding === undefined
        ? texts.explain('pool.possible', { pool })
        : texts.explain('pool.other', { pool, why: splitAdvice(textOf(finding, texts, view.audience)).what }),
    );
  return [ofReason({ check: 'address', result: 'failed' }, found, view, { details })];
}

function poolLink(path: ServicePath, say: Say): Link {
  const { ip, pool, protocol } = path;
  if (pool === null || protocol === null) return link('pool', 'failed', say('pool.lost', { ip }), { ip });
  return link('pool', 'passed', say('pool.passed', { ip, pool, protocol }), { ip });
}

/** With these the address is announced. */
const ANNOUNCED: readonly string[] = ['Announced', 'AnnouncedForNode', 'AnsweredByNode', 'AddressContested'];
const ABOUT_NODES: readonly string[] = ['NoLocalEndpoints', 'AllNodesExcluded', 'NoEligibleNode'];

interface PathLinks {
  readonly path: ServicePath;
  readonly say: Say;
}

function endpointsLink({ path, say }: PathLinks): Link {
  const { ip, verdict } = path;
  if (verdict?.reason !== 'NoEndpoints') return link('endpoints', 'passed', say('endpoints.passed'), { ip });
  return verdictLink('endpoints', 'failed', path);
}

function verdictLink(
  check: Check['check'],
  result: Check['result'],
  { ip, verdict }: ServicePath,
  details: string[] = [],
): Link {
  const { what, advice } = splitAdvice(verdict?.text ?? '');
  return link(check, result, what, { ip, reason: verdict?.reason ?? null, next: advice, details });
}

function nodesLink({ path, say }: PathLinks): Link {
  const { ip, verdict, nodes } = path;
  const details = path.leftOut.map(({ text }) => say('nodes.leftOut', { why: text }));
  if (ABOUT_NODES.includes(verdict?.reason ?? '')) return verdictLink('nodes', 'failed', path, details);
  const names = nodes.map(({ node }) => node).join(', ');
  return link('nodes', 'passed', say('nodes.passed', { ip, nodes: names }), { ip, details });
}

function announcedLink({ path, say }: PathLinks): Link {
  const { ip, verdict } = path;
  if (verdict?.reason === 'Announced') {
    return link('announced', 'passed', say('announced.passed', { ip }), { ip, reason: 'Announced' });
  }
  return verdictLink('announced', ANNOUNCED.includes(verdict?.reason ?? '') ? 'warning' : 'failed', path);
}

type Peer = ServicePath['peers'][number];

function withoutSession({ peer, confirmed: [down] }: Peer, { path: { ip }, say }: PathLinks, sessions: Sessions): Link {
  const { replica, state } = down ?? { replica: '-', state: '-' };
  const text = say('peers.down', { peer, ip, replica, state, error: sessions.errorOf(peer, replica) });
  return link('peers', 'failed', text.trim(), { ip, reason: 'NoPeerEstablished', next: say('next.session', { peer }) });
}

/** One peer: who tells it, and how much of it arrives. */
function peerLink(peer: Peer, links: PathLinks, sessions: Sessions): Link {
  const { path, say } = links;
  const { ip } = path;
  const up = peer.confirmed.filter(({ state }) => state === 'Established');
  if (up.length === 0) return withoutSession(peer, links, sessions);
  const params = { peer: peer.peer, ip };
  const told = peer.intended.find(({ replica }) => up.some((session) => session.replica === replica));
  const count = told?.nextHops.length ?? 0;
  if (count > 1 && up.every(({ addPath }) => !addPath)) {
    return link('peers', 'warning', say('peers.one', params), { ip, next: say('next.addPath', params) });
  }
  const replicas = up.map(({ replica }) => replica).join(', ');
  return link('peers', 'passed', say('peers.passed', { ...params, count, replicas }), { ip });
}

interface Sessions {
  /** What ended the last attempt, or nothing. */
  errorOf(peer: string, replica: string): string;
}

function sessionsOf(words: readonly Word[]): Sessions {
  return {
    errorOf: (peer, replica) => {
      const word = words.find((each) => 'facts' in each && each.facts.replica === replica);
      const session =
        word !== undefined && 'facts' in word ? word.facts.sessions.find((each) => each.peer === peer) : undefined;
      return session?.lastError ?? '';
    },
  };
}

/** One peer without a session is a warning as long as another one has one. */
function peersLinks(links: PathLinks, view: ExplainView): Link[] {
  const { path, say } = links;
  const { ip, pool } = path;
  if (path.protocol === 'layer2') {
    return path.owner === null ? [] : [link('peers', 'passed', say('link.passed', { ip, node: path.owner }), { ip })];
  }
  if (path.peers.length === 0) {
    const nobody = { reason: 'NoPeer', params: { ip, pool: pool ?? '' } } as const;
    return [ofReason({ check: 'peers', result: 'failed' }, nobody, view, { ip })];
  }
  const all = path.peers.map((peer) => peerLink(peer, links, sessionsOf(view.words)));
  const heard = all.some(({ result }) => result !== 'failed');
  return all.map((each) => (heard && each.result === 'failed' ? { ...each, result: 'warning' } : each));
}

const OF_PATH: readonly ((links: PathLinks, view: ExplainView) => Link[])[] = [
  (links) => [endpointsLink(links)],
  (links) => [nodesLink(links)],
  (links) => [announcedLink(links)],
  peersLinks,
];
const OF_PATH_NAMES = ['endpoints', 'nodes', 'announced', 'peers'] as const;

function pathLinks(path: ServicePath, view: ExplainView): Link[] {
  const say: Say = (key, params) => view.texts.explain(key, params);
  const { ip } = path;
  const first = poolLink(path, say);
  if (path.verdict === null) {
    return [first, link('announced', 'unknown', say('announced.unknown', { ip }), { ip, next: say('next.wait') })];
  }
  const links = [first];
  OF_PATH.forEach((checks, i) => {
    if (links.every(({ result }) => result !== 'failed')) links.push(...checks({ path, say }, view));
    else links.push(link(OF_PATH_NAMES[i] ?? 'peers', 'skipped', say('skipped'), { ip }));
  });
  return links;
}

function replicaLinks(view: ExplainView): Link[] {
  return view.words.flatMap((word) => {
    if ('facts' in word) return [];
    const { name: replica, node = '-' } = word.replica;
    const text = view.texts.explain('replica.silent', { replica, node, why: word.problem });
    return [link('replicas', 'warning', text, { next: view.texts.explain('next.replica', { replica }) })];
  });
}

function resultOf(links: readonly Link[]): Explanation['result'] {
  const results = new Set(links.map(({ result }) => result));
  if (results.has('failed')) return 'unreachable';
  if (results.has('unknown')) return 'unknown';
  return results.has('warning') ? 'warning' : 'reachable';
}

const DECISIVE = { unreachable: 'failed', unknown: 'unknown', warning: 'warning', reachable: 'passed' } as const;
const SENTENCES = {
  unreachable: 'sentence.failed',
  unknown: 'sentence.unknown',
  warning: 'sentence.warning',
  reachable: 'sentence.ok',
} as const;

/** The chain of checks in the order in which an operator would ask; where one fails, those behind it are not looked at. */
export function explain(service: Service, view: ExplainView): Explanation {
  const { texts, picture } = view;
  const links = served(service, view);
  if (resultOf(links) !== 'unreachable') links.push(...address(service, view));
  if (resultOf(links) !== 'unreachable') {
    for (const { ip } of service.recorded) links.push(...pathLinks(pathOf(service, ip, picture, view), view));
    links.push(...replicaLinks(view));
  }
  const result = resultOf(links);
  const decisive = links.find((each) => each.result === DECISIVE[result]);
  const ips = service.recorded.map(({ ip }) => ip).join(', ');
  const next = result === 'reachable' ? texts.explain('next.none') : decisive?.next;
  return {
    ...{ namespace: service.namespace, name: service.name, result },
    sentence: texts.explain(SENTENCES[result], { ips, why: decisive?.text ?? '' }),
    nextStep: next === undefined || next === '' ? texts.explain('next.wait') : next,
    checks: links.map(({ next: _, ...check }) => check),
    replicas: replicasAnswer(view.words),
  };
}
