import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, type RunOptions } from '../../lab/toolchain/run.ts';

/**
 * Runs helm as ks-core's Job does: `/bin/sh -c "helm …"` with arguments that are joined, and quoted by nobody (kubesphere/kubesphere,
 * utils/helm/executor.go). The shell takes backslashes away, so that of `--set global.nodeSelector.kubernetes\.io/os=linux` helm sees
 * levels instead of a name with a dot. Returns its standard output.
 * @throws {CommandFailed}
 */
export function ksCoreHelm(helm: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return run('/bin/sh', ['-c', [helm, ...args].join(' ')], options);
}

/** A node selector as ks-core writes it for `--set`. */
export function injectedNodeSelector(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).map(
    ([key, value]) => `global.nodeSelector.${key.replaceAll('.', String.raw`\.`)}=${value}`,
  );
}

/** By this label ks-core finds what belongs to an extension. */
export const EXTENSION_LABEL = 'kubesphere.io/extension-ref';

/**
 * Writes what ks-core has helm send all objects through (`--post-renderer`), and returns the path of it: kustomize, which labels them, but neither their
 * selectors nor their Pods (kubesphere/kubesphere, utils/helm/executor.go). Helm sends it neither hooks nor what is in `crds/`.
 * @param kubectl has kustomize in it
 */
export function extensionLabeller(folder: string, extension: string, kubectl: string): string {
  mkdirSync(folder, { recursive: true });
  const labels = [{ pairs: { [EXTENSION_LABEL]: extension } }];
  // YAML is a superset of JSON.
  writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify({ resources: ['./rendered.yaml'], labels }));
  const script = join(folder, 'post-render.sh');
  writeFileSync(script, `#!/bin/sh\nset -e\ncd ${folder}\ncat > rendered.yaml\n${kubectl} kustomize .\n`);
  chmodSync(script, 0o755);
  return script;
}
