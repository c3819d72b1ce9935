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
