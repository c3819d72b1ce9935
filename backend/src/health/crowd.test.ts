import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { crowdAround, rule, type Crowd } from './crowd.ts';
import { newNode, step, type NodeState, type ProbeResult, type WitnessWord } from './node-state.ts';

const well: ProbeResult = { kind: 'well', status: 200 };
const silent: ProbeResult = { kind: 'silent', why: 'no answer' };
const refused: ProbeResult = { kind: 'ailing', status: undefined, why: 'refused' };

/** An alive node, and then these probes, half a second apart. */
function node(from: number, ...results: ProbeResult[]): NodeState {
  const alive = [well, well].reduce((state, result) => step(state, { type: 'probe', at: 0, result }), newNode(0));
  return results.reduce((state, result, i) => step(state, { type: 'probe', at: from + i * 500, result }), alive);
}

const ACCUSED_AT = 11_000;
const accused = node(10_000, silent, silent, silent);
const alone: Crowd = { together: 0, heard: 2, ailing: 0, well: 2 };
const several: Crowd = { together: 1, heard: 2, ailing: 0, well: 2 };
const unheard: Crowd = { together: 2, heard: 0, ailing: 0, well: 0 };

function witnessed(word: Partial<WitnessWord>): NodeState {
  const whole = { asked: ACCUSED_AT, proven: true, sawHost: false, heardHost: false, ...word };
  return step(accused, { type: 'witness', at: ACCUSED_AT + 500, word: whole });
}

suite('a silent node', () => {
  test('alone: dead without more ado', () => assert.equal(rule(accused, alone, undefined), 'dead'));

  test('with others: the witness decides', () => {
    assert.equal(rule(accused, several, undefined), 'ask-witness');
    assert.equal(rule(witnessed({}), several, undefined), 'dead');
    assert.equal(rule(witnessed({ sawHost: true }), several, undefined), 'hold');
  });

  test('what the witness was asked before the accusation, or before anybody was heard, does not count', () => {
    assert.equal(rule(witnessed({ asked: ACCUSED_AT - 1 }), several, undefined), 'ask-witness');
    assert.equal(rule(witnessed({ proven: false }), several, undefined), 'ask-witness');
  });

  test('with all others: routers have to be heard first, after the accusation', () => {
    const unproven = witnessed({ proven: false });
    assert.equal(rule(unproven, unheard, undefined), 'ask-routers');
    assert.equal(rule(unproven, unheard, { asked: ACCUSED_AT - 1, heard: true }), 'ask-routers');
    assert.equal(rule(unproven, unheard, { asked: ACCUSED_AT, heard: true }), 'ask-witness');
    assert.equal(rule(unproven, unheard, { asked: ACCUSED_AT, heard: false }), 'hold');
  });

  test('whose host lives, as with most: it is not the nodes', () => {
    const common: Crowd = { together: 0, heard: 4, ailing: 3, well: 2 };
    const seen = witnessed({ sawHost: true });
    assert.equal(rule(seen, common, undefined), 'hold');
    assert.equal(rule({ ...seen, health: 'dead' }, common, undefined), 'leave');
  });
});

suite('an ailing node', () => {
  const ailing = node(10_000, ...Array.from({ length: 40 }, () => refused));

  test('is dead, unless most are like that', () => {
    assert.equal(rule(ailing, { together: 0, heard: 1, ailing: 1, well: 1 }, undefined), 'dead');
    assert.equal(rule(ailing, { together: 0, heard: 1, ailing: 2, well: 1 }, undefined), 'leave');
  });

  test('counts as such from its accusation on: a rollout elsewhere makes nothing common', () => {
    const nodes = new Map([
      ['a', ailing],
      ['b', node(29_000, refused)],
      ['c', node(29_000, refused)],
    ]);
    assert.deepEqual(crowdAround('a', nodes, 'c'), { together: 0, heard: 0, ailing: 1, well: 2 });
  });
});

suite('the crowd', () => {
  const around = (...others: NodeState[]): Crowd =>
    crowdAround(
      'a',
      new Map([['a', accused], ...others.map((state, i): [string, NodeState] => [`b${i}`, state])]),
      'b0',
    );

  test('who fell silent within seconds fell together, even if heard since; who never answered did not', () => {
    const self = node(0);
    assert.equal(around(self, node(10_400, silent)).together, 1);
    assert.equal(around(self, node(9_000, silent, well)).together, 1);
    assert.equal(around(self, node(21_000, silent)).together, 0);
    assert.equal(around(self, step(newNode(0), { type: 'probe', at: 10_000, result: silent })).together, 0);
  });

  test('heard is who gave a sign of life since, our own node left out', () => {
    assert.equal(around(node(10_500, well)).heard, 0);
    assert.equal(around(node(0), node(10_500, well), node(9_999, well), node(10_500, refused)).heard, 2);
  });

  test('heard is not who stands in our own kernel’s tables alone', () => {
    assert.equal(around(node(0), witnessed({ sawHost: true })).heard, 0);
    assert.equal(around(node(0), witnessed({ sawHost: true, heardHost: true })).heard, 1);
  });
});
