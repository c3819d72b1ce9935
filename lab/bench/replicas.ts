import { chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stageManagerImage } from '../../tools/image/build.ts';
import { managerConfig } from '../../tools/image/manager-config.ts';
import type { KubeObject } from '../cluster/api-client.ts';
import type { LightLab } from '../light-lab.ts';
import { folderOf } from '../state/lab-registry.ts';
import { findProcesses } from './usage.ts';

const namespace = 'porterlb-system';
const name = 'porter-manager';
/** As the image says. */
const user = 65534;

/** Replicas of porter-manager on the machines of a light lab: the file system and the command of its image, without a kubelet. */
export class Replicas {
  readonly #lab: LightLab;
  readonly #nodes: readonly string[];
  readonly #rootfs: string;
  readonly #environment: Readonly<Record<string, string>>;
  /** Its name tells the processes of this lab from those of another. */
  readonly #kubeconfig: string;

  private constructor(
    lab: LightLab,
    nodes: readonly string[],
    rootfs: string,
    environment: Readonly<Record<string, string>>,
  ) {
    this.#lab = lab;
    this.#nodes = nodes;
    this.#rootfs = rootfs;
    this.#environment = environment;
    this.#kubeconfig = `${lab.name}.kubeconfig`;
  }

  /**
   * Lays out the image's files, in the lab's folder, and makes the objects that the chart would make; starts nothing.
   * @param environment options of the manager, for all of them
   */
  static async prepare(
    lab: LightLab,
    nodes: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Replicas> {
    const rootfs = join(folderOf(lab.name), 'rootfs');
    await mkdir(rootfs);
    await stageManagerImage(rootfs);
    const replicas = new Replicas(lab, nodes, rootfs, environment);
    const kubeconfig = join(rootfs, replicas.#kubeconfig);
    await writeFile(kubeconfig, await readFile(lab.insideKubeconfig, 'utf8'), { mode: 0o600 });
    await chown(kubeconfig, user, user);
    await lab.api.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await lab.api.create(replicas.#membership());
    return replicas;
  }

  async start(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => this.#start(node)));
  }

  async kill(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => this.#lab.node(node).stop(name, 'SIGKILL')));
  }

  /** The process of the one on a machine. */
  async pid(node: string): Promise<number> {
    const pid = await this.#lab.node(node).pid(name);
    if (pid === undefined) throw new Error(`no ${name} runs on ${node}`);
    return pid;
  }

  async pids(): Promise<number[]> {
    return findProcesses(
      (line) => line.startsWith('/usr/local/bin/node') && line.includes(`--kubeconfig /${this.#kubeconfig}`),
    );
  }

  async #start(node: string): Promise<void> {
    const { env, entrypoint } = managerConfig('bench', 'amd64');
    // PATH is for inside; chroot itself is found by the lab's.
    const { PATH: _inside, ...inside } = env;
    const address = this.#lab.node(node).addresses.ipv4;
    const chroot = ['/usr/sbin/chroot', `--userspec=${user}:${user}`, this.#rootfs];
    const command = [...chroot, ...entrypoint, '--kubeconfig', `/${this.#kubeconfig}`];
    await this.#lab.node(node).spawn(name, command, {
      ...inside,
      POD_NAME: podOn(node),
      POD_NAMESPACE: namespace,
      POD_IP: address,
      NODE_NAME: node,
      ...this.#environment,
    });
  }

  #membership(): KubeObject {
    return {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${name}-bench`, namespace, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: this.#nodes.map((node) => ({
        addresses: [this.#lab.node(node).addresses.ipv4],
        conditions: { ready: true },
        nodeName: node,
        targetRef: { kind: 'Pod', name: podOn(node), namespace },
      })),
      ports: [],
    };
  }
}

function podOn(node: string): string {
  return `${name}-${node}`;
}
