import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EXIT } from '../failure.ts';
import type { Overview } from '../generated/api.ts';
import * as answers from '../testing/answers.ts';
import { table, task } from '../testing/tables.ts';
import { status } from './status.ts';

const { view } = answers;

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
      ...{ message: 'It is not as it should be.', text: 'It is not as it should be.' },
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
    for (const height of [24, 40]) {
      const text = task(status).table(given, { ...view, height });
      const lines = text.split('\n');
      const screen = lines.slice(0, height - 1).join('\n');
      assert.match(screen, /^PorterLB 0\.1\.0: bad/);
      assert.match(screen, /\n40 problems:\n {2}Service shop\/000: Reason000\n/);
      assert.match(screen, /\n {2}and \d+ more: kubectl porterlb status -o json\n/);
      assert.ok(lines.length <= height, `${lines.length} lines`);
    }
    const calm = { ...given, overview: answers.overview() };
    const text = task(status).table(calm, { ...view, height: 24 });
    assert.ok(text.split('\n').length <= 24, text);
    assert.match(text, /PEER .*\nr033 .* 0\/2 /);
    assert.match(text, /\nand 4\d more: kubectl porterlb peers\n/);
    assert.match(text, /POOL .*\nbroken .* Invalid .*\nfull .*\n/);
    assert.match(text, /\nand 59\d more: kubectl porterlb pools\n/);
  });

  it('is one screen with problems of many lines and replicas that are silent as well', () => {
    const routersOf = Array.from({ length: 9 }, (_, i) => answers.peerSummary(`r${i}`, { established: 1 }));
    const poolsOf = Array.from({ length: 9 }, (_, i) => answers.pool(`p${i}`));
    const message =
      'No Pod of the Service is ready, so that it is not announced. Look at the Pods and at the selector.';
    const counts = Array.from({ length: 9 * 7 }, (_, i) => [i % 9, Math.floor(i / 9)] as const);
    const cases = [24, 30, 40].flatMap((height) => counts.map((count) => [height, ...count] as const));
    for (const [height, count, quiet] of cases) {
      const problems = Array.from({ length: count }, (_, i) => ({
        ...({ kind: 'Service', reason: `Reason${i}`, count: 1, objects: [`shop/${i}`] } as const),
        ...{ message: message.repeat(1 + (i % 3)), text: message },
      }));
      const replicas = Array.from({ length: quiet }, (_, i) =>
        answers.replica(`porter-manager-${i}`, { answered: false, node: `n${i}`, problem: 'no answer within 1500 ms' }),
      );
      const given = {
        overview: answers.overview({ health: 'bad', problems, replicas }),
        pools: { items: poolsOf, totalItems: 9 },
        peers: { items: routersOf, totalItems: 9, replicas: [] },
      };
      const text = task(status).table(given, { ...view, width: 80, height });
      const lines = text.split('\n').length;
      assert.ok(lines <= height, `${count} problems, ${quiet} silent: ${lines} lines\n${text}`);
      assert.match(text, /PEER .*\nr\d/);
      assert.match(text, /POOL .*\np\d/);
      assert.match(text, count > 0 ? /Service shop\/0/ : /No problems/);
      assert.match(text, quiet > 0 ? /porter-manager-0|of \d more replicas?: kubectl/ : /Replicas/);
    }
  });

  it('is cut nowhere where nobody looks at a screen', () => {
    const names = Array.from({ length: 40 }, (_, i) => String(i).padStart(3, '0'));
    const text = 'No Pod of the Service is ready, so that it is not announced. Look at the Pods. '.repeat(40);
    const problems = names.map((name) => ({
      ...({ kind: 'Service', reason: `Reason${name}`, count: 1, objects: [`shop/${name}`] } as const),
      ...{ message: text, text },
    }));
    const replicas = names.map((name) => answers.replica(`manager-${name}`, { answered: false, problem: 'too late' }));
    const given = {
      overview: answers.overview({ health: 'bad', problems, replicas }),
      pools: { items: names.map((name) => answers.pool(`p${name}`)), totalItems: 40 },
      peers: { items: names.map((name) => answers.peerSummary(`r${name}`)), totalItems: 40, replicas: [] },
    };
    const all = task(status).table(given, { ...view, height: undefined });
    for (const name of names) {
      for (const what of [`Service shop/${name}: `, `What manager-${name} `, `\nr${name} `, `\np${name} `]) {
        assert.ok(all.includes(what), what);
      }
    }
    assert.equal(all.match(/Look\s+at/g)?.length, 40 * 40);
    assert.doesNotMatch(all, / more|\.\.\./);
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
What porter-manager-b on n2 knows is missing, as it did not answer: it took too
long
`,
    );
    assert.equal(task(status).exitCode(given), EXIT.problems);
    const overview = answers.overview({ health: 'bad', problems: [{ ...problem, text: '没有就绪的 Pod。' }] });
    const told = table(task(status), { ...given, overview }, 80);
    assert.ok(told.includes('没有就绪的 Pod。') && !told.includes('No Pod of'), told);
  });
});
