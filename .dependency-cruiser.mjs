// Who may import whom: the folders are the data flow, and these rules keep them so (docs/ARCHITECTURE.md).
// tools/lint/imports.test.ts shows that each rule fires. Type-only imports count as well.

const testFiles = '\\.test\\.tsx?$';
// Builders for tests, and the suites that the real and the fake implementation of a port both pass, are part of the tests.
const tests = `${testFiles}|/(testing|stories)/|\\.stories\\.ts$|(/|-)compliance\\.ts$`;
const testSupport = '/(fake|testing|stories)/|\\.stories\\.ts$|(/|-)compliance\\.ts$';
const ours = '^(backend|lab|tools|cli|frontend)/';
const kubernetesClient = '(^|node_modules/)(@kubernetes/client-node|undici)(/|$)';
const sockets = '^(node:)?(net|dgram|tls|child_process|cluster)$|(^|node_modules/)koffi(/|$)';
const httpBuiltins = '^(node:)?(http|https|http2)$';

/**
 * @param {string} name
 * @param {string} comment
 * @param {import('dependency-cruiser').IForbiddenRuleType['from']} from
 * @param {import('dependency-cruiser').IForbiddenRuleType['to']} to
 * @returns {import('dependency-cruiser').IForbiddenRuleType}
 */
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

const layers = [
  forbid(
    'domain-imports-nothing-of-ours',
    'domain is the vocabulary that everybody else speaks; it knows nobody.',
    { path: '^backend/src/domain/', pathNot: tests },
    { path: ours, pathNot: '^backend/src/domain/' },
  ),
  forbid(
    'decisions-import-only-domain',
    'allocate and announce are functions of domain values.',
    { path: '^backend/src/(allocate|announce)/', pathNot: tests },
    { path: ours, pathNot: '^backend/src/(domain|$1)/' },
  ),
  forbid(
    'wire-imports-nothing-of-ours',
    'A codec turns bytes into values and back; sockets import codecs, never the reverse.',
    { path: '^(backend/src/speakers/.+/wire)/', pathNot: tests },
    { path: ours, pathNot: '^$1/' },
  ),
  forbid(
    'speakers-know-only-ports',
    'A speaker imports platform/ports.ts and its own folder: no Kubernetes, no other speaker.',
    { path: '^backend/src/speakers/([^/]+)/', pathNot: tests },
    { path: ours, pathNot: '^backend/src/(speakers/$1/|platform/ports\\.ts$)' },
  ),
  forbid(
    'saved-knows-values-only',
    "What is kept for the next container are the engine's inputs, whoever made them and whoever uses them.",
    { path: '^backend/src/saved/', pathNot: tests },
    {
      path: ours,
      pathNot: '^backend/src/(saved/|domain/|platform/ports\\.ts$|engine/messages\\.ts$|announce/snapshot\\.ts$)',
    },
  ),
  forbid(
    'api-is-a-leaf',
    'Nothing needs the API, so that it can be left out: the manager loads it, and what is generated is made of its tables.',
    { path: ours, pathNot: ['^backend/src/(api/|manager\\.ts$)', '^tools/generate', '^lab/bench/', tests] },
    { path: '^backend/src/api/' },
  ),
  forbid(
    'api-only-reads',
    'The API asks the engine through one narrow port, and the cluster through its view: it neither speaks nor probes nor decides.',
    { path: '^backend/src/api/', pathNot: tests },
    {
      path: '^backend/src/(engine|health|speakers|platform/linux|saved)/|^backend/src/(main|manager)\\.ts$',
      pathNot: '^backend/src/(engine/(facts|link-places)|health/node-verdict)\\.ts$',
    },
  ),
  forbid(
    'read-models-are-functions',
    'What the API answers is a function of what is known: no Express, no request, no socket.',
    { path: '^backend/src/api/model/', pathNot: tests },
    {
      path: `${ours}|^(node:)?(https?|fs|crypto)$|node_modules/express`,
      pathNot:
        '^backend/src/(api/(model|schemas|texts|errors|replicas/(gather|facts|takers))|domain|allocate|announce|report|resources|' +
        'cluster/(watch|custom-kinds)|engine/(facts|link-places)|health/node-verdict|platform/ports)',
    },
  ),
  forbid(
    'platform-knows-no-layer',
    'Ports and their twins serve everybody and import nobody.',
    { path: '^backend/src/platform/', pathNot: tests },
    { path: ours, pathNot: '^backend/src/platform/' },
  ),
  forbid(
    'nothing-imports-main',
    'main.ts is wiring; what others need lives in a module of its own.',
    { pathNot: tests },
    { path: '^backend/src/main\\.ts$' },
  ),
];

const edges = [
  forbid(
    'kubernetes-only-in-cluster',
    'Only cluster/ and main.ts talk to the Kubernetes API.',
    { path: '^backend/src/', pathNot: ['^backend/src/(cluster/|main\\.ts$)', tests] },
    { path: kubernetesClient },
  ),
  forbid(
    'sockets-only-in-platform',
    'Sockets, FFI and child processes live in platform/linux behind a port.',
    { path: '^backend/src/', pathNot: ['^backend/src/platform/linux/', tests] },
    { path: sockets },
  ),
  forbid(
    'http-only-in-api',
    'Only api/ serves HTTP; probes and clients go through a port.',
    { path: '^backend/src/', pathNot: ['^backend/src/(platform/linux|api)/', tests] },
    { path: httpBuiltins },
  ),
  forbid(
    'prom-client-only-in-metrics',
    'Others say what they know; what becomes a metric stands in one table.',
    { path: '^backend/src/', pathNot: '^backend/src/metrics/' },
    { path: '(^|node_modules/)prom-client(/|$)' },
  ),
  forbid(
    'fakes-are-for-tests',
    'Fakes and test builders must not reach production code.',
    { pathNot: [tests, testSupport, '^lab/bench/'] },
    { path: testSupport, pathNot: 'node_modules' },
  ),
  forbid('tests-are-leaves', 'Nothing imports a test.', {}, { path: testFiles, pathNot: 'node_modules' }),
  forbid(
    'backend-stands-alone',
    'The product never imports the lab or the tools.',
    { path: '^backend/', pathNot: tests },
    { path: '^(lab|tools|cli|frontend)/' },
  ),
  forbid(
    'clients-use-the-api',
    'Frontend and CLI use src/generated/, made from openapi.json, and no backend code.',
    { path: '^(cli|frontend)/' },
    { path: '^(backend|lab|tools)/' },
  ),
];

const hygiene = [
  forbid('no-cycles', 'Modules that need each other are one module, or miss a third.', {}, { circular: true }),
  forbid(
    'no-orphans',
    'A file that nobody imports and that imports nobody is dead.',
    // hooks.ts is loaded by the test runner.
    { orphan: true, path: ours, pathNot: [testFiles, '\\.d\\.ts$', '^frontend/src/testing/hooks\\.ts$'] },
    {},
  ),
  // What the console supplies is not there to be found.
  forbid('no-unresolvable', 'Imports must resolve.', {}, { couldNotResolve: true, pathNot: '^@(ks-console|kubed)/' }),
  forbid(
    'declared-dependencies-only',
    'A package that the backend ships must stand in its package.json, as the image takes exactly those.',
    { path: '^backend/src/', pathNot: [tests, testSupport] },
    { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'npm-optional', 'npm-peer'] },
  ),
];

export const forbidden = [...layers, ...edges, ...hygiene];

export const options = {
  doNotFollow: { path: 'node_modules' },
  exclude: { path: '(^|/)generated/' },
  tsPreCompilationDeps: true,
  detectProcessBuiltinModuleCalls: true,
  enhancedResolveOptions: {
    exportsFields: ['exports'],
    conditionNames: ['import', 'node', 'default', 'types'],
    extensions: ['.ts', '.mjs', '.js', '.json'],
  },
};

export default { forbidden, options };
