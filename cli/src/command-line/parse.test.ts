import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COMMANDS } from '../commands/table.ts';
import { EXIT } from '../failure.ts';
import { checkModes } from '../takeover/takeover.ts';
import { help } from './help.ts';
import { parse, type Invocation } from './parse.ts';

function command(line: string, environment: NodeJS.ProcessEnv = {}): Extract<Invocation, { readonly kind: 'command' }> {
  const invocation = parse(line.split(' '), environment);
  assert.ok(invocation.kind === 'command', line);
  return invocation;
}

describe('a command line', () => {
  it('is a command with its words and options, in any order', () => {
    for (const line of ['explain svc/web -n shop -o json', '-n shop --output=json explain svc/web']) {
      const { command: found, words, namespace, output, watch } = command(line);
      assert.deepEqual([found.name, words, namespace, output, watch], ['explain', ['svc/web'], 'shop', 'json', false]);
    }
  });

  it('is the command with the longest name that fits', () => {
    const { command: found, words } = command('simulate drain n1 n2');
    assert.deepEqual([found.name, words], ['simulate drain', ['n1', 'n2']]);
  });

  it('asks for help wherever it says so, and where it says nothing', () => {
    const asked = ['help', '--help', '-h'].map((line) => parse([line], {}));
    assert.ok(asked.every((invocation) => invocation.kind === 'help' && invocation.command === undefined));
    assert.equal(parse([], {}).kind, 'help');
    for (const words of [
      ['help', 'simulate', 'drain'],
      ['simulate', 'drain', '-h'],
    ]) {
      const invocation = parse(words, {});
      assert.ok(invocation.kind === 'help' && invocation.command?.name === 'simulate drain');
    }
  });

  it('has the language of the environment unless it names one', () => {
    assert.equal(command('status').language, 'en');
    assert.equal(command('status', { LANG: 'zh_CN.UTF-8' }).language, 'zh');
    assert.equal(command('status', { LC_ALL: 'C', LANG: 'zh_CN.UTF-8' }).language, 'en');
    assert.equal(command('status --language zh', { LANG: 'de_DE' }).language, 'zh');
  });

  it('that makes no sense is refused by what is wrong with it', () => {
    const wrong = {
      frob: /there is no command "frob"/,
      simulate: /"simulate" is no command/,
      'status -A': /"status" has no option --all-namespaces/,
      'explain web --addresses': /"explain" has no option --addresses/,
      'status -f x': /"status" has no option --file/,
      'simulate drain n1 -w': /"simulate drain" has no option --watch/,
      'status --frob': /unknown option '--frob'/,
      'status -o xml': /--output is one of table, json, yaml, not "xml"/,
      'status --namespace=': /--namespace is empty/,
      'status --language de': /--language is one of en, zh/,
      'status --server http://a': /--server is an https:\/\/ URL/,
      'status --insecure-skip-tls-verify': /goes with --server only/,
      'status --apply': /"status" has no option --apply/,
      takeover: /"takeover" is no command/,
      'status --service-account viewer': /--service-account is NAMESPACE\/NAME/,
      'status --request-timeout never': /--request-timeout is seconds/,
    };
    for (const [line, message] of Object.entries(wrong)) {
      assert.throws(() => parse(line.split(' '), {}), { message, exitCode: EXIT.usage }, line);
    }
  });
});

describe('the help', () => {
  it('names every command, and fits 80 columns', () => {
    const text = help(undefined, 80);
    for (const { name } of COMMANDS) assert.match(text, new RegExp(`^  ${name} `, 'm'));
    for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
  });

  it('of a command has examples that are understood, and its exit codes', () => {
    for (const each of COMMANDS) {
      const text = help(each, 80);
      assert.match(text, /Examples:\n {2}# .+\n {2}kubectl porterlb /);
      assert.equal(/^ {2}1 {3}/m.test(text), each.problemsWhen !== undefined, each.name);
      for (const { line } of each.examples) {
        const [own = ''] = line.split(/ (?:&&|[|>]) /);
        const { command: found, words, namespace, allNamespaces, addresses, ...rest } = command(own);
        assert.equal(found, each);
        if ('operate' in found) checkModes({ ...rest, words, timeoutMs: rest.reach.timeoutMs });
        if ('prepare' in found) found.prepare({ words, namespace: namespace ?? 'default', allNamespaces, addresses });
      }
    }
  });
});
