import type { Fields } from './fields.ts';
import type { Findings } from './finding.ts';

/** What a BgpPeer takes, in milliseconds. */
const LEAST_INTERVAL_MS = 50;

export interface BfdContext {
  readonly profiles: ReadonlyMap<string, Fields>;
  readonly isMultihop: boolean;
  readonly findings: Findings;
}

function interval(profile: Fields, field: string, findings: Findings): number | undefined {
  const ms = profile.number('spec', field);
  if (ms === undefined || ms >= LEAST_INTERVAL_MS) return ms;
  const why = `${ms} ms is less than can be relied on: it is ${LEAST_INTERVAL_MS} ms`;
  findings.add(profile.finding('changed', ['spec', field], why));
  return LEAST_INTERVAL_MS;
}

function tellEcho(profile: Fields, findings: Findings): void {
  const isOn = profile.flag('spec', 'echoMode') === true;
  const hasInterval = profile.number('spec', 'echoInterval') !== undefined;
  const why = 'there is no echo function: only the intervals of control packets decide how soon a failure is noticed';
  const next = 'Turn echo off at the router, or shorten the intervals.';
  if (isOn) findings.add(profile.finding('lost', ['spec', 'echoMode'], why, next));
  if (hasInterval) findings.add(profile.finding('unneeded', ['spec', 'echoInterval'], 'there is no echo function'));
}

function tellPassive(profile: Fields, findings: Findings): void {
  if (profile.flag('spec', 'passiveMode') !== true) return;
  const why = 'replicas send BFD packets first, which a router that does so as well does not mind';
  findings.add(profile.finding('changed', ['spec', 'passiveMode'], why));
}

function minimumTtlOf(profile: Fields, isMultihop: boolean, findings: Findings): number | undefined {
  const minimumTtl = profile.number('spec', 'minimumTtl');
  if (minimumTtl === undefined || isMultihop) return minimumTtl;
  findings.add(profile.finding('unneeded', ['spec', 'minimumTtl'], 'means nothing for routers that are one hop away'));
  return undefined;
}

/** `spec.bfd` of a peer, of the BFDProfile that it names. */
export function bfdOf(peer: Fields, { profiles, isMultihop, findings }: BfdContext): Record<string, unknown> {
  const name = peer.text('spec', 'bfdProfile');
  if (name === undefined) return {};
  const profile = profiles.get(name);
  if (profile === undefined) {
    const why = `there is no BFDProfile ${name} among what is imported: BFD has its defaults`;
    findings.add(
      peer.finding('todo', ['spec', 'bfdProfile'], why, 'Import it as well, or set spec.bfd of the BgpPeer.'),
    );
    return { bfd: { enabled: true } };
  }
  tellEcho(profile, findings);
  tellPassive(profile, findings);
  const detectMultiplier = profile.number('spec', 'detectMultiplier');
  const values = {
    transmitIntervalMs: interval(profile, 'transmitInterval', findings),
    receiveIntervalMs: interval(profile, 'receiveInterval', findings),
    detectMultiplier,
    minimumTtl: minimumTtlOf(profile, isMultihop, findings),
  };
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  return { bfd: { enabled: true, ...given } };
}
