import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { requestInfo } from './request-info.ts';
import { may, templatesOf, type Account, type RoleTemplate } from './roles.ts';

function template(name: string, place: string, rule: string): RoleTemplate {
  const [scope = '', role = ''] = place.split('/');
  const [resource = '', verbs = ''] = rule.split(' ');
  const labels = { 'iam.kubesphere.io/scope': scope, [`iam.kubesphere.io/aggregate-to-${role}`]: '' };
  const rules = [{ apiGroups: ['network.kubesphere.io', ''], resources: [resource], verbs: verbs.split(',') }];
  return { apiVersion: 'iam.kubesphere.io/v1beta1', kind: 'RoleTemplate', metadata: { name, labels }, spec: { rules } };
}

const templates = [
  template('view', 'cluster/cluster-viewer', 'eips get,list'),
  template('manage', 'cluster/cluster-admin', 'eips *'),
  template('operate', 'namespace/operator', 'services *'),
];
const admin: Account = { name: 'a', password: '', platformAdmin: true };
const viewer: Account = { name: 'v', password: '', clusterRole: 'cluster-viewer' };
const tenant: Account = { name: 't', password: '', namespaceRoles: { shop: 'operator' } };
const eips = '/apis/network.kubesphere.io/v1alpha2/eips';

suite('what roles allow', () => {
  const cases: readonly (readonly [who: Account, action: string, allowed: boolean])[] = [
    [admin, `DELETE ${eips}/public`, true],
    [viewer, `GET ${eips}`, true],
    [viewer, `POST ${eips}`, false],
    [viewer, 'GET /api/v1/namespaces/shop/services', false],
    [tenant, `GET ${eips}`, false],
    [tenant, 'POST /api/v1/namespaces/shop/services', true],
    [tenant, 'GET /api/v1/namespaces/other/services', false],
    [tenant, 'GET /api/v1/services', false],
  ];
  for (const [who, action, allowed] of cases) {
    test(`${who.name}: ${action} ${allowed ? 'yes' : 'no'}`, () => {
      const [method = '', path = ''] = action.split(' ');
      assert.equal(may(who, requestInfo(method, path), templates), allowed);
    });
  }

  test('a role of chosen templates has these, and what they depend on', () => {
    const [view, manage, operate] = templates as [RoleTemplate, RoleTemplate, RoleTemplate];
    const annotations = { 'iam.kubesphere.io/dependencies': '["view"]' };
    const all = [view, { ...manage, metadata: { ...manage.metadata, annotations } }, operate];
    const names = (...chosen: string[]): string[] =>
      templatesOf({ name: 'n', password: '', clusterTemplates: chosen }, ['cluster'], all).map(
        ({ metadata }) => metadata.name,
      );
    assert.deepEqual(names('manage'), ['view', 'manage']);
    assert.deepEqual(names('view'), ['view']);
    assert.deepEqual(names('operate'), []);
  });

  test('a scope has the templates of the role that one has there', () => {
    const names = (who: Account, scope: Parameters<typeof templatesOf>[1]): string[] =>
      templatesOf(who, scope, templates).map(({ metadata }) => metadata.name);
    assert.deepEqual(names(admin, ['cluster']), ['view', 'manage']);
    assert.deepEqual(names(viewer, ['cluster']), ['view']);
    assert.deepEqual(names(tenant, ['cluster']), []);
    assert.deepEqual(names(tenant, ['namespace', 'shop']), ['operate']);
    assert.deepEqual(names(tenant, ['namespace', 'other']), []);
  });
});
