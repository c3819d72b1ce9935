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

/** What the Prometheus operator makes of a PodMonitor: https://prometheus-operator.dev/docs/developer/getting-started/ */
function scrapeConfigs({ metadata, spec }: PodMonitor, kubeconfig: string): object[] {
  const names = [...spec.namespaceSelector.matchNames];
  const discovery = [{ role: 'pod', namespaces: { names }, kubeconfig_file: kubeconfig }];
  const selected = Object.entries(spec.selector.matchLabels).map(([label, value]) => {
    const name = label.replaceAll(/[^a-zA-Z0-9_]/g, '_');
    const [is, present] = ['label', 'labelpresent'].map((what) => `__meta_kubernetes_pod_${what}_${name}`);
    return { action: 'keep', source_labels: [is, present], regex: `(${value});true` };
  });
  return spec.podMetricsEndpoints.map(({ port, path }, i) => ({
    job_name: `podMonitor/${metadata.namespace ?? ''}/${metadata.name}/${i}`,
    metrics_path: path,
    kubernetes_sd_configs: discovery,
    relabel_configs: [
      { action: 'drop', source_labels: ['__meta_kubernetes_pod_phase'], regex: '(Failed|Succeeded)' },
      ...selected,
      { action: 'keep', source_labels: ['__meta_kubernetes_pod_container_port_name'], regex: port },
      { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
    ],
  }));
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
    await writeFile(file, JSON.stringify({ global, scrape_configs: scrapeConfigs(monitor, lab.insideKubeconfig) }));
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
