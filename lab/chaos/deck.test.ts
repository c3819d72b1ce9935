import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Deck } from './deck.ts';
import { Dice } from './dice.ts';

const cards = ['a', 'b', 'c', 'd', 'e'];

suite('a deck', () => {
  test('deals each card once before any comes again, in another order each time', () => {
    const deck = new Deck(new Dice(1), cards);
    const rounds = Array.from({ length: 20 }, () => cards.map(() => deck.deal((card) => card) ?? ''));
    for (const round of rounds) assert.deepEqual([...round].sort(), cards);
    assert.ok(new Set(rounds.map((round) => round.join(''))).size > 10);
  });

  test('keeps a card that nothing can be made of now on top, goes on with the others, and deals it as soon as that is so', () => {
    const deck = new Deck(new Dice(1), cards);
    const isNotC = (card: string): string | undefined => (card === 'c' ? undefined : card);
    const dealt = Array.from({ length: 8 }, () => deck.deal(isNotC));
    for (const round of [dealt.slice(0, 4), dealt.slice(4)]) assert.deepEqual(round.sort(), ['a', 'b', 'd', 'e']);
    assert.equal(
      deck.deal((card) => card),
      'c',
    );
  });

  test('deals nothing where nothing can be made of any card, and does not grow by that', () => {
    const deck = new Deck(new Dice(1), cards);
    for (let i = 0; i < 100; i++)
      assert.equal(
        deck.deal(() => undefined),
        undefined,
      );
    const next = Array.from({ length: 10 }, () => deck.deal((card) => card) ?? '');
    for (const round of [next.slice(0, 5), next.slice(5)]) assert.deepEqual(round.sort(), cards);
  });
});
