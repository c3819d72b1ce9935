import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import english from '../../../locales/en/reasons.json' with { type: 'json' };
import { finding, REASON_GROUPS, REASONS, type Reason } from '../domain/reason.ts';
import { reasonText } from './reason-text.ts';

const texts: Readonly<Record<Reason, string>> = english;

/** What the code knows when it finds one of the reasons. */
const PLACEHOLDERS = new Set(
  'class family holder ip ips mac max node older pool pools ports protocol range service until'.split(' '),
);

/** How a step to take begins; a text with another verb adds it here. */
const STEPS = /^(Add|Annotate|Ask|Change|Choose|Correct|Create|Find|Look|Make|Name|Remove|Set|Use|Wait) /;

/** "spec.ports" and "172.30.0.1" end no sentence. */
function sentences(text: string): string[] {
  return text.split(/(?<=\.) (?=[A-Z])/);
}

describe('the texts of reasons', () => {
  it('are there for every reason, in the order of the reasons, and for nothing else', () => {
    assert.deepEqual(Object.keys(texts), [...REASONS]);
    assert.equal(new Set(REASONS).size, REASONS.length);
  });

  for (const reason of REASONS) {
    it(`${reason}: whole sentences with placeholders that the code fills`, () => {
      const text = texts[reason];
      assert.match(text, /^[A-Z].*[^.]\.$/);
      for (const sentence of sentences(text)) assert.match(sentence, /^[A-Z].*\.$/);
      const placeholders = [...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
      for (const name of placeholders) assert.ok(PLACEHOLDERS.has(name), `{${name}}`);
      assert.doesNotMatch(text.replaceAll(/\{\w+\}/g, 'x'), /[{}]|undefined|\s{2}/);
    });
  }

  const successes: readonly Reason[] = ['Allocated', 'Announced'];
  const problems = [...REASON_GROUPS.allocation, ...REASON_GROUPS.announcing].filter(
    (reason) => !successes.includes(reason),
  );
  // A Service that is none of ours carries no condition, but whoever looks for the reason wants to know the way in.
  for (const reason of [...problems, 'NotOptedIn', 'OptedOut', 'ServedByAnother'] as const) {
    it(`${reason}: says what is wrong, then what to do`, () => {
      const [problem = '', ...steps] = sentences(texts[reason]);
      assert.doesNotMatch(problem, STEPS);
      assert.ok(
        steps.some((step) => STEPS.test(step)),
        texts[reason],
      );
    });
  }
});

describe('the texts of findings that know the pool', () => {
  for (const reason of [
    'NoPeer',
    'NoPeerEstablished',
    'ProtocolNotSupported',
    'AddressConflict',
    'AddressReplaced',
  ] as const) {
    it(`${reason}: names the address and the Eip`, () => {
      const text = reasonText(finding(reason, { ip: '192.0.2.1', pool: 'public' }));
      assert.ok(text.includes('192.0.2.1') && text.includes('Eip public'), text);
    });
  }
});

describe('reasonText', () => {
  it('fills in every parameter, each time it occurs', () => {
    const params = { family: 'ipv6', pool: 'public' };
    const text = reasonText(finding('FamilyNotAvailable', params));
    assert.equal(text.match(/ipv6/g)?.length, texts.FamilyNotAvailable.match(/\{family\}/g)?.length);
    assert.doesNotMatch(text, /[{}]/);
  });

  it('takes a value as it is, braces and dollar signs included', () => {
    const text = reasonText(finding('PoolNotFound', { pool: "$& {ip} $'" }));
    assert.ok(text.includes("The Eip $& {ip} $' that the Service names"), text);
  });

  it('leaves a parameter that is missing visible', () => {
    assert.match(reasonText(finding('PoolNotFound')), /\{pool\}/);
  });
});
