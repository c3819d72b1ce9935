import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { METRICS } from '../../backend/src/metrics/table.ts';
import { ALERTS } from './alerts.ts';
import { DASHBOARD } from './dashboard.ts';
import { clusterDashboard, grafanaDashboard, ofChosenClusters, ofThisCluster } from './dashboards.ts';
import { alertsPage, clusterRuleGroup } from './rules.ts';

const alerts = [...ALERTS.values()].flat();
const queries = DASHBOARD.flatMap(({ panels }) => panels).flatMap((panel) => panel.queries);

/** The series that an expression asks for, without what a histogram adds to its name. */
function metricsIn(expr: string): string[] {
  return [...expr.matchAll(/\b(?:porterlb|process)_\w+/g)].map(([name]) => name.replace(/_bucket$/, ''));
}

test('alerts and dashboards ask for metrics that there are', () => {
  const known = new Set(METRICS.map(({ name }) => name));
  const asked = [...alerts.map(({ expr }) => expr), ...queries.map(({ expr }) => expr(ofThisCluster))].flatMap(
    metricsIn,
  );
  assert.ok(asked.length > 50);
  assert.deepEqual(
    asked.filter((name) => !known.has(name)),
    [],
  );
});

test('where nothing is heard, no panel shows a number: each is made of series alone', () => {
  for (const { expr } of queries) assert.doesNotMatch(expr(ofThisCluster), /\b(vector|absent|scalar|time)\b/);
});

test('what an alert says ends in what to do', () => {
  for (const { name, steps, summary, message } of alerts) {
    assert.match(name, /^PorterLB[A-Z]\w+$/);
    assert.ok(steps.length > 0 && summary.endsWith('.') && message.endsWith('.'), name);
  }
  const sections = [...alertsPage().matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
  assert.deepEqual(
    sections,
    alerts.map(({ name }) => name),
  );
});

test('links of the page of alerts lead somewhere', () => {
  const folder = join(import.meta.dirname, '../../docs/reference');
  const links = [...alertsPage().matchAll(/\]\(([^)#]+)(?:#([\w-]+))?\)/g)];
  assert.ok(links.length > 5);
  for (const [, file = '', anchor] of links) {
    const text = readFileSync(join(folder, file), 'utf8').toLowerCase();
    if (anchor !== undefined) assert.match(text, new RegExp(`^#+ ${anchor}$`, 'm'), `${file}#${anchor}`);
  }
});

test('a rule of KubeSphere is the same rule in every version', () => {
  const { rules } = clusterRuleGroup() as { rules: { alert: string; labels: { rule_id: string } }[] };
  const ids = rules.map(({ labels }) => labels.rule_id);
  assert.equal(new Set(ids).size, alerts.length);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  const peerDown = rules.find(({ alert }) => alert === 'PorterLBPeerDown');
  assert.equal(peerDown?.labels.rule_id, '511717cb-50d7-86df-ac27-3eabcfacde60');
});

test('both dashboards have the same panels, each with an id of its own', () => {
  const ofKubesphere = (clusterDashboard() as { panels: { id: number; title: string }[] }).panels;
  const ofGrafana = (grafanaDashboard() as { panels: { id: number; title: string }[] }).panels;
  assert.deepEqual(
    ofGrafana.map(({ id, title }) => [id, title]),
    ofKubesphere.map(({ id, title }) => [id, title]),
  );
  assert.equal(new Set(ofGrafana.map(({ id }) => id)).size, ofGrafana.length);
});

test('the panels of Grafana fill its grid from left to right, and none covers another', () => {
  const { panels } = grafanaDashboard() as {
    panels: { title: string; gridPos: { x: number; y: number; w: number; h: number } }[];
  };
  for (const [i, { gridPos: a, title }] of panels.entries()) {
    assert.ok(a.x + a.w <= 24, title);
    for (const { gridPos: b, title: other } of panels.slice(i + 1)) {
      const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
      assert.ok(apart, `${title}, ${other}`);
    }
  }
});

test('in Grafana every query looks at the clusters that were chosen', () => {
  for (const { expr } of queries) {
    const text = expr(ofChosenClusters);
    assert.equal(
      text.split('{cluster=~"$cluster"').length - 1,
      metricsIn(text).filter((name) => name.startsWith('porterlb')).length,
      text,
    );
  }
});
