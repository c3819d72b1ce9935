import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EXIT } from '../failure.ts';
import type { Question } from '../plan.ts';
import { Lost, type Exchange, type Link, type Reply } from './link.ts';
import { Session } from './session.ts';

type Step = Reply | Lost | readonly string[];

const overview: Question = { id: 'getOverview' };
const explanation: Question = { id: 'explainService', params: { namespace: 'shop', name: 'web' } };

function ok(answer: unknown): Reply {
  return { status: 200, body: JSON.stringify(answer) };
}

function failed(code: number, reason: string, details?: object): Reply {
  const status = {
    kind: 'Status',
    message: `it is ${reason}`,
    reason,
    code,
    ...(details === undefined ? {} : { details }),
  };
  return { status: code, body: JSON.stringify(status) };
}

function change(answer: unknown): string {
  return `event: change\ndata: ${JSON.stringify(answer)}\n\n`;
}

/** A manager that answers as written down, whoever asks it by whichever way. */
class Script {
  readonly asked: Exchange[] = [];
  readonly waits: number[] = [];
  tokens = 0;
  opened = 0;
  open = 0;
  readonly #steps: Step[];
  readonly #stop: AbortController;

  constructor(steps: readonly Step[], stop = new AbortController()) {
    this.#steps = [...steps];
    this.#stop = stop;
  }

  get session(): Session {
    return new Session(
      {
        credential: { token: () => Promise.resolve(`token-${this.tokens}`), renew: () => void (this.tokens += 1) },
        open: () => Promise.resolve(this.#link()),
        wait: (ms) => {
          this.waits.push(ms);
          return Promise.resolve();
        },
      },
      { language: 'zh', timeoutMs: 1000, userAgent: 'test' },
    );
  }

  #link(): Link {
    this.opened += 1;
    this.open += 1;
    return {
      send: (exchange) => this.#next(exchange),
      stream: async (exchange, onPiece) => await this.#next(exchange, onPiece),
      close: () => void (this.open -= 1),
    };
  }

  async #next(exchange: Exchange, onPiece?: (piece: string) => void): Promise<Reply> {
    this.asked.push(exchange);
    const step = this.#steps.shift();
    if (this.#steps.length === 0) queueMicrotask(() => this.#stop.abort());
    if (step === undefined) throw new Lost('the script is over');
    if (step instanceof Lost) throw step;
    if (!Array.isArray(step)) return await Promise.resolve(step as Reply);
    for (const piece of step as readonly string[]) onPiece?.(piece);
    return { status: 200, body: '' };
  }
}

const never = new AbortController().signal;

describe('a question', () => {
  it('goes out with the token, the language and what it is about', async () => {
    const script = new Script([ok({ result: 'reachable' })]);
    assert.deepEqual(await script.session.ask(explanation, never), { result: 'reachable' });
    const [exchange] = script.asked;
    assert.equal(exchange?.path, '/kapis/porterlb.kubesphere.io/v1alpha1/namespaces/shop/services/web/explanation');
    assert.equal(exchange.headers['authorization'], 'Bearer token-0');
    assert.equal(exchange.headers['accept-language'], 'zh');
  });

  it('takes all pages of a list', async () => {
    const pages = [
      { items: [1, 2], totalItems: 3 },
      { items: [3], totalItems: 3 },
    ];
    const script = new Script(pages.map(ok));
    const answer = await script.session.ask({ id: 'listPools', query: { limit: '2' } }, never);
    assert.deepEqual(answer, { items: [1, 2, 3], totalItems: 3 });
    assert.match(script.asked[1]?.path ?? '', /pools\?limit=2&page=2$/);
  });

  it('of several pages names who did not answer for one of them', async () => {
    const heard = { name: 'porter-0', answered: true };
    const silent = { name: 'porter-0', answered: false, problem: 'no answer within 300 ms' };
    const other = { name: 'porter-1', answered: true };
    const script = new Script([
      ok({ items: [1], totalItems: 3, replicas: [heard] }),
      ok({ items: [2], totalItems: 3, replicas: [silent, other] }),
      ok({ items: [3], totalItems: 3, replicas: [heard, other] }),
    ]);
    const answer = await script.session.ask({ id: 'listServices' }, never);
    assert.deepEqual(answer, { items: [1, 2, 3], totalItems: 3, replicas: [silent, other] });
  });

  it('is asked again by another way when the way breaks, and the broken one is closed', async () => {
    const script = new Script([new Lost('reset'), new Lost('the certificate of the API has changed'), ok({})]);
    const { session } = script;
    assert.deepEqual(await session.ask(overview, never), {});
    assert.deepEqual([script.opened, script.open], [3, 1]);
    await session.close();
    assert.equal(script.open, 0);
  });

  it('is asked once more with another token, and no more', async () => {
    const renewed = new Script([failed(401, 'Unauthorized'), ok({})]);
    await renewed.session.ask(overview, never);
    assert.deepEqual(
      renewed.asked.map(({ headers }) => headers['authorization']),
      ['Bearer token-0', 'Bearer token-1'],
    );
    const refused = new Script([failed(401, 'Unauthorized'), failed(401, 'Unauthorized'), ok({})]);
    await assert.rejects(refused.session.ask(overview, never), { exitCode: EXIT.refused });
  });

  it('waits as long as the manager says, and gives up in the end', async () => {
    const busy = failed(503, 'NotReady', { retryAfterSeconds: 3 });
    const script = new Script([busy, ok({})]);
    await script.session.ask(overview, never);
    assert.deepEqual(script.waits, [3000]);
    const never_ = new Script([busy, busy, busy, busy, ok({})]);
    await assert.rejects(never_.session.ask(overview, never), {
      message: 'it is NotReady',
      exitCode: EXIT.unreachable,
    });
  });

  it('that is refused says which right is missing', async () => {
    const script = new Script([failed(403, 'Forbidden')]);
    await assert.rejects(script.session.ask(explanation, never), {
      message: 'it is Forbidden',
      exitCode: EXIT.refused,
      hint: /"get" on services\/explanation in the API group porterlb\.kubesphere\.io in the namespace shop/,
    });
    const optional = new Script([failed(403, 'Forbidden')]);
    assert.equal(await optional.session.ask({ ...overview, optional: true }, never), undefined);
  });

  it('about what is not there is told apart from a path that is not there', async () => {
    const gone = new Script([failed(404, 'ObjectNotFound')]);
    await assert.rejects(gone.session.ask(explanation, never), { exitCode: EXIT.notFound });
    const old = new Script([failed(404, 'NotFound')]);
    await assert.rejects(old.session.ask(explanation, never), { exitCode: EXIT.unreachable, hint: /older/ });
  });
});

describe('a simulation of what is not there', () => {
  const NOT_FOUND = { field: 'body.drainNodes', message: 'there is no node n9', reason: 'FieldValueNotFound' };
  const simulation: Question = { id: 'simulate', body: { drainNodes: ['n9'] } };

  for (const [what, causes, exitCode] of [
    ['ends as a question about one object does', [NOT_FOUND], EXIT.notFound],
    ['also where there are more than are listed', [NOT_FOUND, { field: 'body', message: '10 more' }], EXIT.notFound],
    [
      'but as one that makes no sense where something else is wrong too',
      [NOT_FOUND, { field: 'body.pools', message: 'too many', reason: 'FieldValueTooMany' }],
      EXIT.usage,
    ],
    ['and where a manager of an earlier version does not tell', [{ field: 'a', message: 'b' }], EXIT.usage],
    ['and where nothing is named', [], EXIT.usage],
  ] as const) {
    it(what, async () => {
      const script = new Script([failed(400, 'InvalidBody', { causes })]);
      await assert.rejects(script.session.ask(simulation, never), { message: 'it is InvalidBody', exitCode });
    });
  }
});

describe('following', () => {
  async function follow(
    steps: readonly Step[],
    question: Question,
  ): Promise<{ answers: unknown[]; troubles: string[] }> {
    const stop = new AbortController();
    const script = new Script(steps, stop);
    const [answers, troubles]: [unknown[], string[]] = [[], []];
    await script.session.follow(
      question,
      { onAnswer: (answer) => answers.push(answer), onTrouble: (why) => troubles.push(why) },
      stop.signal,
    );
    return { answers, troubles };
  }

  it('tells each change of a stream, wherever its pieces end, and goes on when it ends', async () => {
    const text = change({ a: 1 }) + ':\n\n' + change({ a: 2 });
    const { answers, troubles } = await follow([[...text], [change({ a: 3 })]], overview);
    assert.deepEqual(answers, [{ a: 1 }, { a: 2 }, { a: 3 }]);
    assert.deepEqual(troubles, []);
  });

  it('goes on when the way breaks for longer than it is tried', async () => {
    const lost = Array.from({ length: 4 }, () => new Lost('refused'));
    const { answers, troubles } = await follow([[change(1)], ...lost, [change(2)]], overview);
    assert.deepEqual(answers, [1, 2]);
    assert.deepEqual(troubles, ["the manager can't be reached: refused"]);
  });

  it('pauses before it opens a stream again that has ended, longer each time that one ends without a word', async () => {
    const stop = new AbortController();
    const script = new Script([[change(1)], [], [], [change(2)], [], []], stop);
    await script.session.follow(overview, { onAnswer: () => undefined, onTrouble: () => undefined }, stop.signal);
    assert.deepEqual(script.waits.slice(0, 5), [500, 1000, 2000, 500, 1000]);
  });

  it('asks for all pages, again and again, where a list does not fit into one, whose stream tells of its first page only', async () => {
    const pools: Question = { id: 'listPools', query: { limit: '2' } };
    const first = { items: [1, 2], totalItems: 3 };
    const stop = new AbortController();
    const steps = [
      [change(first)],
      ok(first),
      ok({ items: [3], totalItems: 3 }),
      ok(first),
      ok({ items: [4], totalItems: 3 }),
      ok(first),
    ];
    const script = new Script(steps, stop);
    const answers: unknown[] = [];
    const onAnswer = (answer: unknown): void => void answers.push(answer);
    await script.session.follow(pools, { onAnswer, onTrouble: (why) => assert.fail(why) }, stop.signal);
    assert.deepEqual(answers.slice(0, 2), [
      { items: [1, 2, 3], totalItems: 3 },
      { items: [1, 2, 4], totalItems: 3 },
    ]);
    assert.equal(script.opened, 1);
  });

  it('asks again and again where there is no stream', async () => {
    const { answers } = await follow([ok(1), ok(1), ok(2)], explanation);
    assert.deepEqual(answers, [1, 1, 2]);
  });

  it('ends with what can not get better: a right that was taken away, an object that is gone, nobody there at first', async () => {
    const gone = [`event: error\ndata: ${failed(403, 'Forbidden').body}\n\n`];
    await assert.rejects(follow([[change(1)], gone, []], overview), { exitCode: EXIT.refused });
    await assert.rejects(follow([ok(1), failed(404, 'ObjectNotFound'), ok(1)], explanation), {
      exitCode: EXIT.notFound,
    });
    const lost = Array.from({ length: 4 }, () => new Lost('refused'));
    await assert.rejects(follow([...lost, [change(1)]], overview), { exitCode: EXIT.unreachable });
  });
});
