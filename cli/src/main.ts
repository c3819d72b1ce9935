// kubectl porterlb: the command line and the process on one side, what run.ts does with them on the other.
//
//   command line -> command-line/parse -> commands/*  a plan of questions, as data
//     -> reach/session   asks: kubeconfig's token, kubectl port-forward, HTTPS
//     -> commands/*      the answers as a table, and the exit code
//     -> show            or as JSON or YAML
import { EXIT } from './failure.ts';
import { run } from './run.ts';
import { processTerminal } from './terminal.ts';

const over = new AbortController();
let exitCode: number | undefined;

for (const [signal, code] of [
  ['SIGINT', EXIT.interrupted],
  ['SIGTERM', EXIT.terminated],
  ['SIGHUP', EXIT.terminated],
] as const) {
  process.on(signal, () => {
    // Who asks twice doesn't want to wait.
    if (over.signal.aborted) process.exit(code);
    exitCode = signal === 'SIGINT' ? undefined : code;
    over.abort();
  });
}

/** `| head` has seen enough. */
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT.fine : EXIT.unreachable),
);

void run(process.argv.slice(2), {
  terminal: processTerminal(process),
  environment: process.env,
  signal: over.signal,
}).then((code) => {
  process.exitCode = exitCode ?? code;
});
