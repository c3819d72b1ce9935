import type { Notice } from '../resources/parse.ts';
import type { NewCondition } from './conditions.ts';

/** What is known of a configuration object, for its `Ready` condition. */
export interface Configuration {
  readonly problems: readonly Notice[];
  readonly ignoredFields: readonly string[];
  readonly warnings: readonly Notice[];
  /** An earlier version of the object is in force because this one can't be read. */
  readonly earlierInForce: boolean;
  /** What is in force is known from the object's status alone. */
  readonly standsIn?: boolean;
  readonly generation: number | undefined;
}

/** What keeps a valid object from being used. */
export interface Closed {
  /** UpperCamelCase, machine-readable. */
  readonly reason: string;
  /** Sentences that say what that means and what to do. */
  readonly message: string;
}

/** API conventions: at most 32,768 octets; people read less. */
const MAX_MESSAGE = 1_024;
/** What is left to the problems, where there is more to say. */
const MIN_NOTICES = 256;

function notices(list: readonly Notice[]): string {
  return list.map(({ field, message }) => `${field}: ${message}`).join('; ');
}

function untilCorrected({ earlierInForce, standsIn }: Configuration): string {
  if (standsIn === true)
    return 'What its status lists stays in force, and no new addresses are given, until this is corrected.';
  return earlierInForce
    ? 'The last good version stays in force until this is corrected.'
    : 'Nothing is done with it until this is corrected.';
}

function invalidMessage(configuration: Configuration, closed: Closed | undefined): string {
  const { problems } = configuration;
  const next = untilCorrected(configuration);
  const also = closed === undefined ? '' : ` ${closed.message}`;
  const rest = `. ${next}${also}`;
  return `${notices(problems).slice(0, Math.max(MAX_MESSAGE - rest.length, MIN_NOTICES))}${rest}`;
}

function validMessage({ ignoredFields, warnings }: Configuration, closed: Closed | undefined): string {
  const ignored = ignoredFields.length === 0 ? [] : [`Without effect here: ${ignoredFields.join(', ')}.`];
  const odd = warnings.length === 0 ? [] : [`${notices(warnings)}.`];
  const parts = [...(closed === undefined ? [] : [closed.message]), ...odd, ...ignored];
  return parts.length === 0 ? 'In use.' : parts.join(' ');
}

/** The condition `Ready` of a configuration object. */
export function configurationCondition(configuration: Configuration, closed?: Closed): NewCondition {
  const invalid = configuration.problems.length > 0;
  const message = invalid ? invalidMessage(configuration, closed) : validMessage(configuration, closed);
  const reason = invalid ? 'Invalid' : (closed?.reason ?? 'InUse');
  return {
    type: 'Ready',
    status: invalid || closed !== undefined ? 'False' : 'True',
    reason,
    // Half a surrogate pair would be replaced by the API server, and never compare equal again.
    message: message.slice(0, MAX_MESSAGE).toWellFormed(),
    ...(configuration.generation === undefined ? {} : { observedGeneration: configuration.generation }),
  };
}
