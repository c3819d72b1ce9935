import { parseAddress } from './addresses.ts';
import { bfdOf } from './bfd.ts';
import { seconds } from './duration.ts';
import type { Fields } from './fields.ts';
import type { Findings } from './finding.ts';
import { API_VERSION, type Manifest } from './manifest.ts';
import { labelText, oneOf, PEER_LABEL, selectorOf } from './marks.ts';
import { selectorList } from './selectors.ts';

export interface PeerContext {
  readonly profiles: ReadonlyMap<string, Fields>;
  /** Our own AS number towards peers that say nothing else. */
  readonly as: number | undefined;
  /** The BGP identifier of all, if that is one for all. */
  readonly routerId: string | undefined;
  /** Pools name this peer. */
  readonly isNamed: (name: string) => boolean;
  readonly findings: Findings;
}

/** What the AS numbers of a peer come to. */
interface AsNumbers {
  readonly ours: number | undefined;
  readonly theirs: number | undefined;
}

/** 0 is how none is written. */
export function ownAs(fields: Fields): number | undefined {
  const numbers = [fields.number('spec', 'localASN'), fields.number('spec', 'myASN')];
  return numbers.find((as) => as !== undefined && as > 0);
}

function asNumbers(fields: Fields, findings: Findings): AsNumbers {
  const [mine, ours] = [fields.number('spec', 'myASN'), ownAs(fields)];
  const peerAs = fields.number('spec', 'peerASN') ?? 0;
  const dynamic = fields.text('spec', 'dynamicASN');
  if (mine !== undefined && mine !== ours)
    findings.add(fields.finding('unneeded', ['spec', 'myASN'], 'the router sees localASN in its place'));
  if (peerAs > 0) return { ours, theirs: peerAs };
  if (dynamic === 'internal') return { ours, theirs: mine };
  const why = 'the AS number of the router has to be known: this peer is left out';
  findings.add(fields.finding('todo', ['spec', 'dynamicASN'], why, 'Write a BgpPeer for it, with spec.conf.peerAs.'));
  return { ours, theirs: undefined };
}

/** Where the router is, if we can get there. */
function neighborOf(fields: Fields, findings: Findings): string | undefined {
  const address = fields.text('spec', 'peerAddress');
  const link = fields.text('spec', 'interface');
  const vrf = fields.text('spec', 'vrf');
  if (vrf !== undefined) {
    const why = `sessions go out by the routing table of the node, not by that of VRF ${vrf}: this peer is left out`;
    findings.add(
      fields.finding(
        'todo',
        ['spec', 'vrf'],
        why,
        'Write a BgpPeer for an address of the router that is reached without the VRF.',
      ),
    );
    return undefined;
  }
  if (address !== undefined && parseAddress(address) !== undefined) {
    if (link !== undefined) {
      const why = 'the session goes to peerAddress, by the interface that the routing table has for it';
      const next = `Where peerAddress is link-local, write it as fe80::1%${link} in spec.conf.neighborAddress.`;
      findings.add(fields.finding('changed', ['spec', 'interface'], why, next));
    }
    return address;
  }
  const field = address === undefined && link !== undefined ? 'interface' : 'peerAddress';
  const why = `${field === 'interface' ? 'a peer by interface alone' : 'an address that can not be read'} has no session: this peer is left out`;
  const next = `Write a BgpPeer with the address of the router in spec.conf.neighborAddress, a link-local one as fe80::1%${link ?? 'eth0'}.`;
  findings.add(fields.finding('todo', ['spec', field], why, next));
  return undefined;
}

function wholeSeconds(fields: Fields, field: string, least: number, findings: Findings): string | undefined {
  const text = fields.text('spec', field);
  const value = text === undefined ? undefined : seconds(text);
  if (text === undefined) return undefined;
  const whole = value === undefined ? undefined : Math.floor(value);
  if (whole === undefined || whole < least || whole > 65_535) {
    const why = `"${text}" is not from ${least} to 65535 s, so the default holds`;
    findings.add(fields.finding('changed', ['spec', field], why, 'Set spec.timers of the BgpPeer.'));
    return undefined;
  }
  if (whole !== value)
    findings.add(fields.finding('changed', ['spec', field], `timers are whole seconds: ${text} is ${whole} s`));
  return String(whole);
}

/** A peer with a keepalive time alone has three times that as its hold time in MetalLB. */
function timersOf(fields: Fields, findings: Findings): Record<string, unknown> {
  const keepaliveInterval = wholeSeconds(fields, 'keepaliveTime', 1, findings);
  const given = wholeSeconds(fields, 'holdTime', 3, findings);
  const isAlone = !fields.has('spec', 'holdTime') && keepaliveInterval !== undefined;
  const holdTime = isAlone ? String(Math.min(65_535, 3 * Number(keepaliveInterval))) : given;
  const connectRetry = wholeSeconds(fields, 'connectTime', 1, findings);
  const config = {
    ...(holdTime === undefined ? {} : { holdTime }),
    ...(keepaliveInterval === undefined ? {} : { keepaliveInterval }),
    ...(connectRetry === undefined ? {} : { connectRetry }),
  };
  return Object.keys(config).length === 0 ? {} : { timers: { config } };
}

function transportOf(fields: Fields, findings: Findings): Record<string, unknown> {
  const localAddress = fields.text('spec', 'sourceAddress');
  const remotePort = fields.number('spec', 'peerPort');
  const isUsable = localAddress === undefined || parseAddress(localAddress) !== undefined;
  if (!isUsable)
    findings.add(fields.finding('lost', ['spec', 'sourceAddress'], 'is no address, so the routing table chooses one'));
  const transport = {
    ...(localAddress === undefined || !isUsable ? {} : { localAddress }),
    ...(remotePort === undefined || remotePort === 179 ? {} : { remotePort }),
  };
  return Object.keys(transport).length === 0 ? {} : { transport };
}

/** The password itself, or where it is. */
function passwordOf(
  fields: Fields,
  findings: Findings,
): { conf: Record<string, unknown>; spec: Record<string, unknown> } {
  const secret = fields.text('spec', 'passwordSecret', 'name');
  const namespace = fields.text('spec', 'passwordSecret', 'namespace') ?? fields.namespace;
  const password = fields.text('spec', 'password');
  if (secret !== undefined) {
    if (password !== undefined) {
      const why = 'passwordSecret stands beside it, and is what is carried over';
      findings.add(fields.finding('lost', ['spec', 'password'], why, 'See that the Secret has what the router has.'));
    }
    const from = `-n ${namespace === '' ? 'metallb-system' : namespace}`;
    const read = `$(kubectl get secret ${secret} ${from} -o go-template='{{.data.password | base64decode}}')`;
    const next = `kubectl create secret generic ${secret} -n porterlb-system --from-literal=password="${read}"`;
    const why = 'the Secret has to be in the namespace of porter-manager';
    findings.add(fields.finding('todo', ['spec', 'passwordSecret'], why, next));
    return { conf: {}, spec: { passwordSecretRef: { name: secret } } };
  }
  if (password === undefined) return { conf: {}, spec: {} };
  const why = 'everybody who may read the BgpPeer can read it there, as before';
  findings.add(
    fields.finding(
      'changed',
      ['spec', 'password'],
      why,
      'Better put it into a Secret, and name that in spec.passwordSecretRef.',
    ),
  );
  return { conf: { authPassword: password }, spec: {} };
}

/**
 * Until 0.14 a session carries both families unless `disableMP` says otherwise; since 0.15, whose API server stores the other field in
 * any case, only its own unless that says otherwise.
 */
function familiesOf(fields: Fields, neighbor: string, findings: Findings): Record<string, unknown> {
  const isSingle = fields.flag('spec', 'disableMP') === true;
  const isDual = fields.flag('spec', 'dualStackAddressFamily');
  if (isSingle && isDual !== undefined)
    findings.add(
      fields.finding('unneeded', ['spec', 'disableMP'], 'dualStackAddressFamily says which families there are'),
    );
  if (isDual === true || (isDual === undefined && !isSingle)) return {};
  const afi = neighbor.includes(':') ? 'AFI_IP6' : 'AFI_IP';
  const config = { family: { afi, safi: 'SAFI_UNICAST' } };
  // As many as a peer without a list has.
  return { afiSafis: [{ config, addPaths: { config: { sendMax: 10 } } }] };
}

function tellRouterId(fields: Fields, routerId: string | undefined, findings: Findings): void {
  const own = fields.text('spec', 'routerID');
  if (own === undefined || own === routerId) return;
  const why = `${own} is not used: each replica derives an identifier of its own from its node`;
  findings.add(
    fields.finding(
      'lost',
      ['spec', 'routerID'],
      why,
      'Set spec.routerId of the BgpConf if routers insist on one for all.',
    ),
  );
}

function nodesOf(fields: Fields, findings: Findings): Record<string, unknown> {
  const mark = {
    mark: `peer-nodes-of-${fields.name}`,
    what: 'nodes',
    object: fields.label,
    field: 'spec.nodeSelectors',
  } as const;
  const chosen = oneOf(selectorList(fields, 'spec', 'nodeSelectors'), { ...mark, fits: () => true });
  if (chosen.finding !== undefined) findings.add(chosen.finding);
  const nodeSelector = selectorOf(chosen);
  if (nodeSelector === undefined) return {};
  const why =
    'selects whose replicas open a session, and no longer which nodes are next hops; where no replica runs there is no session';
  const next =
    'Run the manager there (as a DaemonSet, or by its nodeSelector), and set spec.nodeSelector of the Eips to have certain next hops only.';
  findings.add(fields.finding('changed', ['spec', 'nodeSelectors'], why, next));
  return { nodeSelector };
}

function specOf(
  fields: Fields,
  context: PeerContext,
  neighbor: string,
  { ours, theirs }: AsNumbers,
): Record<string, unknown> {
  const { profiles, as, findings } = context;
  const password = passwordOf(fields, findings);
  const isMultihop = fields.flag('spec', 'ebgpMultiHop') === true;
  const restart = fields.flag('spec', 'enableGracefulRestart');
  const conf = {
    ...{ peerAs: theirs, neighborAddress: neighbor },
    ...(ours === undefined || ours === as ? {} : { localAs: ours }),
    ...password.conf,
  };
  return {
    conf,
    ...timersOf(fields, findings),
    ...transportOf(fields, findings),
    ...(isMultihop ? { ebgpMultihop: { enabled: true } } : {}),
    ...(restart === undefined ? {} : { gracefulRestart: { enabled: restart } }),
    ...bfdOf(fields, { profiles, isMultihop, findings }),
    ...familiesOf(fields, neighbor, findings),
    ...nodesOf(fields, findings),
    ...password.spec,
  };
}

/** One BGPPeer as a BgpPeer; undefined where there can be no session, which is told. */
export function importPeer(fields: Fields, context: PeerContext): Manifest | undefined {
  const { findings } = context;
  const numbers = asNumbers(fields, findings);
  const neighbor = neighborOf(fields, findings);
  tellRouterId(fields, context.routerId, findings);
  if (numbers.theirs === undefined || neighbor === undefined) {
    const why = `nothing of it is carried over: ${fields.paths('spec').join(', ')}`;
    findings.add(fields.finding('lost', ['spec'], why));
    fields.take('spec');
    return undefined;
  }
  const labels = context.isNamed(fields.name) ? { labels: { [PEER_LABEL]: labelText(fields.name) } } : {};
  const spec = specOf(fields, context, neighbor, numbers);
  return { apiVersion: API_VERSION, kind: 'BgpPeer', metadata: { name: fields.name, ...labels }, spec };
}
