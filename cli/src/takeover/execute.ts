import { EXIT, Failure } from '../failure.ts';
import type { ApiServer } from '../reach/api-server.ts';
import { isReady, type Cluster, type Workload } from './cluster.ts';
import { Patience } from './patience.ts';
import type { LostNodes } from './pods.ts';
import { unprepared, type Unprepared } from './preparedness.ts';
import { findWorkload, lostNodes } from './read.ts';
import type { Action, Finding, Step, StepId, TakeoverPlan } from './step.ts';
import { Stale, tryOut, write, type Patch } from './write.ts';

export interface ExecuteDeps {
  readonly api: ApiServer;
  readonly read: () => Promise<Cluster>;
  readonly plan: (cluster: Cluster) => TakeoverPlan;
  /** What goes on, in words. */
  readonly tell: (text: string) => void;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Objects that are written at once: between the stop of the one and the start of the other every moment counts. */
const LANES = 16;
const POLL_MS = 200;
/** How long Pods may take to end or to become Ready, in milliseconds. */
const PATIENCE_MS = 180_000;
/** How often it is asked which nodes are lost, in polls: that changes slowly. */
const NODES_EVERY = 25;
/** How long replicas that nobody can ask get to read the cluster, in milliseconds. */
const UNHEARD_MS = 20_000;
/** From these on until the end, nobody announces. */
const STOPS: readonly StepId[] = ['stop', 'stopOurs'];
const STARTS: readonly StepId[] = ['go', 'restart'];
/** From `hold` on, replicas that anybody starts wait. */
const LEADS: readonly StepId[] = ['hold', ...STOPS];
const UNSTOPPED = 'Nothing was stopped: mend that first, then run the same command again.';
/** Plans without an end are a fault of this program, or somebody works against it. */
const MOST_ROUNDS = 40;

/**
 * Does what the plan says, step by step, planning anew wherever the cluster went on by itself, until there is nothing left to do. What was
 * done is not in the next plan any more, so it can be interrupted and repeated anywhere.
 * @throws {Failure} with what to do next
 */
export async function execute(deps: ExecuteDeps): Promise<void> {
  const patience = new Patience(deps, { everyMs: POLL_MS, forMs: PATIENCE_MS });
  const work = { ...deps, api: patience.around(deps.api) };
  let known: readonly string[] | undefined;
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const { findings, steps } = deps.plan(await patience.wait(deps.read));
    const obstacle = findings.find(({ kind }) => kind === 'obstacle');
    // What was there at the end of a rollback, and isn't any more, is in nobody's way.
    if (obstacle !== undefined && (round === 0 || steps.length > 0))
      throw new Failure(EXIT.problems, textOf(obstacle), obstacle.next);
    if (steps.length === 0) return;
    const texts = findings.map(textOf);
    for (const text of texts) if (known?.includes(text) === false) deps.tell(`meanwhile: ${text}`);
    known = texts;
    await perform(steps, work, patience);
  }
  throw new Failure(
    EXIT.problems,
    'the cluster does not come to rest: something undoes what was done',
    'Look who else writes these objects (a GitOps tool?), then run the same command again.',
  );
}

function textOf({ text, objects }: Finding): string {
  return withObjects(text, objects);
}

export function withObjects(text: string, objects: readonly string[]): string {
  return objects.length === 0 ? text : `${text}\n${objects.map((each) => `  ${each}`).join('\n')}`;
}

/** Up to the first step after which the cluster has to be looked at again. */
async function perform(steps: readonly Step[], deps: ExecuteDeps, patience: Patience): Promise<void> {
  const isStopped = steps.some(({ id }) => STARTS.includes(id)) && !steps.some(({ id }) => STOPS.includes(id));
  let isRehearsed = isStopped;
  for (const [i, step] of steps.entries()) {
    if (!isRehearsed && LEADS.includes(step.id)) {
      await rehearse(steps.slice(i), deps);
      isRehearsed = true;
    }
    // Before, whoever runs it may as well run it again; while nobody announces, every failure that may pass is waited out.
    if (isStopped || STOPS.includes(step.id)) patience.begin();
    deps.tell(stepText(step));
    try {
      await actAll(step, deps);
    } catch (error) {
      if (error instanceof Stale) return;
      throw explained(error, step);
    }
    if (step.lookAgain === true) return;
  }
}

/** Nothing is stopped where somebody would refuse what has to be written before somebody announces again. */
async function rehearse(steps: readonly Step[], deps: ExecuteDeps): Promise<void> {
  const end = steps.findIndex(({ id }) => STARTS.includes(id));
  const parts = steps.slice(0, end + 1).map((step) => ({ ...step, actions: step.actions.filter(isPatch) }));
  const count = parts.reduce((sum, { actions }) => sum + actions.length, 0);
  if (count === 0) return;
  deps.tell(`Try what will be written while nobody announces, and do nothing of it (${count})`);
  for (const { what, actions } of parts) {
    try {
      await inLanes(actions, LANES, async (patch) => {
        throwIfAborted(deps.signal);
        await tryOut(patch, deps.api);
      });
    } catch (error) {
      throw failed(error, { what, how: 'would fail', next: UNSTOPPED });
    }
  }
}

function isPatch(action: Action): action is Patch {
  return action.do === 'patch';
}

export function stepText({ what, actions }: Step): string {
  return `${what} (${actions.length})`;
}

function explained(error: unknown, { what, onFailure }: Step): Failure {
  return failed(error, { what, how: 'failed', next: onFailure });
}

interface Told {
  readonly what: string;
  readonly how: 'failed' | 'would fail';
  readonly next: string;
}

function failed(error: unknown, { what, how, next }: Told): Failure {
  const exitCode = error instanceof Failure ? error.exitCode : EXIT.unreachable;
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof Failure && error.hint !== undefined ? `${error.hint} ` : '';
  const ending = exitCode === EXIT.interrupted ? 'was interrupted' : `${how}: ${message}`;
  return new Failure(exitCode, `"${what}" ${ending}`, `${hint}${next}`);
}

async function actAll({ actions, inOrder }: Step, deps: ExecuteDeps): Promise<void> {
  await inLanes(actions, inOrder === true ? 1 : LANES, async (action) => await act(action, deps));
}

/** Nothing more is begun once one has failed, and all that was begun has ended before anything else is planned. */
async function inLanes<T>(all: readonly T[], lanes: number, work: (one: T) => Promise<void>): Promise<void> {
  const queue = all.values();
  const errors: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (const one of queue) {
      await work(one).catch((error: unknown) => errors.push(error));
      if (errors.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  if (errors.length > 0) throw errors.find((error) => !(error instanceof Stale)) ?? errors[0];
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new Failure(EXIT.interrupted, 'interrupted');
}

async function act(action: Action, deps: ExecuteDeps): Promise<void> {
  throwIfAborted(deps.signal);
  switch (action.do) {
    case 'awaitPrepared':
      return await untilPrepared(action, deps);
    case 'awaitStart':
      return await until(action, deps, (workload) => (workload?.pods.length ?? 0) > 0);
    case 'awaitEnd':
      return await until(action, deps, (workload) => (workload?.pods.length ?? 0) === 0);
    case 'awaitReady':
      return await until(action, deps, (workload) => workload !== undefined && hasAll(workload));
    default:
      return await write(action, deps.api);
  }
}

function hasAll(workload: Workload): boolean {
  const { kind, object } = workload;
  const wanted = kind === 'Deployment' ? (object.spec?.replicas ?? 1) : 1;
  return isReady(workload) && workload.pods.length >= wanted;
}

type Await<Do = 'awaitStart' | 'awaitEnd' | 'awaitReady'> = Extract<Action, { readonly do: Do }>;

const STATES: Readonly<Record<'awaitStart' | 'awaitEnd' | 'awaitReady', string>> = {
  awaitStart: 'are not there',
  awaitEnd: 'are still there',
  awaitReady: 'are not Ready',
};

async function until(
  { do: what, kind, key }: Await,
  { api, wait, signal }: ExecuteDeps,
  isSo: (workload: Workload | undefined) => boolean,
): Promise<void> {
  let lost: LostNodes = new Map();
  let workload: Workload | undefined;
  for (let poll = 0; poll < PATIENCE_MS / POLL_MS; poll += 1) {
    if (poll % NODES_EVERY === 0) lost = await lostNodes(api);
    workload = await findWorkload(api, { kind, key, lost });
    if (isSo(workload)) return;
    throwIfAborted(signal);
    await wait(POLL_MS, signal);
  }
  const pods = (workload?.pods ?? []).map(({ name, node, isLost }) => {
    return `${name} on ${node === '' ? 'no node' : node}${isLost === true ? ', which is not Ready' : ''}`;
  });
  const message = `Pods of the ${kind} ${key} ${STATES[what]} after ${PATIENCE_MS / 1000} s`;
  const hint =
    'A Pod of a node that is off for certain is deleted by kubectl delete pod NAME --force --grace-period=0.';
  const isHinted = workload?.pods.some(({ isLost }) => isLost) === true;
  throw new Failure(EXIT.problems, withObjects(message, pods), isHinted ? hint : undefined);
}

/** Where the API server gets through to no replica that runs, these get some time, as more can't be known. */
async function untilPrepared({ kind, key }: Await<'awaitPrepared'>, { api, wait, signal }: ExecuteDeps): Promise<void> {
  let unheardMs = 0;
  let missing: readonly Unprepared[] = [];
  let lost: LostNodes = new Map();
  for (let poll = 0; poll < PATIENCE_MS / POLL_MS; poll += 1) {
    if (poll % NODES_EVERY === 0) lost = await lostNodes(api);
    const workload = await findWorkload(api, { kind, key, lost });
    missing =
      workload === undefined
        ? [{ pod: key, why: `there is no such ${kind}`, isUnheard: false }]
        : await unprepared(api, workload);
    unheardMs = missing.every(({ isUnheard }) => isUnheard) ? unheardMs + POLL_MS : 0;
    if (missing.length === 0 || unheardMs >= UNHEARD_MS) return;
    throwIfAborted(signal);
    await wait(POLL_MS, signal);
  }
  const pods = missing.map(({ pod, why }) => `${pod}: ${why}`);
  throw new Failure(
    EXIT.problems,
    withObjects(`replicas of PorterLB are not prepared after ${PATIENCE_MS / 1000} s`, pods),
  );
}
