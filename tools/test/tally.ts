import { isAllowed, type AllowedSkip } from './allowed-skips.ts';
import type { FileResult, Skip } from './run-file.ts';

/** Everything counted so far, for the last line of a run. */
export class Tally {
  #passed = 0;
  #failed = 0;
  readonly #allowed: readonly AllowedSkip[];

  constructor(allowed: readonly AllowedSkip[]) {
    this.#allowed = allowed;
  }

  /** Counts a file; its skipped tests count as failed unless they are in the written list. */
  addFile(result: FileResult): void {
    this.#passed += result.passed;
    this.#failed += result.failures.length + this.#forbidden(result).length;
  }

  addOne(ok: boolean): void {
    if (ok) this.#passed += 1;
    else this.#failed += 1;
  }

  get ok(): boolean {
    return this.#failed === 0 && this.#passed > 0;
  }

  /** The one plain line that a run ends with. */
  get line(): string {
    return `${this.#passed} passed, ${this.#failed} failed`;
  }

  /** One line for a file, and below it, if something failed, what and why and what the file wrote. */
  describe(result: FileResult): string {
    const forbidden = this.#forbidden(result);
    const failed = result.failures.length + forbidden.length;
    const counts = failed === 0 ? `${result.passed} passed` : `${result.passed} passed, ${failed} failed`;
    const allowed = result.skips.length - forbidden.length;
    const skipped = allowed === 0 ? '' : `, ${allowed} skipped as listed`;
    const seconds = `${result.seconds.toFixed(1).padStart(6)} s`;
    const line = `${failed === 0 ? 'ok  ' : 'FAIL'} ${seconds}  ${result.path}  ${counts}${skipped}\n`;
    return failed === 0 ? line : line + details(result, forbidden);
  }

  #forbidden(result: FileResult): Skip[] {
    return result.skips.filter((skip) => !isAllowed(this.#allowed, result, skip));
  }
}

function details(result: FileResult, forbidden: readonly Skip[]): string {
  const failures = result.failures.map(({ name, error }) => `${indent(`x ${name}`, 6)}${indent(error, 10)}`);
  const skips = forbidden.map(({ name, reason }) =>
    indent(`x ${name}: skipped or todo${reason === '' ? '' : ` (${reason})`}; see tools/test/allowed-skips.ts`, 6),
  );
  const output = result.output.trim() === '' ? '' : indent('what the file wrote:', 6) + indent(result.output, 8);
  return [...failures, ...skips, output].join('');
}

function indent(text: string, columns: number): string {
  return `${text.trimEnd().replace(/^/gm, ' '.repeat(columns))}\n`;
}
