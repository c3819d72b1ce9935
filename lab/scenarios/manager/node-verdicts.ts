import { join } from 'node:path';
import { until } from '../../state/until.ts';
import type { ManagerLab } from './manager-lab.ts';

const name = 'kube-proxy';
const program = join(import.meta.dirname, 'service-proxy.ts');

/** By path: status, or status and body. */
export type Answers = Readonly<Record<string, number | readonly [status: number, body: string]>>;

export const working: Answers = { '/livez': 200, '/healthz': 200 };
export const broken: Answers = { '/livez': 503, '/healthz': 503 };
const draining = '{"lastUpdated": "x","currentTime": "x", "nodeEligible": false}';
/** Of a node that is being drained, by a kube-proxy that doesn't know `/livez` yet. */
export const drained: Answers = { '/healthz': [503, draining] };

/** The machines of a lab with a stand-in for kube-proxy each, and what its replicas think of them. */
export class NodeVerdicts {
  readonly #lab: ManagerLab;

  constructor(lab: ManagerLab) {
    this.#lab = lab;
  }

  /** Starts the stand-in on a machine; one that runs is replaced. */
  async serve(node: string, answers: Answers = working): Promise<void> {
    await this.end(node);
    // It stands for a program on a machine of its own, which has time to answer however busy this one is.
    const command = ['nice', '-n', '-10', process.execPath, program, JSON.stringify(answers)];
    await this.#lab.lab.node(node).spawn(name, command);
  }

  /** Ends the stand-in: connections to its port are refused. */
  async end(node: string): Promise<void> {
    await this.#lab.lab.node(node).stop(name, 'SIGKILL');
  }

  /** Waits until the replica on a machine says this of nodes; its log is the only witness as long as no route shows it. */
  async are(health: 'alive' | 'dead' | 'unknown', nodes: readonly string[], by = 'n1'): Promise<void> {
    const said = async (): Promise<boolean> => {
      const now = await this.#now(by);
      return nodes.every((node) => now.get(node) === health);
    };
    await until(said, { what: `${nodes.join(', ')} to be ${health} for ${by}`, explain: () => this.#lab.logTail(by) });
  }

  /** The verdicts of the replica on n1 so far, oldest first: `n3 dead: no answer within 500 ms`. */
  async history(): Promise<string[]> {
    return (await this.#lines('n1')).map(({ node, health, found }) => `${node} ${health}: ${found}`);
  }

  async #now(by: string): Promise<Map<string, string>> {
    return new Map((await this.#lines(by)).map(({ node, health }) => [node, health]));
  }

  async #lines(by: string): Promise<{ readonly node: string; readonly health: string; readonly found: string }[]> {
    const lines = (await this.#lab.replicas.log(by)).split('\n');
    const verdicts = lines.filter((line) => line.includes('"verdict on a node changed"'));
    return verdicts.map((line) => JSON.parse(line) as { node: string; health: string; found: string });
  }
}
