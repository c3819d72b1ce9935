import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeClock } from '../../../platform/fake/clock.ts';
import { FakeHopDatagrams } from '../../../platform/fake/hop-datagrams.ts';
import { FakeLogger } from '../../../platform/fake/logger.ts';
import type { BfdConfig } from './model.ts';
import { BfdSpeaker } from './speaker.ts';

const stepMs = 5;

/** One of two speakers of BFD that are joined by a cable. */
class Side {
  readonly datagrams: FakeHopDatagrams;
  readonly speaker: BfdSpeaker;
  readonly events: string[] = [];
  readonly #address: string;

  constructor(clock: FakeClock, address: string, random: () => number) {
    this.#address = address;
    this.datagrams = new FakeHopDatagrams(clock, [address]);
    const logger = new FakeLogger();
    this.speaker = new BfdSpeaker({
      ...{ clock, logger, datagrams: this.datagrams, random: { next: random } },
      onChange: (_, change) => {
        if (change !== 'changed') this.events.push(change);
      },
    });
  }

  wants(other: Side, bfd: BfdConfig): void {
    this.speaker.set(new Map([['other', { address: other.#address, bfd }]]));
  }

  get status(): { state?: string; agreed: (number | undefined)[] } {
    const { state, transmitIntervalMs, detectionTimeMs } = this.speaker.status('other') ?? {};
    return { ...(state === undefined ? {} : { state }), agreed: [transmitIntervalMs, detectionTimeMs] };
  }
}

function carry(from: Side, to: Side, carries: () => boolean): void {
  for (const datagram of from.datagrams.sent.splice(0)) if (carries()) to.datagrams.arrive(datagram);
}

/** Lets time pass; what one side has sent comes to the other as the cable has it. */
function pass(clock: FakeClock, [left, right]: readonly [Side, Side], ms: number, carries: () => boolean): void {
  for (let passed = 0; passed < ms; passed += stepMs) {
    clock.advance(stepMs);
    carry(left, right, carries);
    carry(right, left, carries);
    clock.advance(0);
  }
}

const interval = fc.integer({ min: 50, max: 900 });
const config: fc.Arbitrary<BfdConfig> = fc.record(
  {
    transmitIntervalMs: interval,
    receiveIntervalMs: interval,
    detectMultiplier: fc.integer({ min: 2, max: 6 }),
    multihop: fc.constant(false),
    minTtl: fc.constant(1),
  },
  { noNullPrototype: true },
);

function agreed(own: BfdConfig, other: BfdConfig): number[] {
  return [
    Math.max(own.transmitIntervalMs, other.receiveIntervalMs),
    other.detectMultiplier * Math.max(own.receiveIntervalMs, other.transmitIntervalMs),
  ];
}

test('two sides come up whatever they want, agree anew when that changes, lose nothing by it, and notice when the cable is cut', () => {
  fc.assert(
    fc.property(
      config,
      config,
      fc.array(config, { maxLength: 3 }),
      fc.infiniteStream(fc.nat(999)),
      (a, b, later, chance) => {
        const random = (): number => (chance.next().value as number) / 1_000;
        const clock = new FakeClock();
        const sides = [new Side(clock, '192.0.2.1', random), new Side(clock, '192.0.2.2', random)] as const;
        const [left, right] = sides;
        left.wants(right, a);
        right.wants(left, b);
        pass(clock, sides, 8_000, () => true);
        for (const next of later) {
          a = next;
          left.wants(right, a);
          pass(clock, sides, 4_000, () => true);
          assert.deepEqual(left.status, { state: 'Up', agreed: agreed(a, b) });
          assert.deepEqual(right.status, { state: 'Up', agreed: agreed(b, a) });
        }
        assert.deepEqual([left.events, right.events], [['up'], ['up']]);

        const [, leftNotices = 0] = agreed(a, b);
        const [, rightNotices = 0] = agreed(b, a);
        pass(clock, sides, Math.max(leftNotices, rightNotices) + stepMs, () => false);
        assert.deepEqual(
          [left.events, right.events],
          [
            ['up', 'failed'],
            ['up', 'failed'],
          ],
        );
        pass(clock, sides, 8_000, () => true);
        assert.deepEqual([left.status.state, right.status.state], ['Up', 'Up']);
      },
    ),
    { numRuns: 30 },
  );
});

test('over a cable that loses a third of all packets two sides come up again each time that they have gone down', () => {
  fc.assert(
    fc.property(config, config, fc.infiniteStream(fc.nat(999)), (a, b, chance) => {
      const random = (): number => (chance.next().value as number) / 1_000;
      const clock = new FakeClock();
      const sides = [new Side(clock, '192.0.2.1', random), new Side(clock, '192.0.2.2', random)] as const;
      const [left, right] = sides;
      left.wants(right, a);
      right.wants(left, b);
      pass(clock, sides, 20_000, () => random() > 0.33);
      for (const { events } of sides) {
        const wrong = events.findIndex((event, i) => event !== (i % 2 === 0 ? 'up' : 'failed'));
        assert.equal(wrong, -1, events.join());
      }
      pass(clock, sides, 10_000, () => true);
      assert.deepEqual(
        [left.status, right.status],
        [
          { state: 'Up', agreed: agreed(a, b) },
          { state: 'Up', agreed: agreed(b, a) },
        ],
      );
    }),
    { numRuns: 15 },
  );
});
