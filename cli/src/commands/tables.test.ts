import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EXIT } from '../failure.ts';
import type { Overview } from '../generated/api.ts';
import type { AnyAnswers, AnyTask } from '../plan.ts';
import { coloured } from '../render/view.ts';
import * as answers from '../testing/answers.ts';
import type { Command } from './command.ts';
import { explain } from './explain.ts';
import { path } from './path.ts';
import { peers } from './peers.ts';
import { pools } from './pools.ts';
import { preflight } from './preflight.ts';
import { services } from './services.ts';
import { simulateDrain } from './simulate.ts';
import { status } from './status.ts';

const { view } = answers;

function task(command: Command, ...words: string[]): AnyTask {
  return command.prepare({ words, namespace: 'shop', allNamespaces: false, addresses: false });
}

/** The table as a text that begins with an empty line, to be compared with one that is written that way. */
function table(prepared: AnyTask, given: AnyAnswers, width = view.width): string {
  return `\n${prepared.table(given, { ...view, width })}`;
}

describe('status', () => {
  const page = { pools: { items: [answers.pool('public', { isDefault: true })], totalItems: 1 } };
  const routers = { peers: { items: [answers.peerSummary('r1', { established: 1 })], totalItems: 1, replicas: [] } };

  it('has everything on one screen, and ends with 0 if all is well', () => {
    const given = { overview: answers.overview(), ...page, ...routers };
    assert.equal(
      table(task(status), given),
      `
PorterLB 0.1.0: good, everything is as it should be
Services   12 served, 11 with an address, 11 announced
Pools      1 of 1 ready, 11 addresses in use
Peers      1 of 1 with a session
Nodes      3 of 3 alive
Replicas   2 of 2 answer

No problems.

PEER   ADDRESS    AS      SESSIONS   STATE   AGE
r1     10.0.0.1   65000   1/2        ready   3h

POOL               PROTOCOL   STATE   USED   SIZE   PRIORITY   AGE   ADDRESSES
public (default)   bgp        ready   11     254    0          3h    192.0.2.0-192.0.2.255
`,
    );
    assert.equal(task(status).exitCode(given), EXIT.fine);
  });

  it('is one screen, however many pools, routers and problems there are: what is wrong first, then what is down or fullest', () => {
    const all = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i).padStart(3, '0'));
    const problems = all(40).map((name) => ({
      ...({ kind: 'Service', reason: `Reason${name}`, count: 1, objects: [`shop/${name}`] } as const),
      message: 'It is not as it should be.',
    }));
    const manyPools = all(600).map((name) =>
      answers.pool(name, { use: { size: '254', used: 3, released: 0, conflicts: 0 } }),
    );
    manyPools[300] = answers.pool('full', { use: { size: '4', used: 4, released: 0, conflicts: 0 } });
    manyPools[400] = answers.pool('broken', { ready: { ...answers.good, status: 'False', reason: 'Invalid' } });
    const routersOf = (down: number): ReturnType<typeof answers.peerSummary>[] =>
      all(50).map((name, i) => answers.peerSummary(`r${name}`, { established: i === down ? 0 : 2 }));
    const given = {
      overview: answers.overview({ health: 'bad', problems }),
      pools: { items: manyPools, totalItems: 601 },
      peers: { items: routersOf(33), totalItems: 50, replicas: [] },
    };
    for (const height of [24, 40, undefined]) {
      const text = task(status).table(given, { ...view, height });
      const lines = text.split('\n');
      const screen = lines.slice(0, (height ?? 24) - 1).join('\n');
      assert.match(screen, /^PorterLB 0\.1\.0: bad/);
      assert.match(screen, /\n40 problems:\n {2}Service shop\/000: Reason000\n/);
      assert.match(screen, /\n {2}and \d+ more: kubectl porterlb status -o json\n/);
      assert.ok(lines.length < (height ?? 24) + 10, `${lines.length} lines`);
    }
    const calm = { ...given, overview: answers.overview() };
    const text = task(status).table(calm, { ...view, height: 24 });
    assert.ok(text.split('\n').length <= 24, text);
    assert.match(text, /PEER .*\nr033 .* 0\/2 /);
    assert.match(text, /\nand 4\d more: kubectl porterlb peers\n/);
    assert.match(text, /POOL .*\nbroken .* Invalid .*\nfull .*\n/);
    assert.match(text, /\nand 59\d more: kubectl porterlb pools\n/);
  });

  it('names what is wrong, how often, and who did not answer; and ends with 1', () => {
    const problem: Overview['problems'][number] = {
      ...{ reason: 'NoEndpoints', count: 7, objects: ['a/1', 'a/2', 'a/3', 'a/4', 'a/5'] },
      kind: 'Service',
      message: 'No Pod of the Service is ready, so 192.0.2.9 is not announced. Look at the Pods and at the selector.',
      text: '',
    };
    const silent = answers.replica('porter-manager-b', { answered: false, node: 'n2', problem: 'it took too long' });
    const given = {
      overview: answers.overview({ health: 'bad', problems: [problem], replicas: [silent] }),
      ...page,
      ...routers,
    };
    const text = table(task(status), given, 80);
    assert.equal(
      text.slice(text.indexOf('1 problem'), text.indexOf('\nPEER')),
      `1 problem:
  Service a/1, a/2, a/3, a/4, a/5 and 2 more: NoEndpoints
    No Pod of the Service is ready, so 192.0.2.9 is not announced. Look at the
    Pods and at the selector.
What porter-manager-b on n2 knows is missing, as it did not answer: it took too long
`,
    );
    assert.equal(task(status).exitCode(given), EXIT.problems);
  });
});

describe('explain', () => {
  const failing = answers.explanation({
    ...{
      result: 'unreachable',
      sentence: "The Service can't be reached: no Pod is ready.",
      nextStep: 'Look at the Pods.',
    },
    checks: [
      answers.check('served'),
      answers.check('address', { details: ['Eip a: it is full.', 'Eip b: it is disabled.'] }),
      answers.check('endpoints', {
        result: 'failed',
        text: 'No Pod of the Service is ready, so 192.0.2.1 is not announced.',
      }),
      answers.check('nodes', { result: 'skipped', text: 'Not looked at.' }),
    ],
  });

  it('says what is wrong and what to do first, and goes through the checks', () => {
    assert.equal(
      table(task(explain, 'svc/web'), { explanation: failing }, 60),
      `
Service shop/web: unreachable
The Service can't be reached: no Pod is ready.

Look at the Pods.

CHECK       RESULT
served      passed    Fine.
address     passed    Fine.
                      Eip a: it is full.
                      Eip b: it is disabled.
endpoints   failed    No Pod of the Service is ready, so
                      192.0.2.1 is not announced.
nodes       skipped   Not looked at.
`,
    );
  });

  it('has nothing to advise where all is well', () => {
    const text = table(task(explain, 'web'), { explanation: answers.explanation() });
    assert.doesNotMatch(text, /Nothing needs to be done/);
  });

  it('breaks lines of Chinese by the columns that it takes', () => {
    const text = '该 Service 没有就绪的 Pod，因此 192.0.2.1 未被发布。';
    const given = answers.explanation({ checks: [answers.check('endpoints', { text })] });
    assert.equal(
      table(task(explain, 'web'), { explanation: given }, 50).split('\n').slice(-4).join('\n'),
      `endpoints   passed   该 Service 没有就绪的 Pod，因
                     此 192.0.2.1 未被发布。
`.replace(/^/, 'CHECK       RESULT\n'),
    );
  });

  it('ends with 0 if the Service can be reached, with warnings or without, and with 1 if not or if that is not known', () => {
    const codes = (['reachable', 'warning', 'unreachable', 'unknown'] as const).map((result) =>
      task(explain, 'web').exitCode({ explanation: answers.explanation({ result }) }),
    );
    assert.deepEqual(codes, [EXIT.fine, EXIT.fine, EXIT.problems, EXIT.problems]);
  });

  it('asks for the Service that is named, in each way of naming one', () => {
    for (const words of [['web'], ['svc/web'], ['service/web'], ['svc', 'web']]) {
      assert.deepEqual(task(explain, ...words).plan, {
        explanation: { id: 'explainService', params: { namespace: 'shop', name: 'web' } },
      });
    }
    for (const words of [[], ['deploy/web'], ['web', 'api'], ['Web'], ['svc/a/b']]) {
      assert.throws(() => task(explain, ...words), { exitCode: EXIT.usage }, words.join(' '));
    }
  });
});

describe('path', () => {
  it('shows who takes the traffic and what each router is told', () => {
    assert.equal(
      table(task(path, 'web'), { service: answers.service() }),
      `
Service shop/web: TCP/80, externalTrafficPolicy Cluster

192.0.2.1
  Pool    public (bgp)
  State   The address 192.0.2.1 is announced.
  Nodes   n1 10.0.0.11
  PEER   TOLD BY            SESSION                 MED   NEXT HOPS
  r1     porter-manager-a   Established, ADD-PATH   100   10.0.0.11
`,
    );
    assert.equal(task(path, 'web').exitCode({ service: answers.service() }), EXIT.fine);
  });

  it('says why there is no address, or nobody who takes its traffic, and ends with 1', () => {
    const waiting = {
      status: 'False',
      reason: 'PoolExhausted',
      message: 'The Eip public is full.',
      text: 'The Eip public is full.',
      since: null,
    } as const;
    const without = { service: answers.service({ paths: [], allocated: waiting }) };
    assert.match(table(task(path, 'web'), without), /It has no address: The Eip public is full\.\n$/);
    assert.equal(task(path, 'web').exitCode(without), EXIT.problems);
    const nobody = {
      service: answers.service({ paths: [answers.servicePath({ announced: false, nodes: [], peers: [] })] }),
    };
    assert.match(table(task(path, 'web'), nobody), / {2}Nodes {3}nobody\n$/);
    assert.equal(task(path, 'web').exitCode(nobody), EXIT.problems);
    const unknown = { service: answers.service({ paths: [answers.servicePath({ announced: null })] }) };
    assert.equal(task(path, 'web').exitCode(unknown), EXIT.problems);
  });
});

describe('pools and peers', () => {
  it('a list of routers names the replica that does not answer, as its session is not known', () => {
    const silent = answers.replica('porter-manager-b', { answered: false, problem: 'no answer within 1500 ms' });
    const page = { items: [answers.peerSummary('r1', { established: 1 })], totalItems: 1, replicas: [silent] };
    assert.equal(
      table(task(peers), { peers: page }),
      `
PEER   ADDRESS    AS      SESSIONS   STATE   AGE
r1     10.0.0.1   65000   1/2        ready   3h

What porter-manager-b on n1 knows is missing, as it did not answer: no answer within 1500 ms
`,
    );
  });

  it('an address that the caller may not see is not named', () => {
    const address = { ip: '192.0.2.1', state: 'used', since: null, restsUntil: null, heldBy: null } as const;
    const page = { items: [{ ...address, services: [null] }], totalItems: 1, complete: true };
    const more = {
      conditions: [],
      interface: '',
      namespaces: ['shop'],
      hasNamespaceSelector: false,
      hasServiceSelector: false,
    };
    const rest = { hasNodeSelector: false, avoidBuggyIPs: false, reuseAfterSeconds: 0, peers: ['r1'], overlaps: [] };
    const text = table(task(pools, 'public'), {
      pool: { ...answers.pool('public'), ...more, ...rest },
      addresses: page,
    });
    assert.match(text, /ADDRESS {5}STATE {3}SINCE {3}WHO\n192\.0\.2\.1 {3}used {4}- {7}\(not yours\)\n$/);
    const unseen = table(task(pools, 'public'), {
      pool: { ...answers.pool('public'), ...more, ...rest },
      addresses: undefined,
    });
    assert.match(unseen, /You may not see who has its addresses/);
  });

  it('states say what was done to an object on purpose before what its condition says', () => {
    const items = [
      answers.pool('a', { disabled: true }),
      answers.pool('b', { deleting: true }),
      answers.pool('c', { ready: null }),
      answers.pool('d', { ready: { ...answers.good, status: 'False', reason: 'Overlaps' } }),
    ];
    const text = table(task(pools), { pools: { items, totalItems: 9 } });
    for (const state of ['disabled', 'deleting', 'not known yet', 'Overlaps']) assert.match(text, new RegExp(state));
    assert.match(text, /The first 4 of 9\.\n$/);
  });

  it('a router that hears from each replica of its own node alone is told apart', () => {
    const peerText = (nextHopSelf: boolean): string =>
      table(task(peers, 'r1'), { peer: answers.peer('r1', { nextHopSelf }) }, 120);
    assert.match(peerText(true), /^Next hop +of each replica its own node's \(nextHopSelf\)$/m);
    assert.doesNotMatch(peerText(false), /^Next hop /m);
  });

  it('a session says what it has negotiated, or what ended it', () => {
    const down = { state: 'Active', negotiated: null, lastError: 'connection refused', prefixesSent: 0 } as const;
    const notification = { sentBy: 'router', code: 2, subcode: 2, meaning: 'Look at the AS number.' } as const;
    const bfd = {
      state: 'Down',
      ...{ since: '2026-01-01T11:00:00Z', diagnostic: 'no answer', remoteDiagnostic: null },
      ...{ transmitIntervalMs: 300, detectionTimeMs: null, problem: null },
    } as const;
    const live = [
      answers.session('porter-manager-a'),
      answers.session('porter-manager-b', { ...down, node: 'n2', notification, bfd }),
    ];
    const text = table(task(peers, 'r1'), { peer: answers.peer('r1', { live }) }, 120);
    assert.equal(
      text.slice(text.indexOf('REPLICA')),
      `REPLICA            NODE   SESSION       SINCE   ROUTES   NEGOTIATED, OR WHY NOT
porter-manager-a   n1     Established   3h      11       ipv4-unicast with ADD-PATH, graceful restart (120 s), enhanced
                                                         refresh, extended messages
porter-manager-b   n2     Active        3h      0        connection refused
                                                         Look at the AS number.
                                                         BFD Down: no answer
`,
    );
  });
});

describe('simulate and preflight', () => {
  const standing = { announced: true, reason: null, nodes: ['n1', 'n2'], peers: ['r1'] };
  const change = { ip: '192.0.2.1', services: ['shop/web'], before: standing };

  it('says what would be lost and moved, and ends with 1 if anything is lost', () => {
    const simulation = {
      ...{ loses: 1, unknown: 0, moves: 1, gains: 0, keeps: 9, replicas: [answers.replica('porter-manager-a')] },
      changes: [
        { ...change, effect: 'loses', after: { ...standing, announced: false, reason: 'NoEndpoints', nodes: [] } },
        { ...change, ip: '192.0.2.2', effect: 'moves', after: { ...standing, nodes: ['n2'] } },
      ],
    };
    assert.equal(
      table(task(simulateDrain, 'n1'), { simulation }),
      `
Without n1: 1 address could not be reached any more, 1 address would move, 9 addresses would stay as
they are. Nothing was done.

EFFECT   ADDRESS     SERVICES   BEFORE -> AFTER
loses    192.0.2.1   shop/web   n1 n2, heard by r1
                                -> NoEndpoints
moves    192.0.2.2   shop/web   n1 n2, heard by r1
                                -> n2, heard by r1
`,
    );
    assert.equal(task(simulateDrain, 'n1').exitCode({ simulation }), EXIT.problems);
    assert.equal(task(simulateDrain, 'n1').exitCode({ simulation: { ...simulation, loses: 0 } }), EXIT.fine);
    assert.deepEqual(task(simulateDrain, 'n1', 'node/n2').plan, {
      simulation: { id: 'simulate', body: { drainNodes: ['n1', 'n2'] } },
    });
  });

  it('names the replica that did not answer, says what is not known for that, and never ends with 0 then', () => {
    const missing = { name: 'porter-manager-b', node: 'n2', answered: false, problem: 'no answer within 1500 ms' };
    const simulation = {
      ...{ loses: 0, unknown: 1, moves: 0, gains: 0, keeps: 9 },
      changes: [{ ...change, effect: 'unknown', after: { ...standing, announced: null, peers: [] } }],
      replicas: [answers.replica('porter-manager-a'), missing],
    };
    assert.equal(
      table(task(simulateDrain, 'n1'), { simulation }),
      `
Without n1: no address would be lost as far as is known, of 1 address it is not known, 9 addresses
would stay as they are. Nothing was done.

EFFECT    ADDRESS     SERVICES   BEFORE -> AFTER
unknown   192.0.2.1   shop/web   n1 n2, heard by r1
                                 -> not known

What porter-manager-b on n2 knows is missing, as it did not answer: no answer within 1500 ms
`,
    );
    assert.equal(task(simulateDrain, 'n1').exitCode({ simulation }), EXIT.problems);
    const nothing = { ...simulation, unknown: 0, changes: [] };
    assert.equal(task(simulateDrain, 'n1').exitCode({ simulation: nothing }), EXIT.problems);
  });

  it('a finding comes with what to do and what it is about', () => {
    const finding = {
      check: 'pools',
      result: 'failed',
      text: 'There is no pool.',
      nextStep: 'Create an Eip.',
      objects: ['a'],
    };
    const given = { preflight: { ready: false, checks: [finding] } };
    assert.equal(
      table(task(preflight), given),
      `
Something is in the way: 1 finding.

CHECK   RESULT
pools   failed   There is no pool.
                 Create an Eip.
                 It is about a.
`,
    );
    assert.equal(task(preflight).exitCode(given), EXIT.problems);
  });
});

it('colours change nothing of where columns begin', () => {
  const page = { services: { items: [answers.service(), answers.service({ name: 'a-longer-name' })], totalItems: 2 } };
  const painted = task(services).table(page, { ...view, paint: coloured });
  assert.notEqual(painted, task(services).table(page, view));
  assert.equal(painted.replaceAll(/\u001b\[\d+m/g, ''), task(services).table(page, view));
});
