import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EXIT, Failure } from '../failure.ts';
import type { ApiReply } from '../reach/api-server.ts';
import { execute } from './execute.ts';
import type { Action, Finding, Step } from './step.ts';
import { cluster } from './testing/clusters.ts';

const OK: ApiReply = { status: 200, body: {} };
const patch = (path: string): Action => ({ do: 'patch', path, type: 'json', body: [] });

function step(id: Step['id'], actions: readonly Action[], more: Partial<Step> = {}): Step {
  return { id, what: `do ${id}`, why: 'it must be', actions, onFailure: 'Run it again.', ...more };
}

/** Plans one after the other, and an API server that answers as it is told. */
class Script {
  readonly calls: string[] = [];
  /** What was tried and not done. */
  readonly tried: string[] = [];
  readonly told: string[] = [];
  readonly stop = new AbortController();
  /** Instead of an answer to what there is. */
  readonly troubles: Error[] = [];
  /** What is found when it is planned anew. */
  later: readonly Finding[] = [];
  /** To what is tried. */
  rehearsal: (call: string) => ApiReply = () => OK;
  waits = 0;
  reads = 0;
  readonly #plans: readonly (readonly Step[])[];
  readonly #answer: (call: string) => ApiReply;

  constructor(plans: readonly (readonly Step[])[], answer: (call: string) => ApiReply = () => OK) {
    this.#plans = plans;
    this.#answer = answer;
  }

  async run(findings: readonly Finding[] = []): Promise<void> {
    const call = async (method: string, path: string): Promise<ApiReply> => {
      const [real = '', isTried] = `${method} ${path}`.split('?dryRun=All');
      if (isTried !== undefined) {
        this.tried.push(real);
        return await Promise.resolve(this.rehearsal(real));
      }
      this.calls.push(real);
      return await Promise.resolve(this.#answer(real));
    };
    await execute({
      api: { call, close: () => undefined },
      read: async () => {
        const trouble = this.troubles.shift();
        if (trouble !== undefined) throw trouble;
        return await Promise.resolve((this.reads += 1)).then(() => cluster('0.6'));
      },
      plan: () => ({
        findings: this.reads > 1 ? [...findings, ...this.later] : findings,
        steps: this.#plans[Math.min(this.reads, this.#plans.length) - 1] ?? [],
      }),
      tell: (text) => this.told.push(text),
      wait: async () => await Promise.resolve((this.waits += 1)).then(() => undefined),
      signal: this.stop.signal,
    });
  }

  async failure(findings: readonly Finding[] = []): Promise<Failure> {
    try {
      await this.run(findings);
    } catch (error) {
      assert.ok(error instanceof Failure, String(error));
      return error;
    }
    throw new Error('it did not fail');
  }
}

describe('a plan that is executed', () => {
  it('is done in order, and made anew where the cluster went on by itself, until nothing is left', async () => {
    const script = new Script([
      [step('stop', [patch('/a'), patch('/b')], { lookAgain: true, inOrder: true }), step('go', [patch('/never')])],
      [step('go', [patch('/c')])],
      [],
    ]);
    await script.run();
    assert.deepEqual(script.calls, ['PATCH /a', 'PATCH /b', 'PATCH /c']);
    assert.deepEqual(
      [script.told.filter((text) => text.startsWith('do ')), script.reads],
      [['do stop (2)', 'do go (1)'], 3],
    );
  });

  it('stops nothing where a write would be refused for which nobody announces, and says which and why', async () => {
    const ledger = step('ledger', [patch('/pool')]);
    const plan = [
      step('hold', [patch('/old')]),
      step('stopOurs', [patch('/ours')], { lookAgain: true }),
      step('end', [{ do: 'awaitEnd', kind: 'DaemonSet', key: 'a/b' }]),
      ledger,
      step('restart', [patch('/old')]),
      step('restoreWebhooks', [patch('/later')]),
    ];
    const script = new Script([plan]);
    script.rehearsal = (call) => {
      return call.endsWith('/pool') ? { status: 403, body: { message: 'a policy denied it' } } : OK;
    };
    const { message, hint, exitCode } = await script.failure();
    assert.equal(message, '"do ledger" would fail: /pool can\'t be written:\na policy denied it');
    assert.match(hint ?? '', /Nothing was stopped: mend that first, then run the same command again\./);
    assert.deepEqual([exitCode, script.calls], [EXIT.refused, []]);
    assert.deepEqual(script.tried, ['PATCH /old', 'PATCH /ours', 'PATCH /pool']);
    const fine = new Script([plan, [ledger, step('restart', [patch('/old')])], []]);
    await fine.run();
    assert.deepEqual(fine.tried, ['PATCH /old', 'PATCH /ours', 'PATCH /pool', 'PATCH /old']);
    assert.deepEqual(fine.calls, ['PATCH /old', 'PATCH /ours', 'PATCH /pool', 'PATCH /old']);
    const [trying, ...done] = fine.told;
    assert.match(trying ?? '', /^Try what will be written while nobody announces, and do nothing of it \(4\)$/);
    assert.equal(done[0], 'do hold (1)');
  });

  it('tries what it can: what changed meanwhile, is gone, or can not be tried is seen when it is done', async () => {
    const webhook = 'admission webhook "x" does not support dry run';
    const answers: readonly ApiReply[] = [
      { status: 404, body: {} },
      { status: 409, body: {} },
      { status: 422, body: {} },
      { status: 400, body: { message: webhook } },
    ];
    for (const answer of answers) {
      const script = new Script([[step('stop', [patch('/a')]), step('go', [patch('/b')])], []]);
      script.rehearsal = () => answer;
      await script.run();
      assert.deepEqual(script.calls, ['PATCH /a', 'PATCH /b'], `${answer.status}`);
    }
  });

  it('tells an object that can not be what it is from one that somebody else wrote first', async () => {
    const causes = [{ field: 'spec.conf.neighborAddress', message: 'must be an IP address' }];
    const body = { message: 'BgpPeer is invalid: spec.conf.neighborAddress', details: { causes } };
    const script = new Script([[step('finalizers', [patch('/a')])]], () => ({ status: 422, body }));
    const { message } = await script.failure();
    assert.equal(message, `"do finalizers" failed: /a can't be written:\n${body.message}`);
    assert.deepEqual(script.calls, ['PATCH /a']);
  });

  it('is made anew where somebody else wrote first, and goes on where something is gone', async () => {
    let first = true;
    const answer = (call: string): ApiReply => {
      if (call.endsWith('/gone')) return { status: 404, body: undefined };
      const status = first ? 422 : 200;
      first = false;
      return { status, body: {} };
    };
    const script = new Script(
      [[step('finalizers', [patch('/a')]), step('storage', [patch('/b')])], [step('storage', [patch('/gone')])], []],
      answer,
    );
    await script.run();
    assert.deepEqual(script.calls, ['PATCH /a', 'PATCH /gone']);
  });

  it('begins nothing more once a write has failed, and plans anew only when all that was begun has ended', async () => {
    const many = Array.from({ length: 400 }, (_, i) => patch(`/${i}`));
    const refused = new Script([[step('finalizers', many)], []], (call) => ({
      status: call === 'PATCH /0' ? 500 : 200,
      body: {},
    }));
    assert.equal((await refused.failure()).exitCode, EXIT.unreachable);
    const { length } = refused.calls;
    assert.ok(length < 40, String(length));
    const stale = new Script([[step('finalizers', many)], [step('storage', [patch('/new')])], []], (call) => ({
      status: call === 'PATCH /0' ? 409 : 200,
      body: {},
    }));
    await stale.run();
    assert.deepEqual([stale.calls.at(-1), stale.calls.length], ['PATCH /new', length + 1]);
  });

  it('does nothing beside an obstacle', async () => {
    const obstacle: Finding = { kind: 'obstacle', text: 'It can not be.', next: 'Do this.', objects: ['shop/web'] };
    const script = new Script([[step('stop', [patch('/a')])]]);
    const { message, hint, exitCode } = await script.failure([obstacle]);
    assert.deepEqual([message, hint, exitCode], ['It can not be.\n  shop/web', 'Do this.', EXIT.problems]);
    assert.deepEqual(script.calls, []);
  });

  it('that is refused says what was to be done, why not, and what comes next', async () => {
    const script = new Script([[step('webhooks', [{ do: 'delete', path: '/w' }])]], () => {
      return { status: 403, body: { message: 'you may not' } };
    });
    const { message, hint, exitCode } = await script.failure();
    assert.equal(exitCode, EXIT.refused);
    assert.equal(message, `"do webhooks" failed: /w can't be written:\nyou may not`);
    assert.equal(hint, 'A takeover takes the rights of a cluster administrator. Run it again.');
  });

  it('waits out an API server that fails while nobody announces, and before that does not', async () => {
    const lost = new Failure(EXIT.unreachable, 'ECONNRESET');
    let failures = 3;
    const answer = (): ApiReply => {
      failures -= 1;
      if (failures === 2) throw lost;
      return failures >= 0 ? { status: 503, body: {} } : OK;
    };
    const stop = step('stop', [patch('/a')], { lookAgain: true });
    const script = new Script([[stop], [step('go', [patch('/b')])], []], answer);
    await script.run();
    assert.deepEqual(script.calls, [...Array<string>(4).fill('PATCH /a'), 'PATCH /b']);
    const reading = new Script([[stop], [step('go', [patch('/b')])], []], () => {
      if (reading.calls.length === 1) reading.troubles.push(lost, lost);
      return OK;
    });
    await reading.run();
    assert.deepEqual([reading.calls, reading.waits], [['PATCH /a', 'PATCH /b'], 2]);
    failures = 3;
    const early = new Script([[step('adopt', [patch('/a')]), stop]], answer);
    assert.equal((await early.failure()).exitCode, EXIT.unreachable);
    assert.equal(early.waits, 0);
    failures = 3;
    const again = new Script([[step('end', [patch('/a')]), step('go', [patch('/b')])], []], answer);
    await again.run();
    assert.equal(again.calls.at(-1), 'PATCH /b');
  });

  it('tells what came up meanwhile, and goes on', async () => {
    const note: Finding = { kind: 'note', text: 'Somebody edited it.', next: 'Look.', objects: ['shop/web'] };
    const script = new Script([[step('stop', [patch('/a')], { lookAgain: true })], [step('go', [patch('/b')])], []]);
    script.later = [note];
    await script.run([{ ...note, text: 'Was there before.' }]);
    assert.deepEqual(script.told, ['do stop (1)', 'meanwhile: Somebody edited it.\n  shop/web', 'do go (1)']);
  });

  it('says which Pods it waited for in vain, and what to do about a dead node', async () => {
    const end = step('end', [{ do: 'awaitEnd', kind: 'DaemonSet', key: 'openelb-system/openelb-speaker' }]);
    const owner = { kind: 'DaemonSet', name: 'openelb-speaker' };
    const dead = { metadata: { name: 'n2' }, status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } };
    const script = new Script([[end]], (call) => {
      if (call.includes('/nodes?')) return { status: 200, body: { items: [dead] } };
      const pod = { metadata: { name: 'x', ownerReferences: [owner] }, spec: { nodeName: 'n2' } };
      if (call.includes('/pods?')) return { status: 200, body: { items: [pod] } };
      return { status: 200, body: { metadata: { namespace: 'openelb-system', name: owner.name } } };
    });
    const { message, hint } = await script.failure();
    assert.match(message, /still there after 180 s\n {2}x on n2, which is not Ready/);
    assert.match(hint ?? '', /--force --grace-period=0/);
  });

  it('that is interrupted says what that leaves', async () => {
    const script = new Script([[step('stop', [patch('/a'), patch('/b')], { inOrder: true })]], () => {
      script.stop.abort();
      return OK;
    });
    const { message, hint, exitCode } = await script.failure();
    assert.deepEqual([message, hint, exitCode], ['"do stop" was interrupted', 'Run it again.', EXIT.interrupted]);
    assert.deepEqual(script.calls, ['PATCH /a']);
  });

  it('gives up where somebody undoes it all the time', async () => {
    const script = new Script([[step('stop', [patch('/a')], { lookAgain: true })]]);
    const { message, exitCode } = await script.failure();
    assert.match(message, /something undoes what was done/);
    assert.equal(exitCode, EXIT.problems);
  });

  it('waits for the last Pod, and not for ever', async () => {
    const end = step('end', [{ do: 'awaitEnd', kind: 'DaemonSet', key: 'openelb-system/openelb-speaker' }]);
    const owner = { kind: 'DaemonSet', name: 'openelb-speaker' };
    let left = 3;
    const answer = (call: string): ApiReply => {
      if (!call.includes('/pods?'))
        return { status: 200, body: { metadata: { namespace: 'openelb-system', name: owner.name } } };
      const items = left > 0 ? [{ metadata: { name: 'x', ownerReferences: [owner] } }] : [];
      left -= 1;
      return { status: 200, body: { items } };
    };
    const script = new Script([[end], []], answer);
    await script.run();
    assert.equal(script.waits, 3);
    left = Infinity;
    const { message } = await new Script([[end]], answer).failure();
    assert.match(message, /Pods of the DaemonSet openelb-system\/openelb-speaker are still there after 180 s/);
  });

  it('waits for the first Pod of what was started before it looks again', async () => {
    const key = 'porterlb-system/porter-manager';
    const start = step('start', [patch('/a'), { do: 'awaitStart', kind: 'DaemonSet', key }], { inOrder: true });
    const owner = { kind: 'DaemonSet', name: 'porter-manager' };
    let missing = 2;
    const script = new Script([[start], []], (call) => {
      if (!call.includes('/pods?'))
        return { status: 200, body: { metadata: { namespace: 'porterlb-system', name: owner.name } } };
      missing -= 1;
      const items = missing >= 0 ? [] : [{ metadata: { name: 'x', ownerReferences: [owner] } }];
      return { status: 200, body: { items } };
    });
    await script.run();
    assert.equal(script.waits, 2);
  });

  /** What is asked of a manager with one Pod that runs and is not Ready. */
  function managed(readyz: () => ApiReply): (call: string) => ApiReply {
    const metadata = { namespace: 'porterlb-system', name: 'porter-manager' };
    const pod = {
      metadata: { name: 'porter-manager-x', ownerReferences: [{ kind: 'DaemonSet', name: metadata.name }] },
      spec: { containers: [{ ports: [{ name: 'metrics', containerPort: 17_980 }] }] },
      status: { containerStatuses: [{ state: { running: {} } }] },
    };
    return (call) => {
      if (call.endsWith('/readyz')) return readyz();
      return { status: 200, body: call.includes('/pods?') ? { items: [pod] } : { metadata } };
    };
  }

  const key = 'porterlb-system/porter-manager';
  const prepare = step('prepare', [{ do: 'awaitPrepared', kind: 'DaemonSet', key }]);
  const stop = step('stop', [patch('/stop')]);

  it('stops nothing before those that come after know the cluster', async () => {
    let lists = 3;
    const script = new Script(
      [[prepare, stop], []],
      managed(() => {
        lists -= 1;
        const body =
          lists < 0 ? 'waiting for the end of another load balancer: x' : 'waiting for the first list of nodes';
        return { status: 503, body };
      }),
    );
    await script.run();
    assert.deepEqual([script.waits, script.calls.at(-1)], [3, 'PATCH /stop']);
  });

  it('stops nothing at all where they never do, and says which and why', async () => {
    const script = new Script(
      [[prepare, stop], []],
      managed(() => ({ status: 503, body: 'waiting for the first list of nodes' })),
    );
    const { message, exitCode } = await script.failure();
    assert.match(
      message,
      /not prepared after 180 s\n {2}porterlb-system\/porter-manager-x: waiting for the first list of/,
    );
    assert.deepEqual([exitCode, script.calls.some((call) => call.startsWith('PATCH'))], [EXIT.problems, false]);
    const gone = new Script([[prepare, stop], []], () => ({ status: 404, body: {} }));
    assert.match((await gone.failure()).message, /porter-manager: there is no such DaemonSet/);
  });

  it('gives those that can not be asked twenty seconds', async () => {
    const script = new Script(
      [[prepare, stop], []],
      managed(() => ({ status: 503, body: { message: 'error trying to reach service' } })),
    );
    await script.run();
    assert.deepEqual([script.waits, script.calls.at(-1)], [99, 'PATCH /stop']);
  });
});
