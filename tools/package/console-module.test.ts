/** The console's module as the console loads it: by SystemJS, with the shell's own libraries. These stand in for them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

interface Element {
  readonly type: string;
  readonly children: readonly (Element | string | number | null)[];
}

interface ConsoleModule {
  readonly routes: readonly { readonly path: string; readonly parentRoute: string; readonly element: Element }[];
  readonly menus: readonly { readonly name: string; readonly title: string; readonly clusterModule?: string }[];
  readonly locales: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

interface Query {
  readonly data?: { readonly items: readonly object[] };
  readonly error?: { readonly reason: string };
}

type Registration = (exports: (name: string, value: ConsoleModule) => void) => {
  readonly setters: readonly ((module: unknown) => void)[];
  readonly execute: () => void;
};

const text = readFileSync(join(import.meta.dirname, '../../charts/frontend/files/index.js'), 'utf8');

type Component = (props: object) => Element;

function createElement(type: string | Component, props: object | null, ...children: unknown[]): Element {
  if (typeof type === 'function') return type(props ?? {});
  return { type, children: children.flat() as Element['children'] };
}

/** What it exports, with pages drawn at once, of these answers; `asked` gets the URLs. */
function load(query: Query, asked: string[] = []): ConsoleModule {
  const libraries: Readonly<Record<string, unknown>> = {
    react: { createElement },
    'react-query': {
      useQuery: (_key: unknown, ask: () => unknown): Query => {
        ask();
        return query;
      },
    },
    'react-router-dom': { useParams: () => ({ cluster: 'host' }) },
    '@ks-console/shared': { request: { get: (url: string): number => asked.push(url) } },
  };
  let exported: ConsoleModule | undefined;
  const System = {
    register: (names: readonly string[], registration: Registration): void => {
      const { setters, execute } = registration((_name, value) => (exported = value));
      for (const [i, set] of setters.entries()) set(libraries[names[i] ?? '']);
      execute();
    },
  };
  // As SystemJS does.
  new Function('System', 't', text)(System, (key: string) => key);
  assert.ok(exported !== undefined);
  return exported;
}

function texts(element: Element): string[] {
  return element.children.flatMap((child) => {
    if (child === null) return [];
    return typeof child === 'object' ? texts(child) : [String(child)];
  });
}

const loaded = { data: { items: [] } };

test('its pages are where the menu leads, in clusters where the extension runs', () => {
  const { routes, menus } = load(loaded);
  const entries = menus.filter(({ clusterModule }) => clusterModule === 'porterlb');
  assert.deepEqual(
    routes.map(({ path }) => path),
    entries.map(({ name }) => `/clusters/:cluster/${name}`),
  );
  for (const { parentRoute } of routes) assert.equal(parentRoute, '/clusters/:cluster');
});

test('tables show pools and peers of the cluster at hand', () => {
  const asked: string[] = [];
  const metadata = { name: 'one', uid: '1' };
  const ready = { conditions: [{ type: 'Ready', status: 'False', reason: 'InvalidRange' }] };
  const pool = { metadata, spec: { addresses: ['192.0.2.0/24'] }, status: { usage: 3, poolSize: 256, ...ready } };
  assert.deepEqual(texts(load({ data: { items: [pool] } }, asked).routes[0]?.element as Element).slice(-5), [
    ...['one', '192.0.2.0/24', 'bgp', '3 / 256', 'PORTERLB.NO (InvalidRange)'],
  ]);
  const peer = {
    metadata,
    spec: { conf: { neighborAddress: '192.0.2.1', peerAs: 65_000 } },
    status: { established: '2/2' },
  };
  assert.deepEqual(texts(load({ data: { items: [peer] } }).routes[1]?.element as Element).slice(-5), [
    ...['one', '192.0.2.1', '65000', '2/2', 'PORTERLB.UNKNOWN'],
  ]);
  assert.deepEqual(asked, [
    '/clusters/host/apis/network.kubesphere.io/v1alpha2/eips',
    '/clusters/host/apis/network.kubesphere.io/v1alpha2/bgppeers',
  ]);
});

test('it says so when there is none, when they are on their way, and when they can’t be read', () => {
  const said = (query: Query): string[] => texts(load(query).routes[0]?.element as Element);
  assert.deepEqual(said(loaded).slice(-1), ['PORTERLB.NONE']);
  assert.deepEqual(said({}).slice(-1), ['PORTERLB.LOADING']);
  assert.deepEqual(said({ error: { reason: 'Forbidden' } }).slice(-1), ['PORTERLB.CANNOT_BE_READ Forbidden']);
});

test('every text is there in both languages', () => {
  const { locales, menus } = load(loaded);
  const [en = {}, zh = {}] = [locales['en'], locales['zh']];
  assert.deepEqual(Object.keys(zh), Object.keys(en));
  const used = [...text.matchAll(/'(PORTERLB\.[A-Z_]+)'/g)].map(([, key = '']) => key);
  for (const key of [...used, ...menus.map(({ title }) => title)]) assert.ok(key in en, key);
});
