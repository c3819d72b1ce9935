/** What statuses of objects say in English, as the API tells it in another language. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import english from '../../../locales/en/statuses.json' with { type: 'json' };
import type { Plan } from '../allocate/plan.ts';
import { PoolSet } from '../allocate/pool-set.ts';
import { Reserved } from '../allocate/reserved.ts';
import { finding, REASONS, type Finding } from '../domain/reason.ts';
import { aPeer, aPool, aService, range } from '../domain/testing/builders.ts';
import { eipAddressConflict } from '../report/eip-conflicts.ts';
import { eipOverlapping } from '../report/eip-overlaps.ts';
import { eipReady } from '../report/eip-status.ts';
import { peerReady, type PeerCircumstances } from '../report/peer-status.ts';
import type { NodeVerdict } from '../health/node-verdict.ts';
import { reasonText, reasonTextWithin } from '../report/reason-text.ts';
import { servicePatch } from '../report/service-patch.ts';
import type { Configuration } from '../report/configuration.ts';
import type { NodeAnswer } from './schemas/node.ts';
import type { Overview } from './schemas/overview.ts';
import type { PeerAnswer } from './schemas/peer.ts';
import type { PoolAnswer } from './schemas/pool.ts';
import type { ServiceAnswer } from './schemas/service.ts';
import { Sentences } from './sentences.ts';
import { aNode } from './testing/facts.ts';
import { ApiBench, bgpPeers, eips, factsOf, kinds, served } from './testing/api-bench.ts';
import { Translations } from './texts.ts';

const translations = new Translations();
const zh = translations.in('zh');

const VALUES: Readonly<Record<string, string>> = {
  ...{
    ip: '192.0.2.1',
    ips: '192.0.2.1, 2001:db8::1',
    family: 'ipv4',
    holder: 'shop/web',
    until: '2026-01-01T00:00:00Z',
  },
  ...{ pool: 'edge.a', pools: 'a, b', node: 'n1.example.com', range: '10.96.0.0/12', mac: '02:00:5e:10:00:0a' },
  ...{ ports: 'TCP 80, UDP 53', class: 'example.com/lb', protocol: 'layer2', max: '8', older: 'old' },
};

function findingWith(reason: Finding['reason']): Finding {
  const holes = [...reasonText(finding(reason)).matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  return finding(reason, Object.fromEntries(holes.map((name) => [name, VALUES[name] ?? assert.fail(name)])));
}

suite('the text of a reason', () => {
  for (const reason of REASONS) {
    test(`${reason} is told as if it had been made in that language`, () => {
      const found = findingWith(reason);
      assert.equal(zh.told(reasonText(found)), zh.reason(found));
    });
  }

  test('does so with others behind it', () => {
    const all = [findingWith('WantedAddressTaken'), findingWith('NamedPoolsIgnored'), findingWith('SharingKeyIgnored')];
    assert.equal(zh.told(all.map(reasonText).join(' ')), all.map((found) => zh.reason(found)).join(''));
  });

  test('names nobody that it did not name', () => {
    const told = zh.told(reasonTextWithin('blog', findingWith('WantedAddressTaken')));
    assert.ok(told.includes(zh.explain('hidden')) && !told.includes('namespace'), told);
  });

  test('says of one among several as well that it is another one', () => {
    const found = finding('HeldByOlderService', { ip: '192.0.2.1', holder: 'shop/web, another Service and shop/api' });
    const told = zh.told(reasonText(found));
    assert.ok(told.includes(zh.explain('hidden')) && told.includes('shop/web') && !told.includes('another'), told);
  });

  test('stays as it is behind the first 1,024 characters', () => {
    const text = reasonText(findingWith('PoolFull'));
    const long = Array.from({ length: 200 }, () => text).join(' ');
    const told = zh.told(long);
    assert.ok(told.startsWith(zh.reason(findingWith('PoolFull'))));
    assert.ok(told.endsWith(long.slice(1_024)));
  });

  test('stays as it is in English, where it is cut off, and behind what nobody knows', () => {
    const text = reasonText(findingWith('PoolFull'));
    assert.equal(translations.in('en').told(text), text);
    assert.equal(zh.told(text.slice(0, -4)), text.slice(0, -4));
    assert.equal(zh.told('No replica has a session. connect ECONNREFUSED'), '没有副本建立会话。connect ECONNREFUSED');
    assert.equal(zh.told(''), '');
  });

  test('takes no longer when somebody has put half of it into a value', () => {
    const trap = ' is held by the Service '.repeat(42);
    const text = `The wanted address ${trap}`;
    assert.equal(zh.told(text), text);
  });
});

const READ: Configuration = { problems: [], ignoredFields: [], warnings: [], earlierInForce: false, generation: 1 };
const problems = [{ field: 'spec.address', message: 'ends before it begins' }];
const POOL = aPool('a', ['192.0.2.0/24'], { createdAt: 1 });
const NOBODY = new Map<string, ReadonlySet<string>>();
const USED = new Map([['192.0.2.1', new Set(['shop/web', 'shop/api'])]]);
const CONFLICT = { replica: 'porter-0', ip: '192.0.2.1', mac: VALUES['mac'] ?? '', link: 'eth0', announced: false };
const SINCE = '2026-01-01T00:00:00Z';
const SESSION = { replica: 'porter-0', node: 'n1', since: SINCE } as const;
const NEGOTIATED = { families: ['ipv4-unicast'], addPaths: [] };

function pool(configuration: Partial<Configuration>, deleting = false, held = NOBODY, disabled = false): string {
  return eipReady({ ...READ, ...configuration }, { pool: { ...POOL, disabled }, deleting, held }).message;
}

function peer(circumstances: Partial<PeerCircumstances>): string {
  return peerReady(READ, { peer: aPeer('r1', '192.0.2.1'), duplicateOf: undefined, replicas: [], ...circumstances })
    .message;
}

function overlaps(other: ReturnType<typeof aPool> | undefined, reserved?: Reserved): string {
  const pools = other === undefined ? [POOL] : [POOL, other];
  const set = new PoolSet(new Map(pools.map((each) => [each.name, each])), reserved);
  return eipOverlapping('a', set.overlaps('a'), [{ type: 'Overlapping', status: 'True' }], 1)?.message ?? '';
}

function conflicts(...nodes: readonly (string | undefined)[]): string {
  const all = nodes.map((node) => ({ ...CONFLICT, since: SINCE, ...(node === undefined ? {} : { node }) }));
  return eipAddressConflict(all, [{ type: 'AddressConflict', status: 'True' }], 1)?.message ?? '';
}

function keeps(): string {
  const plan = { served: true, finding: findingWith('PoolFull'), assignments: [{ ip: '192.0.2.7', pool: 'a' }] };
  const service = aService('shop/web');
  const patch = servicePatch({}, service, { ...plan, ours: ['192.0.2.7'] } as unknown as Plan, new Date(SINCE));
  const [allocated] = (patch?.status['conditions'] ?? []) as { readonly message: string }[];
  return allocated?.message ?? '';
}

const reserved = (nodes: readonly (readonly [string, string])[], ...ranges: string[]): Reserved =>
  new Reserved({ nodes: new Map(nodes), serviceRanges: ranges.map(range), subnets: [] });

/** Whatever statuses are made of. */
const MESSAGES: readonly string[] = [
  pool({}),
  pool({ ignoredFields: ['spec.usingKnownIPs'] }),
  pool({}, false, NOBODY, true),
  pool({}, true),
  pool({}, true, USED),
  pool({ problems }),
  pool({ problems, earlierInForce: true }),
  pool({ problems, standsIn: true }),
  keeps(),
  overlaps(undefined),
  overlaps(aPool('b', ['192.0.2.7'], { createdAt: 2 })),
  overlaps(undefined, reserved([['192.0.2.9', 'n1']])),
  overlaps(undefined, reserved([], '192.0.2.128/25')),
  conflicts(),
  conflicts(undefined),
  conflicts('n1'),
  peer({ duplicateOf: 'r0' }),
  peer({ passwordProblem: 'gone.' }).slice('gone. '.length),
  peer({ passwordProblem: 'gone.', hasPasswordInForce: true }).slice('gone. '.length),
  peer({ passwordProblem: 'gone.', waits: { for: 'password' } }).slice('gone. '.length),
  ...[
    'There is no Secret lb/r1.',
    'The Secret lb/r1 may not be read: RBAC forbids it.',
    'The Secret lb/r1 has not been read yet.',
    'The Secret lb/r1 has no key "password".',
    'The key "password" of the Secret lb/r1 is no UTF-8 text.',
    'The key "password" of the Secret lb/r1 is empty.',
    'The key "password" of the Secret lb/r1 has more than 80 octets.',
  ].map((passwordProblem) => peer({ passwordProblem })),
  peer({ waits: { for: 'neighbour', of: 'r0' } }),
  peer({ replicas: [{ ...SESSION, sessionState: 'Active' }] }),
  peer({
    peer: aPeer('r1', '192.0.2.1', { families: [{ family: 'ipv4', sendMax: 8 }] }),
    replicas: [{ ...SESSION, sessionState: 'Established', negotiated: NEGOTIATED }],
  }),
  peer({
    peer: aPeer('r1', '192.0.2.1', { nextHopSelf: true }),
    replicas: [{ ...SESSION, sessionState: 'Established', negotiated: NEGOTIATED }],
  }),
  peer({
    peer: { ...aPeer('r1', '192.0.2.1'), bfd: {} as never },
    replicas: [
      {
        ...{ ...SESSION, sessionState: 'Established', negotiated: NEGOTIATED },
        bfd: { state: 'Down', since: SINCE, transmitIntervalMs: 300 },
      },
    ],
  }),
  peer({
    replicas: [{ ...SESSION, sessionState: 'Established', negotiated: NEGOTIATED, offSubnetNextHop: '10.0.0.1' }],
  }),
];

/** What is said of probes, asked of the API below; and what is odd about an object, in `spec-texts.test.ts`. */
const ELSEWHERE = [
  ...['hostBits', 'vip', 'sharedRouterId', 'privilegedPort', 'keepaliveLong', 'bfdDelicate'],
  ...['probeAnswered', 'probeSilent', 'probeNone', 'probeBad', 'probeNoHttp'],
  ...['replicaStatus', 'replicaVersion', 'replicaCertificate', 'replicaTooLong'],
];

test('what statuses say is told sentence by sentence, and no sentence is there for nobody', () => {
  const sentences = new Sentences({ statuses: english, reasons: { PoolFull: reasonText(finding('PoolFull')) } });
  const met = new Set<string>(ELSEWHERE);
  for (const message of MESSAGES) {
    let rest = message;
    while (rest !== '') {
      const found = sentences.first(rest);
      assert.ok(found !== undefined, `not known: ${rest}`);
      met.add(found.key);
      rest = rest.slice(found.length).trimStart();
    }
    assert.match(zh.told(message), /\p{Script=Han}/u);
  }
  assert.deepEqual(
    Object.keys(english).filter((key) => !met.has(key)),
    [],
  );
});

const VERDICT: NodeVerdict = {
  ...{ node: 'n1', address: '203.0.113.11', health: 'alive', since: SINCE, found: '', answered: SINCE, status: 200 },
  ...{ misses: 0, ailingMs: 0, witness: undefined, witnessSaid: undefined, flaps: 0 },
};
const anEip = { metadata: { name: 'a' }, spec: { address: '192.0.2.0/29' } };
const aBgpPeer = { metadata: { name: 'r1' }, spec: { conf: { peerAs: 65000, neighborAddress: '203.0.113.1' } } };

const headers = { 'accept-language': 'zh-CN,zh' };

test('the API tells it in the language of who asks, and as it stands there', async (context) => {
  const api = await new ApiBench().start();
  context.after(async () => await api.stop());
  const because = (type: string, reason: string, message: string): object => ({
    ...{ type, status: 'False', reason, message, lastTransitionTime: '2026-01-01T00:00:00Z' },
  });
  const ready = because('Ready', 'PoolDisabled', 'Is disabled and gives no new addresses; those that are held stay.');
  await api.store(eips, { ...anEip, status: { conditions: [ready] } } as never);
  const down = because('Ready', 'NotEstablished', 'No replica has a session. The router has not answered yet.');
  await api.store(bgpPeers, { ...aBgpPeer, status: { conditions: [down] } } as never);
  const said = reasonText(finding('PoolDisabled', { pool: 'a' }));
  const waiting = served('shop/late', '192.0.2.9');
  const conditions = [because('network.kubesphere.io/Allocated', 'PoolDisabled', said)];
  await api.store(kinds.services, { ...waiting, status: { conditions } } as never);
  api.replicas.set('porter-0', factsOf('porter-0', { stale: true }));
  const service = await api.answer<ServiceAnswer>('namespaces/shop/services/late', { headers });
  const told = 'Eip a 已停用，不再分配新地址。请将其 spec.disable 设为 false，或选择其他 Eip。';
  assert.deepEqual([service.allocated?.message, service.allocated?.text], [said, told]);
  const pool = await api.answer<PoolAnswer>('pools/a', { headers });
  const stays = '已停用，不再分配新地址；已分配的地址保持不变。';
  assert.deepEqual([pool.ready?.text, pool.conditions[0]?.text], [stays, stays]);
  const peer = await api.answer<PeerAnswer>('peers/r1', { headers });
  assert.deepEqual([peer.ready?.text, peer.conditions[0]?.text], Array(2).fill('没有副本建立会话。路由器尚未应答。'));
  const texts = async (ask: object): Promise<Record<string, string>> => {
    const { problems } = await api.answer<Overview>('overview', ask);
    return Object.fromEntries(problems.map(({ reason, text }) => [reason, text]));
  };
  const [chinese, english] = [await texts({ headers }), await texts({})];
  assert.equal(chinese['PoolDisabled'], told);
  assert.equal(chinese['ViewStale'], '副本 porter-0 已有五秒或更久没有收到 Kubernetes API server 的消息。');
  assert.equal(english['PoolDisabled'], said);
});

test('what probes found is told so as well', async (context) => {
  const api = await new ApiBench().start();
  context.after(async () => await api.stop());
  for (const [i, found] of [
    'it answers 200',
    'no answer within 500 ms',
    'no probe has ended yet',
    'connection refused',
    'it answers 503 at /livez',
    'what it answers is no HTTP',
  ].entries()) {
    const nodes = [{ ...VERDICT, found, witness: 'host' as const, witnessSaid: 'TCP port 10250: accepted' }];
    api.replicas.set(`porter-${i}`, factsOf(`porter-${i}`, { nodes }));
  }
  await api.store(kinds.nodes, aNode('n1', '203.0.113.11'));
  const { items } = await api.answer<{ items: NodeAnswer[] }>('nodes', { headers });
  assert.ok(items[0]?.evidence.every(({ witnessSaid }) => witnessSaid === 'TCP 端口 10250：已接受连接'));
  assert.deepEqual(
    items[0]?.evidence.map(({ found }) => found),
    ['应答 200', '500 毫秒内无应答', '尚无探测结果', 'connection refused', '/livez 返回 503', '其应答不是 HTTP'],
  );
});
