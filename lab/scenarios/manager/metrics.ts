import { httpPort } from '../../local/replicas.ts';
import type { ManagerLab } from './manager-lab.ts';

/** What Prometheus gets of the replica on a machine, as another machine of the network does. */
export class Metrics {
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  static async of({ lab }: ManagerLab, node: string): Promise<Metrics> {
    const url = `http://${lab.node(node).addresses.ipv4}:${httpPort}/metrics`;
    return new Metrics(await lab.node(node).exec('curl', '-sSf', '--max-time', '10', url));
  }

  /** The series that begin so, each with its value. */
  series(start: string): string[] {
    return this.text.split('\n').filter((line) => line.startsWith(start));
  }

  /** The sum of the values of the series that begin so: 0 if there is none. */
  sum(start: string): number {
    return this.series(start).reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }
}
