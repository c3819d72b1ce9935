import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { layoutFindings } from './layout.ts';
import { existingFolders, modulesIn, sourceFolders } from './source-files.ts';
import { readVersions, versionFindings } from './versions.ts';

/** What a step had to say; `output` is empty or ends in a newline. */
export interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

export interface Step {
  readonly name: string;
  /** What a passing step vouches for, in a few words. */
  readonly about: string;
  run(): Promise<Outcome>;
}

export interface StepResult extends Outcome {
  readonly name: string;
  readonly about: string;
  readonly seconds: number;
}

/** The checks of the repository at `root`, in the order in which they are reported. */
export function checkSteps(root: string): Step[] {
  const folders = existingFolders(root, sourceFolders);
  const node = (script: string, ...args: string[]): Promise<Outcome> => runNode(root, script, args);
  const steps: Step[] = [
    {
      name: 'types',
      about: 'the type checker has nothing to say',
      run: () => node('node_modules/typescript/bin/tsc', '--noEmit', '-p', '.'),
    },
    {
      name: 'console',
      about: 'nor has it of the console, which runs in browsers',
      run: () => node('node_modules/typescript/bin/tsc', '--noEmit', '-p', 'frontend'),
    },
    {
      name: 'lint',
      about: 'rules and budgets within a file (eslint.config.mjs)',
      run: () => node('node_modules/eslint/bin/eslint.js', '--max-warnings', '0', '.'),
    },
    {
      name: 'imports',
      about: 'who may import whom (.dependency-cruiser.mjs)',
      run: () =>
        node(
          'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
          ...['--config', '.dependency-cruiser.mjs', '--output-type', 'err-long', ...folders],
        ),
    },
    {
      name: 'format',
      about: 'prettier would change nothing (npm run format does it)',
      run: () => node('node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'),
    },
    {
      name: 'layout',
      about: 'names and sizes of modules',
      run: () => listed(layoutFindings(modulesIn(root, folders))),
    },
    { name: 'versions', about: 'one version everywhere', run: () => listed(disagreements(root)) },
  ];
  if (existsSync(join(root, 'tools/generate.ts'))) {
    steps.push({
      name: 'generated',
      about: 'generated files are up to date (npm run generate does it)',
      run: () => node('tools/generate.ts', '--check'),
    });
  }
  return steps;
}

/** Lets the formatter and the linter mend what they can. */
export async function fixAll(root: string): Promise<Outcome> {
  const lint = await runNode(root, 'node_modules/eslint/bin/eslint.js', ['--fix', '.']);
  const format = await runNode(root, 'node_modules/prettier/bin/prettier.cjs', ['--write', '--log-level', 'warn', '.']);
  return { ok: lint.ok && format.ok, output: lint.output + format.output };
}

/** Runs all steps side by side and reports each as soon as those before it are reported. */
export async function runSteps(steps: readonly Step[], report: (result: StepResult) => void): Promise<StepResult[]> {
  const running = steps.map(timed);
  const results: StepResult[] = [];
  for (const step of running) {
    const result = await step;
    results.push(result);
    report(result);
  }
  return results;
}

async function timed(step: Step): Promise<StepResult> {
  const start = performance.now();
  const outcome = await step.run().catch((error: unknown) => ({ ok: false, output: `${String(error)}\n` }));
  return { ...outcome, name: step.name, about: step.about, seconds: (performance.now() - start) / 1000 };
}

/** One line for a step, and below it, if it failed, what it found. */
export function describeStep({ ok, name, about, seconds, output }: StepResult): string {
  const line = `${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(10)} ${seconds.toFixed(1).padStart(5)} s  ${about}\n`;
  return ok ? line : line + output.trimEnd().replace(/^/gm, '      ') + '\n';
}

function disagreements(root: string): string[] {
  const { source, stated } = readVersions(root);
  return versionFindings(source, stated);
}

function listed(findings: readonly string[]): Promise<Outcome> {
  return Promise.resolve({ ok: findings.length === 0, output: findings.map((finding) => `${finding}\n`).join('') });
}

function runNode(root: string, script: string, args: readonly string[]): Promise<Outcome> {
  const flags = ['--disable-warning=ExperimentalWarning', join(root, script)];
  const options = { cwd: root, maxBuffer: 64 * 1024 * 1024 };
  return new Promise((resolve) => {
    execFile(process.execPath, [...flags, ...args], options, (error, stdout, stderr) => {
      const cause = error !== null && typeof error.code !== 'number' ? `${error.message}\n` : '';
      resolve({ ok: error === null, output: stdout + stderr + cause });
    });
  });
}
