import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { pass, settle } from '../../cluster/fake/passage.ts';
import type { Replica } from '../../domain/replica.ts';
import { FakeClock } from '../../platform/fake/clock.ts';
import { announced } from '../testing/facts.ts';
import { factsOf } from '../testing/api-bench.ts';
import { wordsOfAddresses, type AddressesReport } from './addresses.ts';
import { ADDRESSES_LIMITS, Gather, type GatherDeps, type GatherLimits, type Word } from './gather.ts';

function replica(name: string): Replica {
  return { name, node: name, address: '10.0.0.1' };
}

const SELF = replica('a');
const IP = '192.0.2.1';

type Question = 'all' | 'addresses';

/** Replica `a`, who asks, and others. */
class Bench {
  readonly clock = new FakeClock();
  members: readonly string[] = ['a', 'b'];
  /** What it says of the question when it is asked; undefined: nothing, ever. */
  silence: (name: string, question: Question) => string | undefined = () => undefined;
  hangs: (name: string, question: Question) => boolean = () => false;
  readonly asked = { all: 0, addresses: 0 };
  readonly gather = this.#gather('all', (name) => factsOf(name, { leads: name === 'b' }), {});
  readonly gatherAddresses = this.#gather<AddressesReport>(
    'addresses',
    (_name, ips) => ({ addresses: ips.map((ip) => announced(ip, 'shop/web', [])) }),
    { passedOver: (other) => this.gather.hungFor(other), ...ADDRESSES_LIMITS },
  );

  async of(...ips: readonly string[]): Promise<readonly Word[]> {
    return await wordsOfAddresses(this, ips);
  }

  /** By the name of each replica the addresses that it tells of, or why it tells nothing. */
  async told(...ips: readonly string[]): Promise<Record<string, string>> {
    const words = await this.of(...ips);
    return Object.fromEntries(
      words.map((word) => [
        word.replica.name,
        'facts' in word ? word.facts.addresses.map(({ ip }) => ip).join() : word.problem,
      ]),
    );
  }

  #gather<Facts>(
    question: Question,
    says: (name: string, ips: readonly string[]) => Facts,
    { passedOver, ...limits }: Partial<GatherLimits> & Pick<GatherDeps<Facts>, 'passedOver'>,
  ): Gather<Facts> {
    const say = async (name: string, ips: readonly string[]): Promise<Facts> => {
      await settle();
      const problem = this.silence(name, question);
      if (problem !== undefined) throw new Error(problem);
      if (this.hangs(name, question)) return await new Promise<never>(() => undefined);
      return says(name, ips);
    };
    const deps = {
      ...{ clock: this.clock, members: () => this.members.map(replica) },
      own: async (ips: readonly string[]) => await say('a', ips),
      ask: async ({ name }: Replica, ips: readonly string[]) => {
        this.asked[question] += 1;
        return await say(name, ips);
      },
    };
    return new Gather(passedOver === undefined ? deps : { ...deps, passedOver }, { self: SELF, ...limits });
  }
}

suite('what replicas say of addresses', () => {
  test('is told together with what they say of all', async () => {
    const [own, other] = await new Bench().of(IP);
    assert.deepEqual(own, { replica: SELF, facts: factsOf('a', { addresses: [announced(IP, 'shop/web', [])] }) });
    assert.ok(other !== undefined && 'facts' in other && other.facts.leads);
  });

  test('is asked alone, however many ask: what is said of all is asked for once a second', async () => {
    const bench = new Bench();
    for (let i = 0; i < 200; i += 1) {
      assert.deepEqual(await bench.told(`10.0.0.${i}`), { a: `10.0.0.${i}`, b: `10.0.0.${i}` });
      bench.clock.advance(25);
    }
    assert.equal(bench.asked.addresses, 200);
    assert.ok(bench.asked.all <= 7, `${bench.asked.all} times in five seconds`);
  });

  test('is shared while it is asked for, and not kept', async () => {
    const bench = new Bench();
    const all = await Promise.all(Array.from({ length: 50 }, async () => await bench.told(IP)));
    assert.deepEqual(new Set(all.map((told) => JSON.stringify(told))), new Set([JSON.stringify({ a: IP, b: IP })]));
    assert.equal(bench.asked.addresses, 1);
    await bench.told(IP);
    assert.equal(bench.asked.addresses, 2);
  });

  test('is told of a thousand that are asked for at the moment when one begins to hang', async () => {
    const bench = new Bench();
    await bench.gather.all();
    bench.hangs = (name, question) => name === 'b' && question === 'addresses';
    const ips = Array.from({ length: 1_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    const told: string[] = [];
    const work = ips.map(async (ip) => {
      const [word] = await bench.of(ip);
      if (word !== undefined && 'facts' in word && word.facts.addresses.some((said) => said.ip === ip)) told.push(ip);
    });
    const failed = Promise.allSettled(work).then((all) => all.filter(({ status }) => status === 'rejected').length);
    await pass(bench.clock, 5_000, 50);
    assert.deepEqual([await failed, told.length], [0, 1_000]);
  });

  test('is asked of nobody where there is no address', async () => {
    const bench = new Bench();
    assert.deepEqual(await bench.of(), await bench.gather.all());
    assert.deepEqual(bench.asked, { all: 1, addresses: 0 });
  });

  for (const silent of ['all', 'addresses'] as const) {
    test(`is not told by who does not answer when it is asked for ${silent}, which is named`, async () => {
      const bench = new Bench();
      bench.silence = (name, question) => (name === 'b' && question === silent ? 'read ECONNRESET' : undefined);
      assert.deepEqual(await bench.told(IP), { a: IP, b: 'read ECONNRESET' });
    });

    test(`is waited for no longer than for all where one hangs that is asked for ${silent}`, async () => {
      const bench = new Bench();
      bench.hangs = (name, question) => name === 'b' && question === silent;
      let told: Record<string, string> | undefined;
      void bench.told(IP).then((words) => (told = words));
      await pass(bench.clock, 1_500, 50);
      assert.deepEqual(told, { a: IP, b: 'no answer within 1500 ms' });
    });
  }

  test('is not asked of one that is known to hang', async () => {
    const bench = new Bench();
    bench.hangs = (name) => name === 'b';
    void bench.gather.all();
    await pass(bench.clock, 1_500, 50);
    assert.deepEqual(await bench.told(IP), { a: IP, b: 'no answer within 1500 ms' });
    assert.equal(bench.asked.addresses, 0);
  });

  test('is told of who came or went a moment ago as soon as that one is asked for all', async () => {
    const bench = new Bench();
    await bench.gather.all();
    bench.members = ['a', 'c'];
    assert.deepEqual(await bench.told(IP), { a: IP });
    bench.clock.advance(1_000);
    assert.deepEqual(await bench.told('192.0.2.2'), { a: '192.0.2.2', c: '192.0.2.2' });
  });

  for (const earlier of ['all', 'addresses'] as const) {
    test(`is not told by who came since ${earlier} was asked, and says nothing yet: it is named at once`, async () => {
      const bench = new Bench();
      bench.members = ['a', 'c'];
      await (earlier === 'all' ? bench.gather.all() : bench.gatherAddresses.all([IP]));
      bench.members = ['a', 'b', 'c'];
      bench.silence = (name) => (name === 'b' ? 'connect ECONNREFUSED' : undefined);
      assert.deepEqual(Object.entries(await bench.told(IP)), [
        ['a', IP],
        ['b', 'connect ECONNREFUSED'],
        ['c', IP],
      ]);
    });
  }
});
