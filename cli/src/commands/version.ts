import packageJson from '../../package.json' with { type: 'json' };
import { EXIT } from '../failure.ts';
import type { Version } from '../generated/api.ts';
import { taskOf } from '../plan.ts';
import { columns, sections } from '../render/columns.ts';
import { silentReplicas } from '../render/states.ts';
import type { View } from '../render/view.ts';
import { age } from '../render/words.ts';
import { noWords, type Command } from './command.ts';

/** The version of this plugin. */
export const PLUGIN_VERSION = packageJson.version;
/** The lowest major version of Node.js that it runs on. */
export const NODE_MAJOR = Number(/\d+/.exec(packageJson.engines.node)?.[0]);

function versionText({ version, replicas }: Version, view: View): string {
  const rows = replicas
    .filter(({ answered }) => answered)
    .map(({ name, node, version: own, leads, startedAt }) => {
      return [name, node ?? undefined, own, leads === true ? 'yes' : 'no', age(startedAt, view.now)];
    });
  return sections(
    `kubectl-porterlb ${PLUGIN_VERSION}\nporter-manager   ${version}\n`,
    columns(['REPLICA', 'NODE', 'VERSION', 'LEADS', 'AGE'], rows, view),
    silentReplicas(replicas),
  );
}

export const version: Command = {
  name: 'version',
  operands: '',
  summary: 'Versions of this plugin and of the replicas that run',
  about: 'Shows which versions run. --version shows that of this plugin and asks nobody.',
  examples: [{ line: 'version', does: 'plugin and replicas' }],
  takes: [],
  prepare: ({ words }) => {
    noWords(words);
    return taskOf({
      plan: { version: { id: 'getVersion' } },
      table: (answers, view) => versionText(answers.version, view),
      data: (answers) => ({ plugin: PLUGIN_VERSION, manager: answers.version }),
      exitCode: () => EXIT.fine,
    });
  },
};
