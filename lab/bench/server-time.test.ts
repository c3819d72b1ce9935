import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServerTime } from './server-time.ts';

function metrics(seconds: number, count: number): string {
  const labels = (resource: string, subresource: string): string =>
    `component="apiserver",dry_run="",group="",resource="${resource}",scope="resource",subresource="${subresource}",verb="POST",version="v1"`;
  return [
    '# TYPE apiserver_request_duration_seconds histogram',
    `apiserver_request_duration_seconds_bucket{${labels('services', '')},le="0.1"} 1`,
    `apiserver_request_duration_seconds_sum{${labels('services', '')}} ${seconds}`,
    `apiserver_request_duration_seconds_count{${labels('services', '')}} ${count}`,
    `apiserver_request_duration_seconds_sum{${labels('services', 'proxy')}} 100`,
    `apiserver_request_duration_seconds_count{${labels('services', 'proxy')}} 100`,
    `apiserver_request_duration_seconds_sum{${labels('pods', '')}} 50`,
  ].join('\n');
}

test('the mean of the requests since an earlier look; those for other resources and for subresources apart', () => {
  const [before, after] = [metrics(1.5, 10), metrics(2.5, 30)].map((text) =>
    ServerTime.parse(text, 'POST', 'services'),
  );
  assert.ok(before !== undefined && after !== undefined);
  assert.equal(after.meanSince(before), 50);
});
