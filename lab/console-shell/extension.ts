import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { bundleConsole } from '../../tools/console/bundle.ts';
import type { RoleTemplate } from '../kubesphere/roles.ts';
import { ensureHelm, type Progress } from '../toolchain/index.ts';
import { run } from '../toolchain/run.ts';

const root = join(import.meta.dirname, '../..');

/** The bundle that the shell loads: what the extension's package would have, of the sources as they are now. */
export function bundle(): Buffer {
  return bundleConsole(root);
}

/** The RoleTemplates that the extension's charts bring, as Helm renders them where KubeSphere is. */
export async function roleTemplates(progress: Progress): Promise<RoleTemplate[]> {
  const helm = await ensureHelm(progress);
  const kinds = ['iam.kubesphere.io/v1beta1/RoleTemplate', 'iam.kubesphere.io/v1beta1/Category'];
  const flags = ['--kube-version', 'v1.35.0', ...kinds.flatMap((kind) => ['--api-versions', kind])];
  const rendered = await Promise.all(
    ['backend', 'frontend'].map((chart) => run(helm, ['template', 'porterlb', join(root, 'charts', chart), ...flags])),
  );
  const objects = rendered.flatMap((text) =>
    parseAllDocuments(text).map((document) => document.toJS() as RoleTemplate | null),
  );
  return objects.filter((object) => object !== null).filter(({ kind }) => kind === 'RoleTemplate');
}
