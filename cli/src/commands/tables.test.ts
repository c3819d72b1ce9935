import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EXIT } from '../failure.ts';
import { coloured } from '../render/view.ts';
import * as answers from '../testing/answers.ts';
import { table, task } from '../testing/tables.ts';
import { explain } from './explain.ts';
import { peers } from './peers.ts';
import { pools } from './pools.ts';
import { preflight } from './preflight.ts';
import { services } from './services.ts';
import { simulateDrain } from './simulate.ts';

const { view } = answers;

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
        reason: 'NoEndpoints',
        text: 'No Pod of the Service is ready, so 192.0.2.1 is not announced.',
      }),
      answers.check('nodes', { result: 'skipped', text: 'Not looked at.' }),
    ],
  });

  it('says what is wrong and what to do first, and goes through the checks', () => {
    assert.equal(
      table(task(explain, 'svc/web'), { explanation: failing }, 60),
      `
Service shop/web: unreachable (NoEndpoints)
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

describe('pools and peers', () => {
  it('a router that is being shut down gracefully is said to be, unless it has no session anyway', () => {
    const state = (more: Parameters<typeof answers.peerSummary>[1]): string => {
      const page = { items: [answers.peerSummary('r1', more)], totalItems: 1, replicas: [] };
      return table(task(peers), { peers: page });
    };
    assert.match(state({ gracefulShutdown: true }), /shutting down gracefully/);
    assert.match(
      state({ gracefulShutdown: true, ready: { ...answers.good, status: 'False', reason: 'NotEstablished' } }),
      /NotEstablished/,
    );
  });

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
    const none = table(task(pools, 'public'), {
      pool: { ...answers.pool('public'), ...more, ...rest },
      addresses: { items: [], totalItems: 0, complete: false },
    });
    assert.match(none, /None of its addresses is in use\.\nFree addresses are not listed, as there are so many\.\n$/);
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
    const down = {
      state: 'Active',
      negotiated: null,
      lastError: 'connection refused',
      lastErrorText: 'connection refused',
      prefixesSent: 0,
    } as const;
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

  it('a finding says of how many it is, whoever may be named', () => {
    const about = (objects: readonly string[], count?: number): string => {
      const finding = { check: 'nodes', result: 'failed', text: 'No.', nextStep: '', objects, count };
      return (
        table(task(preflight), { preflight: { ready: false, checks: [finding] } })
          .split('\n')
          .at(-2) ?? ''
      );
    };
    const ten = Array.from({ length: 10 }, (_, i) => `n${i}`);
    assert.match(about(ten, 40), /It is about n0, n1, n2, n3, n4 and 35 more\.$/);
    assert.match(about([], 3), /It is about 3 objects that you may not see\.$/);
    // An API of an earlier version.
    assert.match(about(ten), /n4 and 5 more\.$/);
  });
});

describe('services', () => {
  it('shows who takes the traffic of each, as far as somebody says so', () => {
    const at = { ip: '192.0.2.1', pool: 'public', protocol: 'bgp' } as const;
    const nodes = ['n1', 'n2', 'n3', 'n4'];
    const page = {
      items: [
        answers.listedService('web', [{ ...at, nodes, more: 2 }]),
        answers.listedService('lan', [{ ...at, protocol: 'layer2', nodes: ['n1'], more: 0 }]),
        answers.listedService('new', [{ ...at, nodes: null, more: 0 }]),
        // Of an earlier version.
        { ...answers.listedService('old', []), takers: undefined },
      ],
      totalItems: 4,
      replicas: [answers.replica('porter-manager-b', { answered: false, problem: 'no answer within 1500 ms' })],
    };
    assert.equal(
      table(task(services), { services: page }),
      `
NAMESPACE   NAME   STATE       AGE   ADDRESS     POOL     NODES        PORTS
shop        web    announced   3h    192.0.2.1   public   n1,n2,n3+3   TCP/80
shop        lan    announced   3h    192.0.2.1   public   n1           TCP/80
shop        new    announced   3h    192.0.2.1   public   -            TCP/80
shop        old    announced   3h    192.0.2.1   public   -            TCP/80

What porter-manager-b on n1 knows is missing, as it did not answer: no answer within 1500 ms
`,
    );
    assert.match(table(task(services), { services: { ...page, replicas: undefined } }), /TCP\/80\n$/);
  });
});

it('colours change nothing of where columns begin', () => {
  const items = [answers.listedService('web', []), answers.listedService('a-longer-name', [])];
  const page = { services: { items, totalItems: 2, replicas: [] } };
  const painted = task(services).table(page, { ...view, paint: coloured });
  assert.notEqual(painted, task(services).table(page, view));
  assert.equal(painted.replaceAll(/\u001b\[\d+m/g, ''), task(services).table(page, view));
});
