import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '../cluster/api-client.ts';
import type { Lab } from '../lab.ts';

export interface PodMonitor extends KubeObject {
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly namespaceSelector: { readonly matchNames: readonly string[] };
    readonly podMetricsEndpoints: readonly {
      readonly port: string;
      readonly path: string;
      readonly interval: string;
    }[];
  };
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

const NODE = 'n1';
const listen = '127.0.0.1:9090';

interface Pod extends KubeObject {
  readonly spec: {
    readonly containers: readonly {
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
    }[];
  };
  readonly status: { readonly podIP?: string };
}

/**
 * What a Prometheus scrapes for which the operator reads a PodMonitor (https://prometheus-operator.dev/docs/api-reference/api/): the ports of that name
 * of Pods with these labels, in these namespaces. Debian's has no discovery of its own for Kubernetes.
 */
async function scrapeConfigs(lab: Lab, { metadata, spec }: PodMonitor): Promise<object[]> {
  const selector = Object.entries(spec.selector.matchLabels).map(([label, value]) => `${label}=${value}`);
  const query = `labelSelector=${encodeURIComponent(selector.join())}`;
  const found = await Promise.all(
    spec.namespaceSelector.matchNames.map((name) => lab.api.list<Pod>(`/api/v1/namespaces/${name}/pods?${query}`)),
  );
  return spec.podMetricsEndpoints.map(({ port, path }, i) => ({
    job_name: `podMonitor/${metadata.namespace ?? ''}/${metadata.name}/${i}`,
    metrics_path: path,
    static_configs: found.flat().flatMap((pod) => targetsOf(pod, port)),
  }));
}

function targetsOf({ metadata, spec, status }: Pod, port: string): object[] {
  const ports = spec.containers.flatMap(({ ports: own = [] }) => own).filter(({ name }) => name === port);
  const labels = { namespace: metadata.namespace ?? '', pod: metadata.name };
  return ports.map(({ containerPort }) => ({ targets: [`${status.podIP ?? ''}:${containerPort}`], labels }));
}

/** A Prometheus on a node of a lab, which goes by a PodMonitor, but looks more often. */
export class Scraping {
  readonly #lab: Lab;
  readonly #folder: string;

  private constructor(lab: Lab, folder: string) {
    this.#lab = lab;
    this.#folder = folder;
  }

  static async start(lab: Lab, monitor: PodMonitor): Promise<Scraping> {
    const folder = await mkdtemp(join(tmpdir(), 'porterlb-scraping-'));
    const file = join(folder, 'prometheus.yaml');
    const global = { scrape_interval: '1s' };
    // YAML is a superset of JSON.
    await writeFile(file, JSON.stringify({ global, scrape_configs: await scrapeConfigs(lab, monitor) }));
    const options = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`];
    await lab.node(NODE).spawn('prometheus', ['prometheus', ...options, `--web.listen-address=${listen}`]);
    return new Scraping(lab, folder);
  }

  async query(expression: string): Promise<readonly Sample[]> {
    const question = ['curl', '-sS', '--data-urlencode', `query=${expression}`, `http://${listen}/api/v1/query`];
    const { status, data } = JSON.parse(await this.#lab.node(NODE).exec(...question)) as {
      readonly status: string;
      readonly data?: { readonly result: readonly Sample[] };
    };
    if (status !== 'success' || data === undefined) throw new Error(`${expression}: ${status}`);
    return data.result;
  }

  async stop(): Promise<void> {
    await this.#lab.node(NODE).stop('prometheus');
    await rm(this.#folder, { recursive: true, force: true });
  }
}
