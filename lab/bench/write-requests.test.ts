import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WriteRequests } from './write-requests.ts';

/** Lines as Kubernetes 1.35 writes them. */
function metrics(patches: number, conflicts: number): string {
  return `# HELP apiserver_request_total [STABLE] Counter of apiserver requests broken out for each verb, ...
# TYPE apiserver_request_total counter
apiserver_request_total{code="0",component="apiserver",dry_run="",group="",resource="services",scope="cluster",subresource="",verb="WATCH",version="v1"} 7
apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="services",scope="resource",subresource="status",verb="PATCH",version="v1"} ${patches}
apiserver_request_total{code="409",component="apiserver",dry_run="",group="",resource="services",scope="resource",subresource="status",verb="PATCH",version="v1"} ${conflicts}
apiserver_request_total{code="200",component="apiserver",dry_run="",group="network.kubesphere.io",resource="eips",scope="resource",subresource="status",verb="APPLY",version="v1alpha2"} 4
apiserver_request_total{code="201",component="apiserver",dry_run="",group="",resource="services",scope="resource",subresource="",verb="POST",version="v1"} 1e+03
apiserver_request_total{code="201",component="apiserver",dry_run="All",group="",resource="services",scope="resource",subresource="",verb="POST",version="v1"} 5
apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="services",scope="resource",subresource="",verb="GET",version="v1"} 9
apiserver_request_terminations_total{code="429",component="apiserver",group="",resource="",scope="",subresource="",verb="PUT",version=""} 1
`;
}

test('write requests are counted by verb, resource and refusal; reads and dry runs are not', () => {
  const { counts } = WriteRequests.parse(metrics(2_000, 3));
  assert.deepEqual(Object.fromEntries(counts), {
    'PATCH services/status': 2_000,
    'PATCH services/status 409': 3,
    'APPLY eips/status': 4,
    'POST services': 1_000,
  });
});

test('what came since an earlier look, by resource, without the own ones', () => {
  const between = WriteRequests.parse(metrics(2_000, 3)).since(WriteRequests.parse(metrics(500, 3)));
  assert.equal(String(between), '1500 PATCH services/status');
  const all = WriteRequests.parse(metrics(2_000, 3));
  assert.deepEqual(all.resources, ['eips', 'services']);
  assert.equal(all.of('services').total, 3_003);
  assert.equal(all.without('POST services', 999).of('services').counts.get('POST services'), 1);
  assert.equal(String(all.without('POST services', 1_000).of('eips')), '4 APPLY eips/status');
  assert.equal(String(all.since(all)), 'none');
});
