/** `npm run demo`: the main job on a real cluster and a real network, on this machine, step by step. */
import { parseArgs } from 'node:util';
import { Lab } from './lab.ts';
import { mainJob, type Show } from './story/main-job.ts';
import { MissingRequirements } from './toolchain/index.ts';

const usage = `usage: npm run demo [-- --keep]

Builds a three-node Kubernetes cluster with two routers in network namespaces of this machine, installs PorterLB there and
shows a Service reached over ECMP. Needs Linux (Debian) and root; touches no other cluster; removes everything at its end.

  --keep   leave the cluster up afterwards, and say how to use it
`;

const bold = (text: string): string => (process.stdout.isTTY ? `\u001b[1m${text}\u001b[0m` : text);
const dim = (text: string): string => (process.stdout.isTTY ? `\u001b[2m${text}\u001b[0m` : text);
const print = (text: string): void => void process.stdout.write(`${text}\n`);

const show: Show = {
  progress: (line) => print(dim(`  ... ${line}`)),
  command: (command, output) => {
    print(`\n  ${bold(command)}`);
    for (const line of output.trimEnd().split('\n')) print(`  ${line}`);
  },
  result: (text) => print(`\n  => ${text}`),
};

function howToUse(lab: Lab): string {
  return `
The cluster "${lab.name}" stays up. To play with it:

  export KUBECONFIG=${lab.kubeconfig}
  alias kubectl=${lab.kubectlProgram}
  kubectl get eip,bgppeer,svc,nodes
  ip netns exec ${lab.router('r1').namespace} ip route      # what the router does
  npm run lab:down -- --name ${lab.name}      # removes it
`;
}

async function tell(lab: Lab, signal: AbortSignal): Promise<void> {
  for (const [i, step] of mainJob.entries()) {
    signal.throwIfAborted();
    print(`\n${bold(`${i + 1}/${mainJob.length}  ${step.title}`)}`);
    await step.run(lab, show);
  }
}

async function demo(keep: boolean, signal: AbortSignal): Promise<void> {
  const started = performance.now();
  print(bold('PorterLB demo: a Service of type LoadBalancer, reached over ECMP'));
  const lab = await Lab.up({ progress: show.progress, signal, keep });
  let done = false;
  try {
    await tell(lab, signal);
    done = true;
  } finally {
    if (keep && !signal.aborted) print(howToUse(lab));
    else {
      print(dim('\n  ... removing the lab'));
      await lab.down();
    }
    if (done)
      print(
        `\nAll of this happened in the kernels of this machine, in ${((performance.now() - started) / 1000).toFixed(0)} s.`,
      );
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { keep: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help === true) {
    print(usage);
    return 0;
  }
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!interruption.signal.aborted) print('\nInterrupted: removing the lab (some seconds).');
      interruption.abort(new Error('interrupted'));
    });
  }
  try {
    await demo(values.keep === true, interruption.signal);
    return 0;
  } catch (error) {
    return explain(error, interruption.signal.aborted);
  }
}

/** Says why the demo ended early; returns the exit code. */
function explain(error: unknown, interrupted: boolean): number {
  const complain = (text: string): void => void process.stderr.write(`\ndemo: ${text}\n`);
  if (interrupted) {
    complain('interrupted; the lab is removed');
    return 130;
  }
  if (error instanceof MissingRequirements) {
    complain(error.message);
    return 2;
  }
  complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return 1;
}

process.exitCode = await main();
