import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { sharingProblem, type SharingTerms } from './sharing.ts';
import { sharingTerms } from './testing/builders.ts';

function terms(overrides: Partial<SharingTerms>): SharingTerms {
  return sharingTerms({ key: 'k', ...overrides });
}

const HTTP = terms({ ports: ['TCP/80'] });
const HTTPS = terms({ ports: ['TCP/443'] });

suite('two Services may have one address', () => {
  test('with the same key in one namespace and different ports', () =>
    assert.equal(sharingProblem(HTTP, HTTPS), undefined));
  test('not unless both have asked for it', () => {
    assert.equal(sharingProblem(HTTP, { ...HTTPS, key: undefined }), 'SharingNotAgreed');
    assert.equal(sharingProblem({ ...HTTP, key: undefined }, { ...HTTPS, key: undefined }), 'SharingNotAgreed');
  });
  test('not with another key', () => assert.equal(sharingProblem(HTTP, { ...HTTPS, key: 'l' }), 'SharingNotAgreed'));
  test('not with a key of the same text in another namespace', () => {
    assert.equal(sharingProblem(HTTP, { ...HTTPS, namespace: 'park' }), 'SharingNotAgreed');
  });
  test('not with a common port', () => {
    assert.equal(sharingProblem(HTTP, terms({ ports: ['TCP/443', 'TCP/80'] })), 'SharingPortsOverlap');
  });
  test('with one port number of two protocols', () => {
    assert.equal(sharingProblem(terms({ ports: ['TCP/53'] }), terms({ ports: ['UDP/53'] })), undefined);
  });
});

suite('with externalTrafficPolicy Local', () => {
  const local = (selector: string | undefined, ports: readonly string[]): SharingTerms =>
    terms({ trafficPolicy: 'Local', selector, ports });
  test('only where both mean the same Pods, hence the same nodes', () => {
    assert.equal(sharingProblem(local('app=web', ['TCP/80']), local('app=web', ['TCP/443'])), undefined);
    assert.equal(sharingProblem(local('app=web', ['TCP/80']), local('app=db', ['TCP/443'])), 'SharingPoliciesDiffer');
  });
  test('not without a selector: nobody knows which Pods are meant', () => {
    assert.equal(sharingProblem(local(undefined, ['TCP/80']), local(undefined, ['TCP/443'])), 'SharingPoliciesDiffer');
  });
  test('not beside Cluster', () => {
    assert.equal(sharingProblem(local('app=web', ['TCP/80']), HTTPS), 'SharingPoliciesDiffer');
  });
  test('while with Cluster any Pods will do', () => {
    assert.equal(sharingProblem(terms({ selector: 'app=db' }), { ...HTTPS, selector: undefined }), undefined);
  });
});

test('each Service sees it as the other one does', () => {
  const any = fc.record<SharingTerms>({
    key: fc.constantFrom(undefined, 'k', 'l'),
    namespace: fc.constantFrom('a', 'b'),
    ports: fc.subarray(['TCP/80', 'UDP/80', 'TCP/443']),
    trafficPolicy: fc.constantFrom('Cluster', 'Local'),
    selector: fc.constantFrom(undefined, 'app=web', 'app=db'),
  });
  fc.assert(fc.property(any, any, (a, b) => assert.equal(sharingProblem(a, b), sharingProblem(b, a))));
});
