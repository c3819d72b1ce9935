import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { requestInfo } from './request-info.ts';

const ours = '/kapis/porterlb.kubesphere.io/v1alpha1';

suite('what a request is about', () => {
  const cases: readonly (readonly [method: string, path: string, expected: object, query?: string])[] = [
    ['GET', '/api/v1/namespaces', { verb: 'list', group: '', resource: 'namespaces' }],
    ['GET', '/api/v1/namespaces/shop', { verb: 'get', group: '', resource: 'namespaces', name: 'shop' }],
    [
      'GET',
      '/api/v1/namespaces/shop/services',
      { verb: 'watch', group: '', resource: 'services', namespace: 'shop' },
      'limit=1&watch=true',
    ],
    [
      'POST',
      '/apis/network.kubesphere.io/v1alpha2/eips',
      { verb: 'create', group: 'network.kubesphere.io', resource: 'eips' },
    ],
    [
      'GET',
      `${ours}/namespaces/shop/services/web/explanation`,
      {
        verb: 'get',
        group: 'porterlb.kubesphere.io',
        resource: 'services/explanation',
        namespace: 'shop',
        name: 'web',
      },
    ],
    [
      'GET',
      `${ours}/workspaces/acme/services`,
      { verb: 'list', group: 'porterlb.kubesphere.io', resource: 'services', workspace: 'acme' },
    ],
    ['GET', '/version', { verb: 'get', group: '', resource: '' }],
  ];
  for (const [method, path, expected, query] of cases) {
    test(`${method} ${path}`, () => assert.deepEqual(requestInfo(method, path, query), expected));
  }
});
