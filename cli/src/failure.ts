/** Exit codes, for scripts. They are documented in docs/kubectl-plugin.md and in `--help`. */
export const EXIT = {
  fine: 0,
  /** What was asked about is not as it should be. */
  problems: 1,
  usage: 2,
  /** Nobody could be asked: no manager, no connection, no answer in time, not ready. */
  unreachable: 3,
  /** Kubernetes or the API refused. */
  refused: 4,
  notFound: 5,
  /** As shells have it for SIGINT and SIGTERM. */
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Why a command can't do what it was asked for: a sentence, what to do next, and the exit code. Never shown with a stack. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;

  constructor(exitCode: ExitCode, message: string, hint?: string) {
    super(message);
    this.exitCode = exitCode;
    this.hint = hint;
  }
}

/** The command line can't be understood. */
export class UsageFailure extends Failure {
  constructor(message: string, hint?: string) {
    super(EXIT.usage, message, hint);
  }
}
