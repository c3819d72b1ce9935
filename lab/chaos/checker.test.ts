/** A checker that looks at a lab which never was: it reports each violation, and says what it has judged. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Checker, type Course } from './checker.ts';
import type { Fault } from './faults.ts';
import type { LanRecord } from '../lan/records.ts';
import type { Happened, RouteEvent } from './judge.ts';
import { toBeKept } from './kept.ts';
import { expectedRoutes, type ApiObjects, type ServiceObject } from './model.ts';
import { pathAtRest, type Retained } from './observe.ts';
import type { Sights } from './sights.ts';
import { invariantNames } from './tally.ts';

const [four, six] = ['172.30.0.0', 'fd30:1::1'];
const former = '172.30.0.3';
const onLan = '10.50.0.200';
const nodes = ['n1', 'n2'];
const gatewaysOf = (node: string): string[] => [`10.50.0.1${node.slice(1)}`, `fd00:50::1${node.slice(1)}`];
const allGateways = (ip: string): string[] => nodes.map((node) => gatewaysOf(node)[ip === six ? 1 : 0] ?? '');

function webWith(uid: string, ips: readonly string[], name = 'web'): ServiceObject {
  const ingress = ips.map((ip) => ({ ip }));
  return { metadata: { name, uid }, spec: { externalTrafficPolicy: 'Cluster' }, status: { loadBalancer: { ingress } } };
}

/** One router, two nodes and one Service, all of them as they should be; tests change what is seen. */
class Seen implements Sights {
  readonly routers = ['r1'];
  readonly nodes = nodes;
  readonly deaths: { node: string; from: number; to: number }[] = [];
  readonly told: RouteEvent[] = [four, six].map((ip) => ({ at: 0, destination: ip, gateways: allGateways(ip) }));
  services = [webWith('1', [four, six])];
  retained: Retained[] = [];
  /** What zebra says of an address that was a Service's, and whose route by n2 the kernel has still. */
  zebraOfFormer: 'found' | 'given' | undefined;
  rssMiB = 100;
  /** Of the second replica's paths. */
  med = 200;
  session: number | undefined;
  isApiDown = false;

  readonly gatewaysOf = gatewaysOf;
  readonly lan = {
    addresses: [onLan],
    records: [] as LanRecord[],
    macOf: (node: string) => `mac of ${node}`,
    nameOf: (mac: string) => mac.replace('mac of ', ''),
    ownerOf: () => Promise.resolve(this.owner),
  };
  owner: string | undefined = 'n1';

  peerOf(_router: string, node: string): string {
    return gatewaysOf(node)[0] ?? '';
  }

  get #objects(): ApiObjects {
    const labels = { 'kubernetes.io/service-name': 'web' };
    return {
      services: this.services,
      slices: ['IPv4', 'IPv6'].map((addressType) => ({
        metadata: { labels },
        addressType,
        endpoints: [{ nodeName: 'n1' }],
      })),
      nodes: nodes.map((name) => ({
        metadata: { name },
        status: { addresses: gatewaysOf(name).map((address) => ({ type: 'InternalIP', address })) },
      })),
    };
  }

  async objects(): Promise<ApiObjects> {
    return this.isApiDown ? Promise.reject(new Error('connection refused')) : Promise.resolve(this.#objects);
  }

  router(): ReturnType<Sights['router']> {
    const kernel = expectedRoutes(this.#objects);
    const peers = nodes.map((node) => this.peerOf('r1', node));
    const toldBy = (med: number): Map<string, string[]> =>
      new Map([...kernel].map(([ip, gateways]) => [ip, gateways.map((gateway) => pathAtRest(gateway, med))]));
    const heard = new Map(peers.map((peer, rank) => [peer, toldBy(rank === 0 ? 100 : this.med)]));
    const sessions = { established: peers, complete: peers };
    const left = this.zebraOfFormer;
    if (left !== undefined) kernel.set(former, ['10.50.0.12']);
    const zebra = new Map(left === undefined ? [] : [[former, left] as const]);
    return Promise.resolve({ sessions, heard: { told: heard, retained: this.retained }, kernel, zebra });
  }

  events(): readonly RouteEvent[] {
    return this.told;
  }

  caughtUp(): Promise<void> {
    return Promise.resolve();
  }

  sessionSince(): Promise<number | undefined> {
    return Promise.resolve(this.session);
  }

  memory(): ReturnType<Sights['memory']> {
    return Promise.resolve(new Map([['n1', { pid: 1, rssMiB: this.rssMiB }]]));
  }

  kept(): Promise<string> {
    return Promise.resolve(toBeKept(this.#objects));
  }

  contention(): number {
    return 1;
  }
}

const span = { from: 1_000, to: 20_000 };

function course(...happened: Happened[]): Course {
  return { happened, services: [{ name: 'web', policy: 'Cluster', nodes }], span };
}

const during = (fault: Fault, from: number, to: number): Happened => ({ fault, from, to });

/** The node n2 was without power, and the routes of each family led there for so much longer. */
function dying(seen: Seen, laterMs: readonly number[]): Course {
  seen.deaths.push({ node: 'n2', from: 2_000, to: 10_000 });
  for (const [i, ip] of [four, six].entries()) {
    seen.told.push({ at: 2_000 + (laterMs[i] ?? 0), destination: ip, gateways: allGateways(ip).slice(0, 1) });
  }
  seen.told.sort((a, b) => a.at - b.at);
  return course(during({ kind: 'node-off', node: 'n2' }, 2_000, 10_000));
}

/** The router was restarted, and its routes were back so much later than its session. */
function restarting(seen: Seen, laterMs: number): Course {
  seen.session = 15_500;
  for (const ip of [four, six]) {
    const back = { at: 15_500 + laterMs, destination: ip, gateways: allGateways(ip) };
    seen.told.push({ at: 15_100, destination: ip, gateways: [] }, back);
  }
  return course(during({ kind: 'router-restarted', router: 'r1' }, 15_000, 15_400));
}

/** And the kernel has a route there since before it died, to an address that is no Service's any more. */
function dyingBesideFormer(seen: Seen, zebra: 'found' | 'given'): Course {
  seen.zebraOfFormer = zebra;
  seen.told.unshift({ at: 500, destination: former, gateways: ['10.50.0.12'] });
  return dying(seen, [2_900, 2_900]);
}

/** A route was gone for a moment. */
function withdrawing({ told }: Seen, ip: string): Course {
  told.push({ at: 3_000, destination: ip, gateways: [] }, { at: 3_001, destination: ip, gateways: allGateways(ip) });
  return course();
}

/** A node speaks for the address on the LAN once a second. */
function speaking({ lan }: Seen, node: string, from: number, to: number): void {
  for (let at = from; at <= to; at += 1_000) {
    const mac = lan.macOf(node);
    const about = { ip: onLan, from: onLan, mac, source: mac, destination: 'ff:ff:ff:ff:ff:ff' };
    lan.records.push({ at, kind: 'gratuitous', ...about });
  }
}

/** What a checker says of a lab that was at rest, then changed, and is at rest again. */
async function said(seen: Seen, change: (seen: Seen) => Course): Promise<{ lines: string[]; checker: Checker }> {
  const checker = new Checker(seen);
  await checker.settled();
  const what = change(seen);
  await checker.look();
  const differences = await checker.differences().catch((error: unknown) => [String(error)]);
  return { lines: [...differences, ...(await checker.broken(what))], checker };
}

suite('a checker reports', () => {
  test('nothing where everything holds, and that it has judged nothing of what did not happen', async () => {
    const { lines, checker } = await said(new Seen(), () => course());
    assert.deepEqual(lines, []);
    assert.deepEqual(checker.tally.never(), ['dead nodes', 'returns', 'memory']);
  });

  test('that all was judged, where all happened and held', async () => {
    const seen = new Seen();
    const { checker } = await said(seen, () => dying(seen, [2_900, 2_900]));
    assert.deepEqual(await checker.broken(restarting(seen, 900)), []);
    await checker.settled();
    assert.deepEqual(checker.tally.never(), []);
    assert.equal(checker.tally.lines().length, invariantNames.length);
  });

  test('memory that grows from rest to rest', async () => {
    const seen = new Seen();
    const checker = new Checker(seen);
    await checker.settled();
    seen.rssMiB = 170;
    await checker.settled();
    assert.deepEqual(await checker.broken(course()), ['the replica on n1 grew by 70 MiB']);
  });

  test('what a router kept by itself, once', async () => {
    const { checker } = await said(new Seen(), (seen) => dyingBesideFormer(seen, 'found'));
    const line = 'r1 keeps 10.50.0.12 for 172.30.0.3 by itself, from before its crash, and its bgpd has no path';
    assert.deepEqual(checker.takeKept(), [line]);
    assert.deepEqual(checker.takeKept(), []);
  });

  test('a route that went and was not told of', async () => {
    const seen = new Seen();
    const checker = new Checker(seen);
    assert.deepEqual(await checker.misheard(), []);
    seen.told.push({ at: 500, destination: '172.30.0.3', gateways: ['10.50.0.12'] });
    const line = 'r1, by what its kernel told, has 10.50.0.12 for 172.30.0.3, not nothing';
    assert.deepEqual(await checker.misheard(), [line]);
    seen.told.push({ at: 600, destination: '172.30.0.3', gateways: [] });
    assert.deepEqual(await checker.misheard(), []);
  });

  const web = webWith('1', [four, six]);
  const violations: Readonly<Record<string, [change: (seen: Seen) => Course, told: string[]]>> = {
    'an address of two Services': [
      (seen) => {
        seen.services = [web, webWith('2', [four, 'fd30:1::2'], 'other')];
        return course();
      },
      ['two Services have one address: 172.30.0.0 of default/web and default/other'],
    ],
    'an address that changed': [
      (seen) => {
        seen.services = [webWith('1', [four, 'fd30:1::2'])];
        return course();
      },
      [
        'default/web had 172.30.0.0 fd30:1::1 and has 172.30.0.0 fd30:1::2',
        'r1 had no route to fd30:1::2 0.00 s after the batch began',
      ],
    ],
    'an IPv4 route to a node that is dead': [
      (seen) => dying(seen, [3_200, 2_900]),
      ['r1 led to n2 0 to 3200 ms after its death; allowed: 3000 ms; then still for 172.30.0.0'],
    ],
    'an IPv6 route to a node that is dead': [
      (seen) => dying(seen, [2_900, 3_300]),
      ['r1 led to n2 0 to 3300 ms after its death; allowed: 3000 ms; then still for fd30:1::1'],
    ],
    'such a route that the router retains of a replica that is away': [
      (seen) => {
        seen.retained = [{ peer: '10.50.0.13', ip: four, gateway: '10.50.0.12' }];
        return dying(seen, [3_200, 2_900]);
      },
      ['r1 led to n2 0 to 3200 ms after its death; allowed: 3000 ms; then still for 172.30.0.0'],
    ],
    'not one that it keeps although the replica is back': [
      (seen) => {
        seen.retained = [{ peer: '10.50.0.12', ip: four, gateway: '10.50.0.12' }];
        return dying(seen, [3_200, 2_900]);
      },
      [],
    ],
    'not one that it keeps since its crash': [(seen) => dyingBesideFormer(seen, 'found'), []],
    'one that it was told': [
      (seen) => dyingBesideFormer(seen, 'given'),
      [
        "r1's kernel has 10.50.0.12 for 172.30.0.3, not nothing",
        'r1 led to n2 0 to 8000 ms after its death; allowed: 3000 ms; then still for 172.30.0.3',
      ],
    ],
    'not one to an address that nobody else can serve, from then on': [
      (seen) => {
        const { services, ...rest } = dying(seen, [3_200, 2_900]);
        return { ...rest, services: services.map((service) => ({ ...service, policy: 'Local', nodes: ['n2'] })) };
      },
      [],
    ],
    'one to an address that others could serve until later': [
      (seen) => {
        const { services, happened, ...rest } = dying(seen, [5_200, 2_900]);
        const later = during({ kind: 'service-deleted', name: 'web' }, 5_500, 5_600);
        return { ...rest, services, happened: [...happened, later] };
      },
      ['r1 led to n2 0 to 3500 ms after its death; allowed: 3000 ms; then still for 172.30.0.0'],
    ],
    'an IPv4 route that was withdrawn': [
      (seen) => withdrawing(seen, four),
      ['r1 had no route to 172.30.0.0 2.00 s after the batch began'],
    ],
    'an IPv6 route that was withdrawn': [
      (seen) => withdrawing(seen, six),
      ['r1 had no route to fd30:1::1 2.00 s after the batch began'],
    ],
    'a route that came back late': [
      (seen) => restarting(seen, 1_100),
      [four, six].map((ip) => `r1 had its first session 14.50 s after the batch began, and no route to ${ip} in time`),
    ],
    'two owners of an address on the LAN': [
      (seen) => {
        speaking(seen, 'n1', 1_000, 9_000);
        speaking(seen, 'n2', 5_500, 20_000);
        return course();
      },
      ['two nodes spoke for 10.50.0.200 for 3500 ms'],
    ],
    'an address on the LAN that nobody takes over from the dead': [
      (seen) => {
        speaking(seen, 'n2', 1_000, 2_000);
        speaking(seen, 'n1', 4_600, 20_000);
        return dying(seen, [2_900, 2_900]);
      },
      ['nobody spoke for 10.50.0.200 for 2600 ms after the death of n2; allowed: 2500 ms'],
    ],
    'an address on the LAN that nobody answers for at rest': [
      (seen) => {
        seen.owner = undefined;
        return course();
      },
      ['no node answers for 10.50.0.200'],
    ],
    'a ceiling of memory': [
      (seen) => {
        seen.rssMiB = 301;
        return course();
      },
      ['the replica on n1 took more than 300 MiB'],
    ],
    'an API server that does not answer after all was healed': [
      (seen) => {
        seen.isApiDown = true;
        return course();
      },
      ['Error: connection refused'],
    ],
    'a replica that tells another MED': [
      (seen) => {
        seen.med = 300;
        return course();
      },
      [four, six].map((ip) => {
        const has = (med: number): string =>
          allGateways(ip)
            .map((gateway) => pathAtRest(gateway, med))
            .join(', ');
        return `r1 from 10.50.0.12 has ${has(300)} for ${ip}, not ${has(200)}`;
      }),
    ],
  };
  for (const [what, [change, told]] of Object.entries(violations)) {
    test(what, async () => {
      const { lines } = await said(new Seen(), change);
      // Below some of them is what makes them understood.
      const saying = lines.map((line) => line.split('\n')[0]);
      assert.deepEqual(saying, told);
    });
  }
});
