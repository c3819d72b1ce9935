import type { Service } from '../../domain/service.ts';
import type { Check, Explanation, ServicePath } from '../schemas/service.ts';
import type { ExplainKey } from '../texts.ts';
import { messageFor, textOf } from './audience.ts';
import { link, ofReason, splitAdvice, type ExplainView, type Link, type PathLinks, type Say } from './check-link.ts';
import { peersLinks } from './peer-checks.ts';
import type { ClusterPicture } from './picture.ts';
import { replicasAnswer } from './replicas.ts';
import { pathOf } from './services.ts';

function served(service: Service, view: ExplainView): Link[] {
  const found = view.picture.notServed(service);
  if (found !== undefined) {
    const failed = ofReason({ check: 'served', result: 'failed' }, found, view);
    const next = view.texts.explainIfThere(`next.${found.reason}` as ExplainKey);
    return [next === undefined ? failed : { ...failed, next }];
  }
  return [link('served', 'passed', view.texts.explain('served.passed'))];
}

/** Why there is no address, as the leader has written it where it would plan otherwise now, or that it hasn't. */
function lastWord(service: Service, { texts, audience, picture }: ExplainView): Link {
  const condition = picture.allocated(service);
  if (condition?.status !== 'False') {
    return link('address', 'failed', texts.explain('address.waiting'), { next: texts.explain('next.wait') });
  }
  const { what, advice } = splitAdvice(texts.told(messageFor(condition.message, audience)));
  const next = advice === '' ? texts.explain('next.wait') : advice;
  return link('address', 'failed', what, { reason: condition.reason, next });
}

/** Whether its explanation depends on what the leader would plan. */
export function needsAllocation(service: Service, picture: ClusterPicture): boolean {
  if (picture.notServed(service) !== undefined) return false;
  return !service.claims || picture.allocated(service)?.reason !== 'Allocated';
}

function addressHeld(service: Service, view: ExplainView): Link {
  const { texts, allocation } = view;
  const ips = service.recorded.map(({ ip }) => ip).join(', ');
  const passed = link('address', 'passed', texts.explain('address.passed', { ips }), { reason: 'Allocated' });
  const found = allocation?.finding(service);
  if (found === undefined || found.reason === 'Allocated') return passed;
  const why = textOf(found, texts, view.audience);
  const text = texts.explain('address.passed.other', { ips, why });
  return link('address', 'warning', text, { reason: found.reason, next: splitAdvice(why).advice });
}

function address(service: Service, view: ExplainView): Link {
  if (service.claims) return addressHeld(service, view);
  const { texts, allocation } = view;
  const found = allocation?.finding(service);
  if (found === undefined || found.reason === 'Allocated') return lastWord(service, view);
  const { asked = [], more = 0 } = allocation?.pools(service) ?? {};
  const details = asked.map(({ pool, finding }) =>
    finding === undefined
      ? texts.explain('pool.possible', { pool })
      : texts.explain('pool.other', { pool, why: splitAdvice(textOf(finding, texts, view.audience)).what }),
  );
  const rest = more === 0 ? [] : [texts.explain('pool.more', { count: more })];
  return ofReason({ check: 'address', result: 'failed' }, found, view, { details: [...details, ...rest] });
}

function poolLink(path: ServicePath, say: Say): Link {
  const { ip, pool, protocol } = path;
  if (pool === null || protocol === null) return link('pool', 'failed', say('pool.lost', { ip }), { ip });
  return link('pool', 'passed', say('pool.passed', { ip, pool, protocol }), { ip });
}

/** What keeps an address from being announced whatever its Pods and nodes are like. */
const BEFORE_ALL: readonly string[] = ['NoAddress', 'NotInRecordedPool', 'ProtocolNotSupported', 'HeldByOlderService'];
const ABOUT_ENDPOINTS: readonly string[] = ['NoEndpoints', 'SharerWithoutEndpoints'];
const ABOUT_NODES: readonly string[] = ['NoLocalEndpoints', 'AllNodesExcluded', 'NoEligibleNode'];
/** We do announce it, and nobody hears that. */
const ABOUT_PEERS: readonly string[] = ['NoPeer', 'NoPeerEstablished'];

function isOne({ verdict }: ServicePath, reasons: readonly string[]): boolean {
  return verdict !== null && reasons.includes(verdict.reason);
}

function endpointsLink({ path, say }: PathLinks): Link {
  if (isOne(path, ABOUT_ENDPOINTS)) return verdictLink('endpoints', 'failed', path);
  return link('endpoints', 'passed', say('endpoints.passed'), { ip: path.ip });
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
  const { ip, nodes } = path;
  const details = path.leftOut.map(({ text }) => say('nodes.leftOut', { why: text }));
  if (isOne(path, ABOUT_NODES)) return verdictLink('nodes', 'failed', path, details);
  const names = nodes.map(({ node }) => node).join(', ');
  // On a link that somebody else has, or that is being asked, nobody does yet.
  const text = names === '' ? say('nodes.may', { ip }) : say('nodes.passed', { ip, nodes: names });
  return link('nodes', 'passed', text, { ip, details });
}

function announcedLink({ path, say }: PathLinks): Link {
  const { ip, announced } = path;
  if (isOne(path, ['Announced', ...ABOUT_PEERS])) {
    return link('announced', 'passed', say('announced.passed', { ip }), { ip, reason: 'Announced' });
  }
  return verdictLink('announced', announced === true ? 'warning' : 'failed', path);
}

interface PathCheck {
  readonly name: Check['check'];
  readonly links: (links: PathLinks, view: ExplainView) => Link[];
}

const ANNOUNCED: PathCheck = { name: 'announced', links: (links) => [announcedLink(links)] };
const ENDPOINTS_AND_NODES: readonly PathCheck[] = [
  { name: 'endpoints', links: (links) => [endpointsLink(links)] },
  { name: 'nodes', links: (links) => [nodesLink(links)] },
];
const PEERS: PathCheck = { name: 'peers', links: peersLinks };

function checksOf(path: ServicePath): readonly PathCheck[] {
  return isOne(path, BEFORE_ALL)
    ? [ANNOUNCED, ...ENDPOINTS_AND_NODES, PEERS]
    : [...ENDPOINTS_AND_NODES, ANNOUNCED, PEERS];
}

function pathLinks(path: ServicePath, view: ExplainView): Link[] {
  const say: Say = (key, params) => view.texts.explain(key, params);
  const { ip } = path;
  const first = poolLink(path, say);
  if (path.verdict === null) {
    return [first, link('announced', 'unknown', say('announced.unknown', { ip }), { ip, next: say('next.wait') })];
  }
  const links = [first];
  for (const { name, links: made } of checksOf(path)) {
    if (links.every(({ result }) => result !== 'failed')) links.push(...made({ path, say }, view));
    else links.push(link(name, 'skipped', say('skipped'), { ip }));
  }
  return links;
}

function replicaLinks(view: ExplainView): Link[] {
  return view.words.flatMap((word) => {
    if ('facts' in word) return [];
    const { name: replica, node = '-' } = word.replica;
    const text = view.texts.explain('replica.silent', { replica, node, why: view.texts.told(word.problem) });
    return [link('replicas', 'warning', text, { next: view.texts.explain('next.replica', { replica }) })];
  });
}

type Result = Check['result'];

function worst(links: readonly Link[], order: readonly Result[]): Result {
  return order.find((wanted) => links.some(({ result }) => result === wanted)) ?? 'passed';
}

/** By address, whether it works: nothing that was looked at has failed, and nothing is unknown. */
function byAddress(links: readonly Link[]): ReadonlyMap<string, Result> {
  const groups = Map.groupBy(links, ({ ip }) => ip ?? '');
  groups.delete('');
  return new Map([...groups].map(([ip, own]) => [ip, worst(own, ['failed', 'unknown'])]));
}

/** Who has an address that works can be reached: with two families one of them may do. */
function resultOf(links: readonly Link[]): Explanation['result'] {
  const all = [...byAddress(links).values()];
  if (links.some(({ ip, result }) => ip === null && result === 'failed')) return 'unreachable';
  if (all.length > 0 && all.every((result) => result === 'failed')) return 'unreachable';
  if (all.length > 0 && !all.includes('passed')) return 'unknown';
  return worst(links, ['failed', 'unknown', 'warning']) === 'passed' ? 'reachable' : 'warning';
}

const DECISIVE = {
  unreachable: ['failed'],
  unknown: ['unknown'],
  warning: ['failed', 'unknown', 'warning'],
  reachable: ['passed'],
} as const;
const SENTENCES = {
  unreachable: 'sentence.failed',
  unknown: 'sentence.unknown',
  warning: 'sentence.warning',
  reachable: 'sentence.ok',
} as const;

function sentenceOf(result: Explanation['result'], links: readonly Link[], why: string, view: ExplainView): string {
  const all = [...byAddress(links)];
  const those = (wanted: (result: Result) => boolean): string =>
    all.flatMap(([ip, each]) => (wanted(each) ? ip : [])).join(', ');
  const [ips, others] = [those((each) => each === 'passed'), those((each) => each === 'failed')];
  const key = result === 'warning' && others !== '' ? 'sentence.some' : SENTENCES[result];
  return view.texts.explain(key, { ips, others, why });
}

/** The chain of checks in the order in which an operator would ask; where one fails, those behind it are not looked at. */
export function explain(service: Service, view: ExplainView): Explanation {
  const { texts } = view;
  const links = served(service, view);
  if (resultOf(links) !== 'unreachable') links.push(address(service, view));
  if (resultOf(links) !== 'unreachable') {
    for (const { ip } of service.recorded) links.push(...pathLinks(pathOf(service, ip, view), view));
    links.push(...replicaLinks(view));
  }
  const result = resultOf(links);
  const word = worst(links, DECISIVE[result]);
  const decisive = links.find((each) => each.result === word);
  const next = result === 'reachable' ? texts.explain('next.none') : decisive?.next;
  return {
    ...{ namespace: service.namespace, name: service.name, result },
    sentence: sentenceOf(result, links, decisive?.text ?? '', view),
    nextStep: next === undefined || next === '' ? texts.explain('next.wait') : next,
    checks: links.map(({ next: _, ...check }) => check),
    replicas: replicasAnswer(view.words, texts),
  };
}
