/** A small cluster with two Services, and an engine that serves it. */
import type { HoldingService } from '../../announce/snapshot.ts';
import {
  aNode,
  aPeer,
  aPool,
  aReplica,
  endpointsOn,
  sharingTerms,
  someSettings,
} from '../../domain/testing/builders.ts';
import type { InputDelta } from '../messages.ts';
import { Bench } from './bench.ts';

/** A Service of namespace shop that holds one address of the pool `public`. */
export function holding(name: string, ip: string): HoldingService {
  const assignments = [{ pool: 'public', ip }];
  return {
    key: `shop/${name}`,
    uid: `uid-${name}`,
    createdAt: 1_000,
    trafficPolicy: 'Cluster',
    sharing: sharingTerms(),
    assignments,
    announcedBefore: true,
  };
}

const WEB = holding('web', '192.0.2.1');
const DB = holding('db', '192.0.2.2');
export const N1 = aNode('n1', ['10.0.0.1']);
export const N2 = aNode('n2', ['10.0.0.2']);
export const R1 = aPeer('r1', '10.0.0.254');

export const INPUTS: InputDelta = {
  services: new Map([
    ['shop/web', WEB],
    ['shop/db', DB],
  ]),
  endpoints: new Map([
    ['shop/web', endpointsOn(['n1'])],
    ['shop/db', endpointsOn(['n1'])],
  ]),
  nodes: new Map([
    ['n1', N1],
    ['n2', N2],
  ]),
  pools: new Map([['public', aPool('public', ['192.0.2.0/24'])]]),
  peers: new Map([['r1', R1]]),
  settings: someSettings(),
  replicas: [aReplica('b', '10.0.0.2', 'n2')],
};

/** An engine that has told all it knows of its inputs; only what follows is recorded. */
export function started(inputs: InputDelta = INPUTS): Bench {
  const bench = new Bench();
  bench.engine.start(inputs);
  bench.speaker.takeCalls();
  bench.posted.length = 0;
  return bench;
}

/** The distinct MEDs of all that is announced. */
export function meds(bench: Bench): string[] {
  const routes = Object.values(bench.speaker.announced()).flatMap((peer) => Object.values(peer));
  return [...new Set(routes.map((route) => /med (\d+)/.exec(route)?.[1] ?? ''))];
}
