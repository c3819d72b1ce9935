import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { run } from '../../lab/index.ts';
import type { KubeObject } from '../../lab/index.ts';
import { ensureHelm } from '../../lab/toolchain/index.ts';

const chart = join(import.meta.dirname, '../../charts/backend');
const namespace = 'porterlb-system';

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: { readonly containers: readonly { readonly ports: readonly { readonly name: string }[] }[] };
    };
  };
}

let helm: string;

async function render(...args: string[]): Promise<KubeObject[]> {
  const text = await run(helm, ['template', 'porterlb', chart, '-n', namespace, '--kube-version', '1.28.0', ...args]);
  return parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
}

before(async () => {
  helm = await ensureHelm();
});

suite('what is brought for Prometheus', () => {
  const kubesphere = [
    ...['--api-versions', 'alerting.kubesphere.io/v2beta1/ClusterRuleGroup'],
    ...['--api-versions', 'monitoring.kubesphere.io/v1alpha2/ClusterDashboard'],
  ];
  const operator = [
    ...['--api-versions', 'monitoring.coreos.com/v1/PodMonitor'],
    ...['--api-versions', 'monitoring.coreos.com/v1/PrometheusRule'],
  ];
  const kinds = (objects: readonly KubeObject[]): string[] =>
    objects
      .map(({ kind }) => kind)
      .filter((kind) => /Monitor|Rule|Dashboard|ConfigMap/.test(kind) && !/Role/.test(kind));

  test('is what the cluster has the kinds for', async () => {
    assert.deepEqual(kinds(await render()), ['ConfigMap']);
    assert.deepEqual(kinds(await render(...operator)).sort(), ['ConfigMap', 'PodMonitor', 'PrometheusRule']);
    const all = ['ClusterDashboard', 'ClusterRuleGroup', 'ConfigMap', 'PodMonitor'];
    assert.deepEqual(kinds(await render(...operator, ...kubesphere)).sort(), all);
    const off = ['podMonitor', 'alerts', 'dashboards'].flatMap((what) => ['--set', `monitoring.${what}.enabled=false`]);
    assert.deepEqual(kinds(await render(...operator, ...kubesphere, ...off)), []);
  });

  test('finds the Pods of the Deployment by their labels, and their port by its name', async () => {
    const objects = await render(...operator);
    const monitor = objects.find(({ kind }) => kind === 'PodMonitor') as unknown as {
      spec: {
        selector: { matchLabels: Record<string, string> };
        podMetricsEndpoints: { port: string; path: string }[];
      };
    };
    const deployment = objects.find(({ kind }) => kind === 'Deployment') as unknown as Deployment;
    const { labels } = deployment.spec.template.metadata;
    for (const [label, value] of Object.entries(monitor.spec.selector.matchLabels)) assert.equal(labels[label], value);
    const { containers } = deployment.spec.template.spec;
    const ports = containers.flatMap((container) => container.ports.map(({ name }) => name));
    assert.deepEqual(
      monitor.spec.podMetricsEndpoints.map(({ port }) => ports.includes(port)),
      [true],
    );
  });

  test('links to the page of alerts, wherever that is', async () => {
    const objects = await render(...operator, '--set', 'monitoring.alerts.runbooks=https://wiki.example/porterlb');
    const rule = JSON.stringify(objects.find(({ kind }) => kind === 'PrometheusRule'));
    assert.match(rule, /"runbook_url":"https:\/\/wiki\.example\/porterlb#porterlbpeerdown"/);
    assert.doesNotMatch(rule, /RUNBOOKS/);
    // What Prometheus fills in is not helm's to fill in.
    assert.match(rule, /\{\{ \$labels\.peer \}\}/);
  });

  test('is a dashboard that Grafana can read', async () => {
    const [dashboard] = (await render()).filter(({ kind }) => kind === 'ConfigMap') as unknown as [
      { metadata: { labels: Record<string, string> }; data: Record<string, string> },
    ];
    assert.equal(dashboard.metadata.labels['grafana_dashboard'], '1');
    const { title } = JSON.parse(dashboard.data['porterlb.json'] ?? '') as { title: string };
    assert.equal(title, 'PorterLB');
  });
});
