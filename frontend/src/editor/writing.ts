import { asFailure } from '../api/failure.ts';
import type { KubernetesObject, ObjectStore, Plural } from '../api/objects.ts';
import { isForPeopleTheSame, rebased, withVersion, type Rebased } from './rebase.ts';

/** What somebody wrote, and of which object. */
export interface Written {
  /** As a text: YAML, which the API server reads. */
  readonly object: KubernetesObject | string;
  readonly read: KubernetesObject;
}

/** Writes objects of one kind, which others write at the same time. */
export class Writer {
  readonly #objects: ObjectStore;
  readonly #plural: Plural;

  constructor(objects: ObjectStore, plural: Plural) {
    this.#objects = objects;
    this.#plural = plural;
  }

  /** @throws {Failure} */
  async create(object: KubernetesObject | string, dryRun: boolean): Promise<KubernetesObject> {
    return await this.#objects.create(this.#plural, object, { dryRun });
  }

  /**
   * Where only the manager wrote meanwhile, it is written on top of that: a pool's status changes with every address that is given.
   * @throws {Failure} a conflict, where somebody changed what people change
   */
  async replace({ object, read }: Written, dryRun: boolean): Promise<KubernetesObject> {
    try {
      return await this.#replace(read, object, dryRun);
    } catch (error) {
      if (asFailure(error).kind !== 'conflict') throw error;
      const now = await this.#objects.get(this.#plural, read.metadata.name);
      if (!isForPeopleTheSame(read, now)) throw error;
      const { object: onTop } = await this.#onTop({ object, read }, now);
      return await this.#replace(read, onTop, dryRun);
    }
  }

  /**
   * What was written, on top of the object as it is now, with that.
   * @throws {Failure}
   */
  async rebase(written: Written): Promise<Rebased & { readonly now: KubernetesObject }> {
    const now = await this.#objects.get(this.#plural, written.read.metadata.name);
    return { now, ...(await this.#onTop(written, now)) };
  }

  async #onTop({ object, read }: Written, now: KubernetesObject): Promise<Rebased> {
    if (typeof object !== 'string') return rebased(object, read, now);
    // The API server says what the text means.
    const text = withVersion(object, now.metadata.resourceVersion ?? '');
    return rebased(await this.#replace(read, text, true), read, now);
  }

  async #replace(
    read: KubernetesObject,
    object: KubernetesObject | string,
    dryRun: boolean,
  ): Promise<KubernetesObject> {
    return await this.#objects.replace(this.#plural, read.metadata.name, object, { dryRun });
  }
}
