import { dirname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { run } from '../toolchain/run.ts';
import type { ApiClient } from './api-client.ts';
import type { KubeObject } from './api-client.ts';

export interface KubeAccessOptions {
  readonly kubectl: string;
  readonly kubeconfig: string;
}

/** What users of a cluster have: a kubeconfig, kubectl, and for tests an API client. */
export class KubeAccess {
  /** Path of the administrator's kubeconfig, for programs in the host's own network. */
  readonly kubeconfig: string;
  readonly api: ApiClient;
  readonly kubectlProgram: string;

  protected constructor(api: ApiClient, options: KubeAccessOptions) {
    this.api = api;
    this.kubeconfig = options.kubeconfig;
    this.kubectlProgram = options.kubectl;
  }

  /** Runs kubectl as the administrator; returns its standard output. @throws {CommandFailed} */
  async kubectl(args: readonly string[], options: { readonly stdin?: string } = {}): Promise<string> {
    // What it knows of a cluster's kinds it keeps by address and port, which labs one after the other have in common.
    const cache = join(dirname(this.kubeconfig), 'kubectl-cache');
    return run(this.kubectlProgram, ['--kubeconfig', this.kubeconfig, '--cache-dir', cache, ...args], options);
  }

  /** Applies a manifest (YAML of one or more documents) or an object, server-side, and returns the objects. */
  async apply(manifest: string | KubeObject): Promise<KubeObject[]> {
    const objects = typeof manifest === 'string' ? parseManifest(manifest) : [manifest];
    const applied: KubeObject[] = [];
    for (const object of objects) applied.push(await this.api.apply(object));
    return applied;
  }
}

function parseManifest(text: string): KubeObject[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null);
}
