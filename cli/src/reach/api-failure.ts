import { EXIT, Failure } from '../failure.ts';
import { OPERATIONS, type Status } from '../generated/api.ts';
import type { Question } from '../plan.ts';
import type { Reply } from './link.ts';

/** The manager says that it can't answer just now, and when to ask again. */
export class NotNow extends Error {
  override readonly name = 'NotNow';
  readonly afterMs: number;

  constructor(message: string, afterMs: number) {
    super(message);
    this.afterMs = afterMs;
  }
}

/** The token is no good (any more). */
export class NotKnown extends Error {
  override readonly name = 'NotKnown';
}

const GROUP = 'porterlb.kubesphere.io';

type Reading = (message: string, said: Status | undefined, question: Question) => Error;

const notNow: Reading = (message, said) => new NotNow(message, (said?.details?.retryAfterSeconds ?? 1) * 1000);
const badQuestion: Reading = (message, said) => {
  return new Failure(namesNothing(said) ? EXIT.notFound : EXIT.usage, message);
};

const READINGS: Readonly<Record<number, Reading>> = {
  ...{ 400: badQuestion, 413: badQuestion, 415: badQuestion },
  401: (message) => new NotKnown(message),
  403: (message, _, question) => new Failure(EXIT.refused, message, rightsFor(question)),
  404: (message, said) => notThere(said, message),
  ...{ 429: notNow, 503: notNow, 504: notNow },
};

/** What an answer that is none stands for. */
export function failureOfReply({ status, body }: Reply, question: Question): Error {
  const said = statusOf(body);
  const message = said?.message ?? `the manager answered ${status}`;
  return READINGS[status]?.(message, said, question) ?? new Failure(EXIT.unreachable, message);
}

/** After it was tried with another token too. */
export function unknownCaller(message: string): Failure {
  return new Failure(
    EXIT.refused,
    message,
    'The manager does not take the token of your kubeconfig. Is it still good for "kubectl auth whoami"? ' +
      'With --service-account NAMESPACE/NAME a token is made for that ServiceAccount.',
  );
}

function statusOf(body: string): Status | undefined {
  try {
    const value = JSON.parse(body) as Status;
    return (value.kind as unknown) === 'Status' && typeof value.message === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether nothing else is wrong with a question than that what it names is not there. A manager of an earlier version tells no reasons. */
function namesNothing(said: Status | undefined): boolean {
  const reasons = (said?.details?.causes ?? []).flatMap(({ reason }) => reason ?? []);
  return reasons.length > 0 && reasons.every((reason) => reason === 'FieldValueNotFound');
}

function notThere(said: Status | undefined, message: string): Failure {
  if (said?.reason === 'ObjectNotFound') return new Failure(EXIT.notFound, message);
  return new Failure(
    EXIT.unreachable,
    message,
    'Is the manager older than this plugin? "kubectl porterlb version" says.',
  );
}

function rightsFor({ id, params }: Question): string {
  const { verb, resource } = OPERATIONS[id];
  const where = params?.['namespace'] === undefined ? '' : ` in the namespace ${params['namespace']}`;
  const services = resource.startsWith('services')
    ? ', and the role "view" in a namespace what concerns its Services'
    : '';
  return `Needed: "${verb}" on ${resource} in the API group ${GROUP}${where}. The ClusterRole porterlb-viewer has it${services}.`;
}
