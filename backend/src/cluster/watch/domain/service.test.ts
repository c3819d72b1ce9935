import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { notServed } from '../../../allocate/served.ts';
import type * as kinds from '../../kinds.ts';
import { toHoldingService } from './holding.ts';
import { toService } from './service.ts';

/** As the API server returns it (kubectl get -o json, 1.28), before anybody has given it an address. */
const FRESH: kinds.Service = JSON.parse(`{
  "apiVersion": "v1",
  "kind": "Service",
  "metadata": {
    "creationTimestamp": "2026-01-02T03:04:05Z",
    "labels": {"app": "web"},
    "name": "web",
    "namespace": "shop",
    "resourceVersion": "4711",
    "uid": "0b5c2f0e-6a5e-4bb0-9a0c-0d4e3a7d8c11"
  },
  "spec": {
    "allocateLoadBalancerNodePorts": true,
    "clusterIP": "10.96.17.4",
    "clusterIPs": ["10.96.17.4"],
    "externalTrafficPolicy": "Cluster",
    "internalTrafficPolicy": "Cluster",
    "ipFamilies": ["IPv4"],
    "ipFamilyPolicy": "SingleStack",
    "loadBalancerClass": "lb.kubesphere.io/porter",
    "ports": [{"nodePort": 30080, "port": 80, "protocol": "TCP", "targetPort": 8080}],
    "selector": {"app": "web"},
    "sessionAffinity": "None",
    "type": "LoadBalancer"
  },
  "status": {"loadBalancer": {}}
}`);

type Metadata = NonNullable<kinds.Service['metadata']>;

function withMetadata(metadata: Partial<Metadata>, service: kinds.Service = FRESH): kinds.Service {
  return { ...service, metadata: { ...service.metadata, ...metadata } };
}

function withSpec(spec: NonNullable<kinds.Service['spec']>): kinds.Service {
  return { ...FRESH, spec: { ...FRESH.spec, ...spec } };
}

const annotated = (annotations: Readonly<Record<string, string>>, service = FRESH): kinds.Service =>
  withMetadata({ annotations }, service);

function withIngress(service: kinds.Service, ...ips: string[]): kinds.Service {
  return {
    ...service,
    status: { ...service.status, loadBalancer: { ingress: ips.map((ip) => ({ ip, ipMode: 'VIP' })) } },
  };
}

const FINALIZERS = ['service.kubernetes.io/load-balancer-cleanup'];

function allocated(status: 'True' | 'False'): NonNullable<NonNullable<kinds.Service['status']>['conditions']>[number] {
  return {
    type: 'network.kubesphere.io/Allocated',
    status,
    reason: 'Allocated',
    message: '',
    lastTransitionTime: '2026-01-02T03:04:06Z',
  };
}

/** As the leader's patch leaves it. */
const HELD: kinds.Service = {
  ...withMetadata({ annotations: { 'lb.kubesphere.io/assigned': 'public=192.0.2.7' }, finalizers: FINALIZERS }),
  status: { loadBalancer: { ingress: [{ ip: '192.0.2.7' }] }, conditions: [allocated('True')] },
};

suite('a Service', () => {
  test('as its owner made it', () => {
    assert.deepEqual(toService(FRESH), {
      key: 'shop/web',
      namespace: 'shop',
      name: 'web',
      uid: '0b5c2f0e-6a5e-4bb0-9a0c-0d4e3a7d8c11',
      resourceVersion: '4711',
      createdAt: Date.UTC(2026, 0, 2, 3, 4, 5),
      labels: { app: 'web' },
      isLoadBalancer: true,
      loadBalancerClass: 'lb.kubesphere.io/porter',
      optedIn: false,
      optedOut: false,
      families: ['ipv4'],
      familyPolicy: 'SingleStack',
      trafficPolicy: 'Cluster',
      sharing: {
        key: undefined,
        namespace: 'shop',
        ports: ['TCP/80'],
        trafficPolicy: 'Cluster',
        selector: '[["app","web"]]',
      },
      clusterIPs: ['10.96.17.4'],
      wantedPools: [],
      wantedIPs: [],
      ignored: [],
      recorded: [],
      ingressIPs: [],
      claims: false,
      hasCondition: false,
      announcedBefore: false,
      hasFinalizer: false,
      deleting: false,
    });
  });

  test('of type ClusterIP, ExternalName or headless is no load balancer', () => {
    for (const type of ['ClusterIP', 'NodePort', 'ExternalName'])
      assert.equal(toService(withSpec({ type })).isLoadBalancer, false);
    const external: kinds.Service = JSON.parse(`{
      "metadata": {"name": "db", "namespace": "shop"},
      "spec": {"externalName": "db.example.com", "sessionAffinity": "None", "type": "ExternalName"},
      "status": {"loadBalancer": {}}
    }`);
    const { isLoadBalancer, families } = toService(external);
    assert.deepEqual({ isLoadBalancer, families }, { isLoadBalancer: false, families: ['ipv4'] });
  });

  test('being deleted', () => {
    assert.equal(toService(withMetadata({ deletionTimestamp: '2026-01-02T03:05:00Z' })).deleting, true);
  });

  test('families in their order, and their policy', () => {
    const dual = toService(withSpec({ ipFamilies: ['IPv6', 'IPv4'], ipFamilyPolicy: 'PreferDualStack' }));
    assert.deepEqual([dual.families, dual.familyPolicy], [['ipv6', 'ipv4'], 'PreferDualStack']);
    assert.equal(toService(withSpec({ ipFamilyPolicy: 'RequireDualStack' })).familyPolicy, 'RequireDualStack');
  });

  test('traffic policy', () =>
    assert.equal(toService(withSpec({ externalTrafficPolicy: 'Local' })).trafficPolicy, 'Local'));

  test('class: ours, another, none', () => {
    const { loadBalancerClass: _, ...unclassed } = FRESH.spec ?? {};
    assert.equal(
      toService(withSpec({ loadBalancerClass: 'example.com/other' })).loadBalancerClass,
      'example.com/other',
    );
    assert.equal(toService({ ...FRESH, spec: unclassed }).loadBalancerClass, undefined);
  });
});

suite('the terms on which a Service shares its address', () => {
  const KEY = 'lb.kubesphere.io/allow-shared-ip';
  const keyOf = (value: string): string | undefined => toService(annotated({ [KEY]: value })).sharing.key;

  test('key: what the annotation says, without spaces around it', () => {
    assert.deepEqual(['dns', ' dns '].map(keyOf), ['dns', 'dns']);
    assert.deepEqual(['', '  '].map(keyOf), [undefined, undefined]);
  });

  test('key: one of any length that is out of reason is none, instead of being cut to what others have', () => {
    assert.deepEqual([keyOf('x'.repeat(256)), keyOf('x'.repeat(257))], ['x'.repeat(256), undefined]);
  });

  test('ports: with their protocol, which is TCP unless it is said', () => {
    const ports = [{ port: 53, protocol: 'UDP' }, { port: 53 }, { port: 9, protocol: 'SCTP', targetPort: 90 }];
    assert.deepEqual(toService(withSpec({ ports })).sharing.ports, ['UDP/53', 'TCP/53', 'SCTP/9']);
  });

  test('traffic policy', () => {
    assert.equal(toService(withSpec({ externalTrafficPolicy: 'Local' })).sharing.trafficPolicy, 'Local');
  });

  test('selector: the same for the same labels in another order, and for no others', () => {
    const selectorOf = (selector: Record<string, string>): string | undefined =>
      toService(withSpec({ selector })).sharing.selector;
    assert.equal(selectorOf({ app: 'a', tier: 'b' }), selectorOf({ tier: 'b', app: 'a' }));
    assert.notEqual(selectorOf({ app: 'a', tier: 'b' }), selectorOf({ app: 'a' }));
    assert.notEqual(selectorOf({ app: 'a,b=c' }), selectorOf({ app: 'a', b: 'c' }));
    assert.equal(selectorOf({}), undefined);
  });

  test('selector: none where Endpoints are made by hand', () => {
    const { selector: _, ...spec } = FRESH.spec ?? {};
    assert.equal(toService({ ...FRESH, spec }).sharing.selector, undefined);
  });
});

suite('cluster addresses', () => {
  const of = (spec: NonNullable<kinds.Service['spec']>): readonly string[] => toService(withSpec(spec)).clusterIPs;
  test('of both families, in one notation', () =>
    assert.deepEqual(of({ clusterIPs: ['10.96.17.4', 'FD00:10:96::0A'] }), ['10.96.17.4', 'fd00:10:96::a']));
  test('none of a headless Service', () => assert.deepEqual(of({ clusterIPs: ['None'], clusterIP: 'None' }), []));
});

suite('annotations of every era', () => {
  const OPT_IN = 'lb.kubesphere.io/v1alpha1';
  const POOL = { openelb: 'eip.openelb.kubesphere.io/v1alpha2', porter: 'eip.porter.kubesphere.io/v1alpha2' } as const;
  const IP = { openelb: 'eip.openelb.kubesphere.io/v1alpha1', porter: 'eip.porter.kubesphere.io/v1alpha1' } as const;

  test('opting in: porter and openelb, nothing else', () => {
    const optedIn = (value: string): boolean => toService(annotated({ [OPT_IN]: value })).optedIn;
    assert.deepEqual(['porter', 'openelb', 'metallb', '', 'true'].map(optedIn), [true, true, false, false, false]);
  });

  test('opting out: the name of another product, while an empty value says nothing', () => {
    const optedOut = (value: string): boolean => toService(annotated({ [OPT_IN]: value })).optedOut;
    assert.deepEqual(['porter', 'openelb', '', 'metallb', 'true'].map(optedOut), [false, false, false, true, true]);
    assert.equal(toService(FRESH).optedOut, false);
  });

  for (const era of ['openelb', 'porter'] as const) {
    test(`pool and address, ${era}`, () => {
      const { wantedPools, wantedIPs } = toService(annotated({ [POOL[era]]: 'public', [IP[era]]: '192.0.2.7' }));
      assert.deepEqual({ wantedPools, wantedIPs }, { wantedPools: ['public'], wantedIPs: ['192.0.2.7'] });
    });
  }

  test('the younger era wins', () => {
    const { wantedPools, wantedIPs } = toService(
      annotated({ [POOL.porter]: 'old', [POOL.openelb]: 'new', [IP.porter]: '192.0.2.1', [IP.openelb]: '192.0.2.2' }),
    );
    assert.deepEqual({ wantedPools, wantedIPs }, { wantedPools: ['new'], wantedIPs: ['192.0.2.2'] });
  });

  test('addresses: our annotation, then the eras, then the deprecated field', () => {
    const field = withSpec({ loadBalancerIP: '192.0.2.3' });
    assert.deepEqual(toService(field).wantedIPs, ['192.0.2.3']);
    assert.deepEqual(toService(annotated({ [IP.porter]: '192.0.2.2' }, field)).wantedIPs, ['192.0.2.2']);
    const all = { 'lb.kubesphere.io/ips': '192.0.2.1, 2001:db8::1', [IP.openelb]: '192.0.2.2' };
    assert.deepEqual(toService(annotated(all, field)).wantedIPs, ['192.0.2.1', '2001:db8::1']);
  });

  test('an annotation without a value says nothing', () => {
    const field = withSpec({ loadBalancerIP: '192.0.2.3' });
    const { wantedPools, wantedIPs } = toService(
      annotated({ 'lb.kubesphere.io/ips': ' , ', [POOL.openelb]: '' }, field),
    );
    assert.deepEqual({ wantedPools, wantedIPs }, { wantedPools: [], wantedIPs: ['192.0.2.3'] });
  });

  test('an empty key of the younger era hides no value of the older one', () => {
    const { wantedPools, wantedIPs } = toService(
      annotated({ [POOL.openelb]: '', [POOL.porter]: 'old', [IP.openelb]: ' , ', [IP.porter]: '192.0.2.1' }),
    );
    assert.deepEqual({ wantedPools, wantedIPs }, { wantedPools: ['old'], wantedIPs: ['192.0.2.1'] });
  });

  test('what is not honoured is said: further addresses, further pools, a key that is too long', () => {
    const ignored = (values: Record<string, string>, service = FRESH): string[] =>
      toService(annotated(values, service)).ignored.map(({ reason, params }) =>
        [reason, params['ips'] ?? params['pools'] ?? ''].join(' ').trim(),
      );
    const ips = 'lb.kubesphere.io/ips';
    const dual = withSpec({ ipFamilies: ['IPv4', 'IPv6'] });
    assert.deepEqual(ignored({ [ips]: '192.0.2.1,192.0.2.1' }), []);
    assert.deepEqual(ignored({ [ips]: '192.0.2.1, 192.0.2.2' }), ['WantedAddressesIgnored 192.0.2.2']);
    assert.deepEqual(ignored({ [ips]: '192.0.2.1,2001:db8::1' }), ['WantedAddressesIgnored 2001:db8::1']);
    assert.deepEqual(ignored({ [ips]: '192.0.2.1,2001:db8::1' }, dual), []);
    // That is an answer of its own.
    assert.deepEqual(ignored({ [ips]: '2001:db8::1' }), []);
    const names = (count: number): string => Array.from({ length: count }, (_, i) => `p${i + 1}`).join();
    assert.deepEqual(ignored({ [POOL.porter]: names(8) }), []);
    assert.deepEqual(ignored({ [POOL.porter]: names(10) }), ['NamedPoolsIgnored p9, p10']);
    const allow = 'lb.kubesphere.io/allow-shared-ip';
    assert.deepEqual(ignored({ [allow]: 'k'.repeat(256) }), []);
    assert.deepEqual(ignored({ [allow]: 'k'.repeat(257) }), ['SharingKeyIgnored']);
  });

  test('what reads as no address stays as written, so that it can be named', () => {
    assert.deepEqual(toService(annotated({ [IP.openelb]: 'garbage' })).wantedIPs, ['garbage']);
  });

  test('pools of both families as a list', () => {
    assert.deepEqual(toService(annotated({ [POOL.openelb]: 'four, six' })).wantedPools, ['four', 'six']);
  });

  test('lists are read up to a bound', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => `p${i}`).join(',');
    const service = toService(
      annotated({ [POOL.openelb]: many, [IP.openelb]: many, 'lb.kubesphere.io/assigned': many }),
    );
    assert.equal(service.wantedPools.length, 8);
    assert.equal(service.wantedIPs.length, 8);
    assert.equal(service.recorded.length, 0);
  });
});

suite('what the leader wrote', () => {
  test('our condition and the status: held, with the pools of the record', () => {
    const { claims, recorded, ingressIPs, hasFinalizer, hasCondition } = toService(HELD);
    assert.deepEqual(
      { claims, recorded, ingressIPs, hasFinalizer, hasCondition },
      {
        claims: true,
        recorded: [{ pool: 'public', ip: '192.0.2.7' }],
        ingressIPs: ['192.0.2.7'],
        hasFinalizer: true,
        hasCondition: true,
      },
    );
  });

  test('status in another notation', () => {
    const service = withIngress(annotated({ 'lb.kubesphere.io/assigned': 'six=2001:db8::7' }, HELD), '2001:DB8:0::7');
    assert.deepEqual(toService(service).recorded, [{ pool: 'six', ip: '2001:db8::7' }]);
  });

  // `kubectl replace`, or a controller's Update, drops what its author did not write; the status stays.
  const edited: [what: string, service: kinds.Service][] = [
    ['without the finalizer', withMetadata({ finalizers: [] }, HELD)],
    ['with other finalizers', withMetadata({ finalizers: ['example.com/other'] }, HELD)],
    ['without its record', annotated({}, HELD)],
    ['with an unreadable record', annotated({ 'lb.kubesphere.io/assigned': '192.0.2.7' }, HELD)],
    ['with a record of another address', annotated({ 'lb.kubesphere.io/assigned': 'a=192.0.2.8' }, HELD)],
    ['with a longer record', annotated({ 'lb.kubesphere.io/assigned': 'a=192.0.2.7,b=192.0.2.8' }, HELD)],
  ];
  for (const [what, service] of edited) {
    test(`edited, ${what}: still held, and the same address`, () => {
      const { claims, recorded } = toService(service);
      assert.equal(claims, true);
      assert.deepEqual(
        recorded.map(({ ip }) => ip),
        ['192.0.2.7'],
      );
    });
  }
  test('a record that was lost leaves the pool open', () =>
    assert.deepEqual(toService(annotated({}, HELD)).recorded, [{ pool: '', ip: '192.0.2.7' }]));

  const ingress = [{ ip: '192.0.2.7' }];
  const unproved: [what: string, service: kinds.Service][] = [
    ['no condition of ours (a forged record)', { ...HELD, status: { loadBalancer: { ingress } } }],
    ['our condition False', { ...HELD, status: { loadBalancer: { ingress }, conditions: [allocated('False')] } }],
    ['no address in the status (a restored backup)', { ...HELD, status: { loadBalancer: {} } }],
    [
      "a host name beside the address (another controller's)",
      {
        ...HELD,
        status: {
          loadBalancer: { ingress: [...ingress, { hostname: 'lb.example.com' }] },
          conditions: [allocated('True')],
        },
      },
    ],
  ];
  for (const [what, service] of unproved) {
    test(`${what}: not held, and the record is a wish`, () => {
      const { claims, recorded } = toService(service);
      assert.equal(claims, false);
      assert.deepEqual(recorded, [{ pool: 'public', ip: '192.0.2.7' }]);
    });
  }

  test('a host name that another load balancer gave, without an address: served by that one', () => {
    const { loadBalancerClass: _, ...spec } = FRESH.spec ?? {};
    const status = { loadBalancer: { ingress: [{ hostname: 'lb.example.com' }] } };
    const service = toService({ ...FRESH, spec, status });
    assert.equal(notServed({ service, defaultPoolExists: true })?.reason, 'ServedByAnother');
    assert.equal(service.claims, false);
  });
});

suite('a Service as announcing sees it', () => {
  test('held: its record', () => {
    assert.deepEqual(toHoldingService(toService(HELD)), {
      key: 'shop/web',
      uid: '0b5c2f0e-6a5e-4bb0-9a0c-0d4e3a7d8c11',
      createdAt: Date.UTC(2026, 0, 2, 3, 4, 5),
      trafficPolicy: 'Cluster',
      sharing: toService(FRESH).sharing,
      assignments: [{ pool: 'public', ip: '192.0.2.7' }],
      announcedBefore: false,
    });
  });
  test('whether it was announced before, by our condition', () => {
    const conditions = HELD.status?.conditions ?? [];
    const announcedIs = (status: string, reason = ''): kinds.Service => {
      const announced = { type: 'network.kubesphere.io/Announced', status, reason, message: '' };
      return {
        ...HELD,
        status: { ...HELD.status, conditions: [...conditions, { ...announced, lastTransitionTime: '' }] },
      };
    };
    assert.equal(toHoldingService(toService(announcedIs('True')))?.announcedBefore, true);
    assert.equal(toHoldingService(toService(announcedIs('False')))?.announcedBefore, false);
    // A stranger took it while all replicas were stopped.
    assert.equal(toHoldingService(toService(announcedIs('False', 'AddressTaken')))?.announcedBefore, true);
    assert.equal(toHoldingService(toService(announcedIs('False', 'AddressConflict')))?.announcedBefore, false);
  });
  test('not held, of another type, or being deleted: nothing', () => {
    assert.equal(toHoldingService(toService(FRESH)), undefined);
    assert.equal(toHoldingService(toService({ ...HELD, spec: { ...HELD.spec, type: 'ClusterIP' } })), undefined);
    assert.equal(
      toHoldingService(toService(withMetadata({ deletionTimestamp: '2026-01-02T03:05:00Z' }, HELD))),
      undefined,
    );
  });
});
