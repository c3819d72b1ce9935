import { DASHBOARD, type Of, type Panel, type Unit } from './dashboard.ts';

const TITLE = 'PorterLB';
const DESCRIPTION = 'Addresses, BGP, Layer 2, nodes and replicas of the load balancer PorterLB.';
const PALETTE = ['#60acfc', '#23c2db', '#64d5b2', '#d5ec5a', '#ffb64e', '#fb816d', '#d15c7f'];

/** In one cluster: there is no label to choose by. */
export const ofThisCluster: Of = (metric, matchers = '') => (matchers === '' ? metric : `${metric}{${matchers}}`);

/** In Grafana, which may see several clusters: the ones that its variable names. */
export const ofChosenClusters: Of = (metric, matchers = '') =>
  `${metric}{cluster=~"$cluster"${matchers === '' ? '' : `,${matchers}`}}`;

/** A legend that names the replica where the series has no better name. */
export const legendOf = (legend: string): string => (legend === '' ? '{{instance}}' : legend);

const kubesphereFormats: Readonly<Record<Unit, string>> = {
  count: 'none',
  seconds: 'none',
  bytes: 'Byte',
  ratio: 'percent (0.0-1.0)',
  'per second': 'none',
  cores: 'none',
};

const decimals: Readonly<Record<Unit, number>> = {
  count: 0,
  seconds: 3,
  bytes: 1,
  ratio: 1,
  'per second': 2,
  cores: 3,
};

function kubespherePanel(panel: Panel, id: number): object {
  const targets = panel.queries.map(({ expr, legend }, i) => ({
    ...{ expr: expr(ofThisCluster), legendFormat: legendOf(legend), refId: i + 1, step: '1m' },
  }));
  const common = { id, title: panel.title, targets, colors: PALETTE, decimals: decimals[panel.unit] };
  const format = kubesphereFormats[panel.unit];
  if (panel.shows === 'number') return { ...common, type: 'singlestat', format, valueName: 'current' };
  const isStacked = panel.shows === 'areas';
  const yaxes = [{ decimals: decimals[panel.unit], format }];
  return { ...common, type: 'graph', lines: true, bars: false, stack: isStacked, yaxes };
}

/** The spec of KubeSphere's ClusterDashboard (monitoring.kubesphere.io/v1alpha2). */
export function clusterDashboard(): object {
  let id = 0;
  const panels = DASHBOARD.flatMap((row) => [
    { id: ++id, title: row.title, type: 'row' },
    ...row.panels.map((panel) => kubespherePanel(panel, ++id)),
  ]);
  return {
    ...{ title: TITLE, description: DESCRIPTION, auto_refresh: '30s' },
    time: { from: 'now-1h', to: 'now' },
    panels,
  };
}

const grafanaUnits: Readonly<Record<Unit, string>> = {
  count: 'short',
  seconds: 's',
  bytes: 'bytes',
  ratio: 'percentunit',
  'per second': 'ops',
  cores: 'short',
};

const datasource = { type: 'prometheus', uid: '${datasource}' };
/** Grafana's grid has 24 columns. */
const WIDTH = { number: 3, lines: 8, areas: 8 } as const;
const HEIGHT = { number: 4, lines: 8, areas: 8 } as const;

function grafanaPanel(panel: Panel, id: number, gridPos: object): object {
  const targets = panel.queries.map(({ expr, legend }, i) => ({
    ...{ datasource, refId: String.fromCharCode('A'.charCodeAt(0) + i) },
    ...{ expr: expr(ofChosenClusters), legendFormat: legendOf(legend), instant: panel.shows === 'number' },
  }));
  const common = { id, title: panel.title, datasource, gridPos, targets };
  const unit = grafanaUnits[panel.unit];
  if (panel.shows === 'number') {
    const bad = panel.badFrom === undefined ? [] : [{ color: 'red', value: panel.badFrom }];
    const thresholds = { mode: 'absolute', steps: [{ color: 'green', value: null }, ...bad] };
    const options = { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value', graphMode: 'none' };
    return { ...common, type: 'stat', options, fieldConfig: { defaults: { unit, thresholds }, overrides: [] } };
  }
  const stacking = { mode: panel.shows === 'areas' ? 'normal' : 'none' };
  const custom = { fillOpacity: panel.shows === 'areas' ? 25 : 5, stacking, showPoints: 'never' };
  return { ...common, type: 'timeseries', fieldConfig: { defaults: { unit, min: 0, custom }, overrides: [] } };
}

/** Places panels from left to right, each row below its title. */
function grafanaPanels(): object[] {
  const placed: object[] = [];
  let id = 0;
  let y = 0;
  for (const row of DASHBOARD) {
    placed.push({
      id: ++id,
      type: 'row',
      title: row.title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y: y++, w: 24, h: 1 },
    });
    let x = 0;
    let height = 0;
    for (const panel of row.panels) {
      const [w, h] = [WIDTH[panel.shows], HEIGHT[panel.shows]];
      if (x + w > 24) [x, y, height] = [0, y + height, 0];
      placed.push(grafanaPanel(panel, ++id, { x, y, w, h }));
      [x, height] = [x + w, Math.max(height, h)];
    }
    y += height;
  }
  return placed;
}

/** A dashboard of Grafana, which a sidecar finds in a ConfigMap. */
export function grafanaDashboard(): object {
  const cluster = {
    ...{ name: 'cluster', label: 'Cluster', type: 'query', datasource, refresh: 2 },
    query: 'label_values(porterlb_build_info, cluster)',
    // Where the series have no such label, it is empty, which this matches.
    ...{ includeAll: true, multi: true, allValue: '.*', current: { text: 'All', value: '$__all' } },
  };
  return {
    ...{ uid: 'porterlb', title: TITLE, description: DESCRIPTION, tags: ['porterlb'], schemaVersion: 39, version: 1 },
    ...{ editable: true, refresh: '30s', time: { from: 'now-1h', to: 'now' }, timezone: '' },
    templating: {
      list: [{ name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' }, cluster],
    },
    panels: grafanaPanels(),
  };
}
