import { hostname, networkInterfaces } from 'node:os';
import { parseArgs } from 'node:util';
import { canonicalAddress } from './domain/address.ts';
import { isLogLevel, LOG_LEVELS, type LogLevel } from './platform/log-level.ts';

/** How the API is served. */
export interface ApiOptions {
  readonly port: number;
  /** Whether to serve Swagger UI. */
  readonly docs: boolean;
  /** Folder of a mounted Secret with `tls.crt` and `tls.key`; undefined: the replicas make a certificate themselves. */
  readonly tlsDir: string | undefined;
  /** ks-apiserver: a URL, or `namespace/name` of its Service, whose first port is asked over HTTP; empty: there is none. */
  readonly kubesphere: string;
}

/** How this replica was started. */
export interface ManagerOptions {
  /** Path of a kubeconfig; undefined in a Pod, where the ServiceAccount is used. */
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly logLevel: LogLevel;
  /** Path of a file that may have another one at any time; undefined: there is none. */
  readonly logLevelFile?: string | undefined;
  readonly replica: string;
  /** Node that it runs on; empty outside of a cluster, where no BgpPeer with a nodeSelector is served. */
  readonly node: string;
  /** Namespace of the manager's own objects. */
  readonly namespace: string;
  readonly address: string;
  readonly httpPort: number;
  readonly probePort: number;
  /** Whether to speak ARP and neighbour discovery for the addresses of Eips of protocol layer2. */
  readonly layer2: boolean;
  /** From one announcement of an address on its link to the next, once its neighbours know it, in milliseconds; 0: none. */
  readonly layer2SteadyMs: number;
  /** How long the next hops of a node that is being drained stay, as the last resort, before they are withdrawn, in milliseconds. */
  readonly drainGraceMs: number;
  /** Whether a cordoned node is drained as one that is about to be deleted. */
  readonly drainOnCordon: boolean;
  /** Folder that outlives the container, but not the Pod; undefined: a container that restarts knows nothing. */
  readonly stateDir: string | undefined;
  /** By what name the containers of this Pod know what is theirs in `stateDir`. */
  readonly stateOwner: string;
  /** How the API is served; undefined: not at all. */
  readonly api: ApiOptions | undefined;
  /** Name of the headless Service and of the Lease. */
  readonly name: string;
}

/** What Jobs of the chart run instead of a manager: before an installation or an upgrade, and before an uninstallation. */
export const HOOKS = ['upgrade-crds', 'release-all'] as const;
export type Hook = (typeof HOOKS)[number];

export const USAGE = `usage: porter-manager [options]
       porter-manager upgrade-crds [options]   brings the custom resource definitions up to date, and ends
       porter-manager release-all [options]    ends the managers of the namespace, takes the finalizers off that they have put on
                                               Services and pools, and ends; addresses and objects stay

  --kubeconfig FILE   the cluster to serve (KUBECONFIG); in a Pod the ServiceAccount is used
  --context NAME      context of the kubeconfig (its current one; KUBE_CONTEXT)
  --namespace NAME    namespace of the Lease (POD_NAMESPACE, porterlb-system)
  --address IP        this host's address: next hops are the nodes', this is for the router ID and for other replicas (POD_IP)
  --node NAME         the node that this process runs on (NODE_NAME)
  --http-port PORT    /healthz, /readyz and /metrics (HTTP_PORT, 17980)
  --probe-port PORT   UDP, where replicas ask each other whether they are alive (PROBE_PORT, 17981)
  --layer2 BOOL       whether to answer ARP and neighbour solicitations for Eips of protocol layer2 (LAYER2, true); needs NET_RAW
  --layer2-steady S   seconds between two gratuitous announcements of an address at rest, 0 for none (LAYER2_STEADY_SECONDS, 60)
  --drain-grace S     seconds from the sign that a node is about to go to the withdrawal of its next hops, which nobody should choose
                      meanwhile (DRAIN_GRACE_SECONDS, 10)
  --drain-on-cordon BOOL  whether a cordon is such a sign too (DRAIN_ON_CORDON, false)
  --state-dir DIR     where what is known of the cluster is kept for a restart while the API server is down, a folder in memory that
                      goes with the Pod (STATE_DIR; empty, the default: nowhere)
  --api BOOL          whether to serve the REST API over HTTPS (API, false)
  --api-port PORT     TCP, where (API_PORT, 17982)
  --api-docs BOOL     whether to serve Swagger UI with it (API_DOCS, true)
  --api-tls-dir DIR   folder with tls.crt and tls.key to serve with, the same for all replicas (API_TLS_DIR; empty, the default: the
                      replicas make a certificate and share it by the Secret porter-manager-api)
  --kubesphere WHERE  ks-apiserver, by which users of KubeSphere are known: URL, or namespace/name of its Service; empty: nowhere
                      (KUBESPHERE, kubesphere-system/ks-apiserver)
  --log-level LEVEL   debug, info, warn or error (LOG_LEVEL, info)
  --log-level-file FILE
                      a file that may have another level at any time (LOG_LEVEL_FILE)
  --help
`;

/** A mistake of the caller; `message` says what to do. */
export class UsageError extends Error {}

function port(name: string, text: string): number {
  const number = Number(text);
  if (!/^\d{1,5}$/.test(text) || number > 65_535)
    throw new UsageError(`--${name} takes a port from 0 to 65535, not "${text}"`);
  return number;
}

function level(text: string): LogLevel {
  if (!isLogLevel(text)) throw new UsageError(`--log-level takes one of ${LOG_LEVELS.join(', ')}, not "${text}"`);
  return text;
}

function truth(name: string, text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new UsageError(`--${name} takes true or false, not "${text}"`);
  return text === 'true';
}

const MAX_SECONDS = 86_400;

function seconds(name: string, text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > MAX_SECONDS)
    throw new UsageError(`--${name} takes seconds from 0 to ${MAX_SECONDS}, not "${text}"`);
  return Number(text);
}

function literal(text: string): string {
  const address = canonicalAddress(text);
  if (address === undefined) throw new UsageError(`--address takes an IP address, not "${text}"`);
  return address;
}

function firstAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1';
}

const argumentTypes = {
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  namespace: { type: 'string' },
  address: { type: 'string' },
  node: { type: 'string' },
  'http-port': { type: 'string' },
  'probe-port': { type: 'string' },
  layer2: { type: 'string' },
  'layer2-steady': { type: 'string' },
  'drain-grace': { type: 'string' },
  'drain-on-cordon': { type: 'string' },
  'state-dir': { type: 'string' },
  api: { type: 'string' },
  'api-port': { type: 'string' },
  'api-docs': { type: 'string' },
  'api-tls-dir': { type: 'string' },
  kubesphere: { type: 'string' },
  'log-level': { type: 'string' },
  'log-level-file': { type: 'string' },
  help: { type: 'boolean' },
} as const;

function parse(argv: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof argumentTypes }>>['values'] {
  try {
    return parseArgs({ args: [...argv], options: argumentTypes, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Every value as text: the command line first, then the environment that the chart sets, then the default. */
function settings(argv: readonly string[], environment: NodeJS.ProcessEnv): (name: keyof typeof sources) => string {
  const values: Readonly<Record<string, string | boolean | undefined>> = parse(argv);
  return (name) => {
    const [variable, fallback] = sources[name];
    const value = values[name];
    return typeof value === 'string' ? value : (environment[variable] ?? fallback());
  };
}

/** Option -> environment variable and default. */
const sources = {
  kubeconfig: ['KUBECONFIG', () => ''],
  context: ['KUBE_CONTEXT', () => ''],
  'log-level': ['LOG_LEVEL', () => 'info'],
  'log-level-file': ['LOG_LEVEL_FILE', () => ''],
  node: ['NODE_NAME', () => ''],
  namespace: ['POD_NAMESPACE', () => 'porterlb-system'],
  address: ['POD_IP', firstAddress],
  'http-port': ['HTTP_PORT', () => '17980'],
  'probe-port': ['PROBE_PORT', () => '17981'],
  layer2: ['LAYER2', () => 'true'],
  'layer2-steady': ['LAYER2_STEADY_SECONDS', () => '60'],
  'drain-grace': ['DRAIN_GRACE_SECONDS', () => '10'],
  'drain-on-cordon': ['DRAIN_ON_CORDON', () => 'false'],
  'state-dir': ['STATE_DIR', () => ''],
  api: ['API', () => 'false'],
  'api-port': ['API_PORT', () => '17982'],
  'api-docs': ['API_DOCS', () => 'true'],
  'api-tls-dir': ['API_TLS_DIR', () => ''],
  kubesphere: ['KUBESPHERE', () => 'kubesphere-system/ks-apiserver'],
} as const satisfies Record<string, readonly [string, () => string]>;

function api(value: (name: keyof typeof sources) => string): ApiOptions | undefined {
  if (!truth('api', value('api'))) return undefined;
  return {
    port: port('api-port', value('api-port')),
    docs: truth('api-docs', value('api-docs')),
    tlsDir: value('api-tls-dir') || undefined,
    kubesphere: value('kubesphere'),
  };
}

/**
 * Reads the command line and the environment that the chart sets.
 *
 * @returns undefined if help was asked for
 * @throws UsageError
 */
export function readOptions(argv: readonly string[], environment: NodeJS.ProcessEnv): ManagerOptions | undefined {
  if (parse(argv).help === true) return undefined;
  const value = settings(argv, environment);
  const replica = environment['POD_NAME'] ?? `${hostname()}-${process.pid}`;
  return {
    kubeconfig: value('kubeconfig') || undefined,
    context: value('context') || undefined,
    logLevel: level(value('log-level')),
    logLevelFile: value('log-level-file') || undefined,
    replica,
    node: value('node'),
    namespace: value('namespace'),
    address: literal(value('address')),
    httpPort: port('http-port', value('http-port')),
    probePort: port('probe-port', value('probe-port')),
    layer2: truth('layer2', value('layer2')),
    layer2SteadyMs: seconds('layer2-steady', value('layer2-steady')) * 1_000,
    drainGraceMs: seconds('drain-grace', value('drain-grace')) * 1_000,
    drainOnCordon: truth('drain-on-cordon', value('drain-on-cordon')),
    stateDir: value('state-dir') || undefined,
    stateOwner: environment['POD_UID'] ?? replica,
    api: api(value),
    name: 'porter-manager',
  };
}
