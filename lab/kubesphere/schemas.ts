/** A part of a CRD's schema (apiextensions.k8s.io/v1). Structural: the API server knows every field, so that it can refuse others. */
export type Schema = Readonly<Record<string, unknown>>;

type Fields = Readonly<Record<string, Schema>>;

const text: Schema = { type: 'string' };
const whole: Schema = { type: 'integer', format: 'int64' };
const truth: Schema = { type: 'boolean' };
const texts: Schema = { type: 'object', additionalProperties: text };
/** As Prometheus writes durations. */
const duration: Schema = {
  type: 'string',
  pattern: '^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$',
};
const expression: Schema = { 'x-kubernetes-int-or-string': true };

function list(items: Schema): Schema {
  return { type: 'array', items };
}

function object(fields: Fields, required: readonly string[] = []): Schema {
  return { type: 'object', properties: fields, ...(required.length === 0 ? {} : { required }) };
}

/** Where ks-apiserver finds what it passes on. */
const endpoint: Fields = {
  url: text,
  service: object({ namespace: text, name: text, port: whole, path: text }, ['namespace', 'name']),
  caBundle: { type: 'string', format: 'byte' },
  insecureSkipVerify: truth,
};
const keyReference = object({ name: text, key: text, namespace: text, optional: truth }, ['key', 'namespace']);

const policyRule = object(
  {
    ...{ verbs: list(text), apiGroups: list(text), resources: list(text) },
    ...{ resourceNames: list(text), nonResourceURLs: list(text) },
  },
  ['verbs'],
);
const named: Fields = { displayName: texts, description: texts };

const alert: Fields = {
  ...{ alert: text, expr: expression, for: duration },
  ...{ labels: texts, annotations: texts },
};
const clusterRule = object(
  { ...alert, severity: { type: 'string', enum: ['warning', 'error', 'critical'] }, disable: truth },
  ['alert'],
);
const prometheusRule = object({ ...alert, record: text, keep_firing_for: duration }, ['expr']);

const labelSelector = object({
  matchLabels: texts,
  matchExpressions: list(object({ key: text, operator: text, values: list(text) }, ['key', 'operator'])),
});
const scrapedPort = object({
  ...{ port: text, path: text, scheme: text, interval: duration, scrapeTimeout: duration },
  ...{ honorLabels: truth, honorTimestamps: truth },
});

const target = object({ expr: text, legendFormat: text, refId: whole, step: text });
const panel = object(
  {
    ...{ id: whole, title: text, description: text, datasource: text },
    type: { type: 'string', enum: ['row', 'singlestat', 'graph', 'table', 'text', 'bargauge'] },
    ...{ targets: list(target), colors: list(text), decimals: whole, format: text, valueName: text, height: text },
    ...{ lines: truth, bars: truth, stack: truth, legend: list(text) },
    yaxes: list(object({ decimals: whole, format: text })),
  },
  ['type'],
);
const templating = object({
  ...{ name: text, query: text, type: text, datasource: text },
  ...{ multi: truth, includeAll: truth, sort: whole },
});

function kind(spec: Schema, status?: Schema): Schema {
  return object(
    { apiVersion: text, kind: text, metadata: { type: 'object' }, spec, ...(status === undefined ? {} : { status }) },
    ['spec'],
  );
}

const provider = { type: 'object', additionalProperties: object({ name: text, url: text, email: text }) };
/** What the marketplace shows of an extension. */
const info: Fields = { ...named, icon: text, provider, created: { type: 'string', format: 'date-time' } };
/** Ks-core writes it. */
const anything: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/**
 * The fields that matter to us of the kinds that an extension makes objects of, as their sources have them (kubesphere/kubesphere,
 * config/ks-core/charts/ks-crds at v4.1.3, and config/ks-core/crds at release-3.4 for alerting; kubesphere/monitoring-dashboard, config/crd/bases;
 * https://prometheus-operator.dev/docs/api-reference/api/). None of these takes less than what is here.
 */
export const SCHEMAS: Readonly<Record<string, Schema>> = {
  APIService: kind(object({ ...endpoint, group: text, version: text }), object({ state: text })),
  JSBundle: kind(
    object({
      raw: { type: 'string', format: 'byte' },
      rawFrom: object({ ...endpoint, configMapKeyRef: keyReference, secretKeyRef: keyReference }),
    }),
    object({ state: text, link: text }),
  ),
  Extension: kind(object(info), anything),
  ExtensionVersion: kind(
    object({
      ...info,
      ...{ version: text, category: text, namespace: text, repository: text, digest: text, chartURL: text },
      ...{ keywords: list(text), sources: list(text), screenshots: list(text), home: text, docs: text },
      ...{ kubeVersion: text, ksVersion: text },
      externalDependencies: list(
        object({ name: text, type: text, version: text, required: truth }, ['name', 'version', 'required']),
      ),
      installationMode: { type: 'string', enum: ['HostOnly', 'Multicluster'] },
      chartDataRef: keyReference,
    }),
  ),
  Category: kind(object({ ...named, icon: text })),
  RoleTemplate: kind(object({ ...named, rules: list(policyRule) }, ['rules'])),
  PodMonitor: kind(
    object(
      {
        selector: labelSelector,
        namespaceSelector: object({ any: truth, matchNames: list(text) }),
        podMetricsEndpoints: list(scrapedPort),
        ...{ jobLabel: text, podTargetLabels: list(text), sampleLimit: whole },
      },
      ['selector', 'podMetricsEndpoints'],
    ),
  ),
  PrometheusRule: kind(
    object({
      groups: list(object({ name: text, interval: duration, rules: list(prometheusRule) }, ['name'])),
    }),
  ),
  ClusterRuleGroup: kind(
    object({ interval: text, partial_response_strategy: text, rules: list(clusterRule) }, ['rules']),
  ),
  ClusterDashboard: kind(
    object({
      ...{ title: text, description: text, auto_refresh: text, editable: truth },
      ...{ time: object({ from: text, to: text }), panels: list(panel), templatings: list(templating) },
    }),
  ),
};
