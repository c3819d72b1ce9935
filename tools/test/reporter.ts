// The custom reporter of node:test that runs inside every test process and tells tools/test/run-file.ts, over the IPC
// channel, what came out. It must not write to stdout or stderr: those belong to the tests.
import { AssertionError } from 'node:assert';
import type { TestEvent as NodeTestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';
import type { TestEvent } from './events.ts';

type Passed = Extract<NodeTestEvent, { type: 'test:pass' }>['data'];
type Failed = Extract<NodeTestEvent, { type: 'test:fail' }>['data'];

/** The names from the outermost suite to the one that is being reported. */
const path: string[] = [];

// Whoever started this process is gone: end as if asked to, so that a lab test takes its network down.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();

export default async function* report(source: AsyncIterable<NodeTestEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    const told = translate(event);
    if (told !== undefined) process.send?.(told);
  }
  process.send?.({ kind: 'end' } satisfies TestEvent);
  // A reporter has to be a generator; this one has nothing to print.
  yield '';
}

function translate(event: NodeTestEvent): TestEvent | undefined {
  if (event.type === 'test:start') path.splice(event.data.nesting, Infinity, event.data.name);
  if (event.type === 'test:pass') return passed(event.data);
  if (event.type === 'test:fail') return failed(event.data);
  return undefined;
}

function passed(data: Passed): TestEvent | undefined {
  if (isSkipped(data)) return skipped(data);
  return data.details.type === 'suite' ? undefined : { kind: 'passed', name: fullName(data) };
}

function failed(data: Failed): TestEvent | undefined {
  // node lets a todo fail; here it is one that isn't done.
  if (isSkipped(data)) return skipped(data);
  const { error, type } = data.details;
  const failureType = 'failureType' in error ? error.failureType : undefined;
  // The tests inside were told already.
  if (type === 'suite' && failureType === 'subtestsFailed') return undefined;
  return { kind: 'failed', name: fullName(data), error: errorText(error) };
}

function isSkipped({ skip, todo }: Passed | Failed): boolean {
  return skip !== undefined || todo !== undefined;
}

function skipped(data: Passed | Failed): TestEvent {
  const reasons = [data.skip, data.todo].filter((reason) => typeof reason === 'string');
  return { kind: 'skipped', name: fullName(data), reason: reasons.join(', ') };
}

function fullName({ name, nesting }: Passed | Failed): string {
  return [...path.slice(0, nesting), name].join(' > ');
}

function errorText(error: Error): string {
  const cause = error.cause ?? error;
  // The message of an assertion has the difference already; its other fields would only repeat it.
  return cause instanceof AssertionError ? (cause.stack ?? cause.message) : inspect(cause, { depth: 4 });
}
