import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../state/until.ts';
import { Daemon } from './daemon.ts';
import type { Preference, Router, RouterOptions, Table } from './router.ts';
import { RouterNetwork } from './router-network.ts';

/** A router that is one program with one file of configuration. */
export abstract class ProgramRouter implements Router {
  protected readonly network: RouterNetwork;
  protected readonly folder: string;
  #daemon: Daemon | undefined;

  constructor(network: RouterNetwork, folder: string) {
    this.network = network;
    this.folder = folder;
  }

  /**
   * @param name prefix of the namespaces; unique on the machine
   * @param network where it is; one of its own if left out
   */
  static async start<R extends ProgramRouter>(
    this: new (network: RouterNetwork, folder: string) => R,
    name: string,
    network = new RouterNetwork(name),
    options: RouterOptions = {},
  ): Promise<R> {
    const router = new this(network, await mkdtemp(join(tmpdir(), `${name}-`)));
    try {
      await router.network.create();
      await router.restart(options);
      return router;
    } catch (error) {
      await router.remove();
      throw error;
    }
  }

  abstract tables(): Promise<readonly Table[]>;
  abstract preference(prefix: string): Promise<Preference>;
  abstract communities(prefix: string): Promise<readonly string[]>;
  abstract established(): Promise<number>;
  abstract updatesReceived(): Promise<number>;

  protected abstract configuration(options: RouterOptions): string;
  protected abstract command(file: string): readonly string[];
  /** How many neighbours it knows. */
  protected abstract neighbours(): Promise<number>;
  /** Called when the program knows its neighbours. */
  protected async started(_options: RouterOptions): Promise<void> {}

  /** Some makes have no kernel here that they could put routes into. */
  readonly hasKernel: boolean = true;

  get namespace(): string {
    return this.network.router;
  }

  get speakerNamespace(): string {
    return this.network.speaker;
  }

  get log(): string {
    return this.#daemon?.output ?? '';
  }

  async restart(options: RouterOptions = {}): Promise<void> {
    await this.#daemon?.kill();
    const file = join(this.folder, 'configuration');
    await writeFile(file, this.configuration(options), { mode: 0o600 });
    this.#daemon = new Daemon(this.network.router, this.command(file));
    const what = `${this.constructor.name} to know its neighbours`;
    await until(async () => (await this.neighbours()) === 2, { what, explain: () => this.log });
    await this.started(options);
  }

  async refresh(): Promise<void> {
    throw new Error(`${this.constructor.name} can't ask for routes`);
  }

  async endings(): Promise<string> {
    return this.log;
  }

  async connections(): Promise<number> {
    return this.network.connections();
  }

  async cut(): Promise<void> {
    await this.network.cut();
  }

  async mend(): Promise<void> {
    await this.network.mend();
  }

  freeze(): void {
    this.#daemon?.signal('SIGSTOP');
  }

  async thaw(): Promise<void> {
    this.#daemon?.signal('SIGCONT');
  }

  async forgive(): Promise<void> {}

  async remove(): Promise<void> {
    await this.#daemon?.kill();
    await this.network.remove();
    await rm(this.folder, { recursive: true, force: true });
  }
}
