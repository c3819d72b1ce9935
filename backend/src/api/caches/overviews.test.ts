import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Admitted } from '../identity/gate.ts';
import type { Word } from '../replicas/gather.ts';
import { Overviews } from './overviews.ts';
import type { Overview } from '../schemas/overview.ts';
import { ApiBench, eips, kinds, served } from '../testing/api-bench.ts';

/** Who may list the Services of these namespaces; `*`: of all. */
function whoSees(...namespaces: readonly string[]): Admitted {
  return {
    caller: { user: 'u', via: 'kubernetes', uid: undefined, groups: [], extra: {} },
    seesAll: async () => await Promise.resolve(namespaces.includes('*')),
    may: async ({ namespace }) => await Promise.resolve(namespaces.includes(namespace ?? '')),
    didLast: () => undefined,
  };
}

suite('an answer about all Services', () => {
  const ALL = ['a', 'b', 'c'];

  function counting(): { readonly built: string[][]; readonly overviews: Overviews<{ readonly names: string[] }> } {
    const built: string[][] = [];
    const overviews = new Overviews((_words, audience) => {
      const names = ALL.filter((namespace) => audience.sees(namespace));
      built.push(names);
      return { names };
    });
    return { built, overviews };
  }

  test('is made once for all who see the same, as long as the words of the replicas are the same', async () => {
    const { built, overviews } = counting();
    const words: Word[] = [];
    const ask = async (...namespaces: string[]): Promise<string> =>
      (await overviews.of(words, whoSees(...namespaces))).names.join('');
    for (let i = 0; i < 3; i += 1) {
      assert.deepEqual(
        [await ask('*'), await ask('a'), await ask('b', 'a'), await ask('a', 'b'), await ask(), await ask('d')],
        ['abc', 'a', 'ab', 'ab', '', ''],
      );
    }
    assert.equal(built.length, 4);
    await overviews.of([], whoSees('a'));
    assert.equal(built.length, 6);
  });

  test('is nobody else’s where two are asked for at once by other words', async () => {
    const { overviews } = counting();
    const [older, newer]: [Word[], Word[]] = [[], []];
    const answers = await Promise.all([
      overviews.of(older, whoSees('a')),
      overviews.of(newer, whoSees('*')),
      overviews.of(older, whoSees('b')),
      overviews.of(newer, whoSees('c')),
    ]);
    assert.deepEqual(
      answers.map(({ names }) => names.join('')),
      ['a', 'abc', 'b', 'c'],
    );
  });
});

test('the overview of each tenant names what he may see, whoever asked before him', async (context) => {
  const api = await new ApiBench().start();
  context.after(async () => await api.stop());
  await api.store(kinds.namespaces, { metadata: { name: 'shop' } }, { metadata: { name: 'bank' } });
  await api.store(eips, { metadata: { name: 'a' }, spec: { address: '192.0.2.0/29' } });
  const at = { status: 'False', reason: 'PoolFull', lastTransitionTime: '2026-01-02T00:00:00Z' };
  for (const key of ['shop/web', 'bank/vault']) {
    const service = served(key, '192.0.2.1');
    const message = `Nothing is left for ${key}.`;
    const conditions = [{ ...at, message, type: 'network.kubesphere.io/Allocated' }];
    await api.store(kinds.services, { ...service, status: { conditions } });
  }
  for (const name of ['shop', 'bank']) api.users.set(name, { name, may: ['get overview', `list services ${name}`] });
  api.users.set('neither', { name: 'neither', may: ['get overview'] });
  const named = async (token: string): Promise<string> => {
    const { problems } = await api.answer<Overview>('overview', { token });
    return problems.flatMap(({ kind, objects }) => (kind === 'Service' ? objects : [])).join(' ');
  };
  for (const [token, expected] of [
    ['admin', 'bank/vault shop/web'],
    ['neither', ''],
    ['shop', 'shop/web'],
    ['bank', 'bank/vault'],
    ['neither', ''],
    ['shop', 'shop/web'],
    ['admin', 'bank/vault shop/web'],
  ] as const) {
    assert.equal(await named(token), expected, token);
    const text = JSON.stringify(await api.answer('overview', { token }));
    if (token === 'shop') assert.doesNotMatch(text, /vault/);
    if (token === 'neither') assert.doesNotMatch(text, /vault|web/);
  }
});
