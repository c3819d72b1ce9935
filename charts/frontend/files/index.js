// The console's pages of PorterLB: tables of pools and peers as the Kubernetes API has them. A SystemJS module, as the console loads it,
// written as it is run: nothing builds it.
/* global System, t */
System.register(['react', 'react-query', 'react-router-dom', '@ks-console/shared'], (exports) => {
  'use strict';
  let React, query, router, shared;

  const READY = {
    field: 'PORTERLB.READY',
    value: (object) => {
      const { status, reason } = ready(object);
      if (status === 'True') return t('PORTERLB.YES');
      return reason === undefined ? t('PORTERLB.UNKNOWN') : `${t('PORTERLB.NO')} (${reason})`;
    },
  };

  function ready(object) {
    return object.status?.conditions?.find(({ type }) => type === 'Ready') ?? {};
  }

  const NAME = { field: 'NAME', value: ({ metadata }) => metadata.name };

  const POOLS = [
    NAME,
    { field: 'PORTERLB.ADDRESSES', value: ({ spec }) => spec.addresses?.join(', ') ?? spec.address },
    { field: 'PORTERLB.PROTOCOL', value: ({ spec }) => spec.protocol ?? 'bgp' },
    { field: 'PORTERLB.USAGE', value: ({ status }) => `${status?.usage ?? 0} / ${status?.poolSize ?? '-'}` },
    READY,
  ];

  const PEERS = [
    NAME,
    { field: 'PORTERLB.NEIGHBOR', value: ({ spec }) => spec.conf?.neighborAddress },
    { field: 'PORTERLB.AS', value: ({ spec }) => spec.conf?.peerAs },
    { field: 'PORTERLB.ESTABLISHED', value: ({ status }) => status?.established ?? '-' },
    READY,
  ];

  const style = {
    page: { padding: '20px' },
    table: { width: '100%', borderCollapse: 'collapse', background: '#fff' },
    cell: { padding: '8px 12px', textAlign: 'left', borderBottom: '1px solid #e3e9ef' },
  };

  /** Answers of the API server, asked again every ten seconds. */
  function useObjects(plural) {
    const { cluster } = router.useParams();
    const url = `/clusters/${cluster}/apis/network.kubesphere.io/v1alpha2/${plural}`;
    return query.useQuery(['porterlb', cluster, plural], () => shared.request.get(url), { refetchInterval: 10_000 });
  }

  function Table({ plural, columns }) {
    const h = React.createElement;
    const { data, error } = useObjects(plural);
    if (error)
      return h('p', { role: 'alert' }, `${t('PORTERLB.CANNOT_BE_READ')} ${error.reason ?? error.message ?? ''}`);
    if (data === undefined) return h('p', null, t('PORTERLB.LOADING'));
    if (data.items.length === 0) return h('p', null, t('PORTERLB.NONE'));
    const head = columns.map(({ field }) => h('th', { key: field, scope: 'col', style: style.cell }, t(field)));
    const row = (object) =>
      h(
        'tr',
        { key: object.metadata.uid },
        columns.map(({ field, value }) => h('td', { key: field, style: style.cell }, value(object))),
      );
    const body = h('tbody', null, data.items.map(row));
    return h('table', { style: style.table }, h('thead', null, h('tr', null, head)), body);
  }

  function page(title, plural, columns) {
    const Page = () =>
      React.createElement(
        'section',
        { style: style.page },
        React.createElement('h2', null, t(title)),
        React.createElement(Table, { plural, columns }),
      );
    return React.createElement(Page);
  }

  const en = {
    'PORTERLB.NAME': 'PorterLB',
    'PORTERLB.POOLS': 'IP Pools',
    'PORTERLB.PEERS': 'BGP Peers',
    'PORTERLB.ADDRESSES': 'Addresses',
    'PORTERLB.PROTOCOL': 'Protocol',
    'PORTERLB.USAGE': 'In use',
    'PORTERLB.READY': 'Ready',
    'PORTERLB.NEIGHBOR': 'Router',
    'PORTERLB.AS': 'AS number',
    'PORTERLB.ESTABLISHED': 'Established sessions',
    'PORTERLB.YES': 'Yes',
    'PORTERLB.NO': 'No',
    'PORTERLB.UNKNOWN': 'Not known yet',
    'PORTERLB.NONE': 'There is none yet.',
    'PORTERLB.LOADING': 'Loading…',
    'PORTERLB.CANNOT_BE_READ': 'This can’t be read:',
  };

  const zh = {
    'PORTERLB.NAME': 'PorterLB',
    'PORTERLB.POOLS': 'IP 地址池',
    'PORTERLB.PEERS': 'BGP 对等体',
    'PORTERLB.ADDRESSES': '地址',
    'PORTERLB.PROTOCOL': '协议',
    'PORTERLB.USAGE': '已使用',
    'PORTERLB.READY': '就绪',
    'PORTERLB.NEIGHBOR': '路由器',
    'PORTERLB.AS': 'AS 号',
    'PORTERLB.ESTABLISHED': '已建立的会话',
    'PORTERLB.YES': '是',
    'PORTERLB.NO': '否',
    'PORTERLB.UNKNOWN': '尚未知晓',
    'PORTERLB.NONE': '暂无数据。',
    'PORTERLB.LOADING': '加载中…',
    'PORTERLB.CANNOT_BE_READ': '无法读取：',
  };

  // `clusterModule`: only where the extension runs in the cluster at hand.
  const menus = [
    { parent: 'cluster', name: 'porterlb', title: 'PORTERLB.NAME', icon: 'loadbalancer', order: 6 },
    ...[
      { name: 'porterlb.pools', title: 'PORTERLB.POOLS', authKey: 'porterlb' },
      { name: 'porterlb.peers', title: 'PORTERLB.PEERS', authKey: 'porterlb' },
    ].map((entry, order) => ({ ...entry, parent: 'cluster.porterlb', order, clusterModule: 'porterlb' })),
  ];

  function routes() {
    return [
      { path: '/clusters/:cluster/porterlb.pools', element: page('PORTERLB.POOLS', 'eips', POOLS) },
      { path: '/clusters/:cluster/porterlb.peers', element: page('PORTERLB.PEERS', 'bgppeers', PEERS) },
    ].map((route) => ({ ...route, parentRoute: '/clusters/:cluster' }));
  }

  return {
    setters: [
      (module) => (React = module.default ?? module),
      (module) => (query = module),
      (module) => (router = module),
      (module) => (shared = module),
    ],
    execute: () => exports('default', { routes: routes(), menus, locales: { en, zh } }),
  };
});
