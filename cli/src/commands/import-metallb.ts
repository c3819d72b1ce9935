import { EXIT } from '../failure.ts';
import { importMetalLb, type Import } from '../import/metallb/convert.ts';
import { isRecord } from '../import/metallb/fields.ts';
import type { Finding } from '../import/metallb/finding.ts';
import { importText, importYaml, summary } from '../import/report.ts';
import { objectsIn, objectsOfCluster } from '../import/sources.ts';
import { noWords, type LocalCommand } from './command.ts';

const NO_SERVICES: Finding = {
  ...{ kind: 'todo', object: 'Services' },
  why: 'there is none in the file, and only those that are imported too are served, with the addresses that they have',
  next: 'Append the output of: kubectl get services --all-namespaces -o yaml',
};

/** From a file Services may be missing; a cluster without any is what it is. */
function importFile(objects: readonly unknown[]): Import {
  const result = importMetalLb(objects);
  const hasServices = objects.some((object) => isRecord(object) && object['kind'] === 'Service');
  return hasServices ? result : { ...result, findings: [NO_SERVICES, ...result.findings] };
}

export const importFromMetalLb: LocalCommand = {
  name: 'import metallb',
  operands: '[-f FILE]',
  summary: "What MetalLB's pools, routers and Services become here",
  problemsWhen: 'something has to be done first, or is not carried over',
  about:
    "Reads MetalLB's objects and the Services that it serves, and makes pools, peers and annotations of them by which every Service keeps its addresses. What can't be carried over is named, with what to do about it. Nothing is done: -o yaml prints what is to be applied.",
  examples: [
    { line: 'import metallb', does: 'what would become of it, and what to know before' },
    {
      line: 'import metallb -o yaml > porterlb.yaml',
      does: 'what is to be applied, for "kubectl apply --server-side -f porterlb.yaml"',
    },
    { line: 'import metallb -f metallb.yaml', does: 'from a file in place of the cluster; - is the standard input' },
  ],
  takes: ['file'],
  perform: async ({ words, file }, { kubectl, read }) => {
    noWords(words);
    const result =
      file === undefined
        ? importMetalLb(await objectsOfCluster(kubectl))
        : importFile(objectsIn(await read(file), file));
    const isProblem = result.findings.some(({ kind }) => kind === 'todo' || kind === 'lost');
    return {
      table: (view) => importText(result, view),
      yaml: () => importYaml(result),
      data: { objects: result.objects, findings: result.findings },
      remark: summary(result),
      exitCode: isProblem ? EXIT.problems : EXIT.fine,
    };
  },
};
