import type { ExitCode } from './failure.ts';
import type { Answers, Bodies, OPERATIONS } from './generated/api.ts';
import type { View } from './render/view.ts';

export type OperationId = keyof typeof OPERATIONS;

/** One question to the API, as data. */
export interface Question<Id extends OperationId = OperationId> {
  readonly id: Id;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Id extends keyof Bodies ? Bodies[Id] : never;
  /** The answer is done without where the caller may not have it. */
  readonly optional?: true;
}

/** What is to be asked, by names of one's own. */
export type Plan = Readonly<Record<string, Question>>;

export type AnswerTo<Q> = Q extends { readonly id: infer Id extends OperationId }
  ? Q extends { readonly optional: true }
    ? Answers[Id] | undefined
    : Answers[Id]
  : never;
export type AnswersTo<P> = { readonly [Name in keyof P]: AnswerTo<P[Name]> };

/** What a command comes to: questions, and what becomes of the answers. Nothing in it does anything. */
export interface Task<P extends Plan = Plan> {
  readonly plan: P;
  /** For people. */
  readonly table: (answers: AnswersTo<P>, view: View) => string;
  /** For programs: an answer as the API gave it. Of several, all by their names unless this picks. */
  readonly data?: (answers: AnswersTo<P>) => unknown;
  readonly exitCode: (answers: AnswersTo<P>) => ExitCode;
}

/** Answers by the names of their questions. */
export type AnyAnswers = Readonly<Record<string, unknown>>;

/** A task whose plan is nobody else's business any more. */
export interface AnyTask {
  readonly plan: Plan;
  readonly table: (answers: AnyAnswers, view: View) => string;
  readonly data?: (answers: AnyAnswers) => unknown;
  readonly exitCode: (answers: AnyAnswers) => ExitCode;
}

/** Checks that what becomes of the answers fits the questions. */
export function taskOf<const P extends Plan>(task: Task<P>): AnyTask {
  return task as unknown as AnyTask;
}
