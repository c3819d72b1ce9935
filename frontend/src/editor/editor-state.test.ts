import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Failure } from '../api/failure.ts';
import { afterEditorEvent, beginEditing, errorsByField, type EditorEvent, type EditorState } from './editor-state.ts';

const object = { apiVersion: 'v1', kind: 'Eip', metadata: { name: 'a' } };
const after = (...events: EditorEvent<string>[]): EditorState<string> =>
  events.reduce(afterEditorEvent<string>, beginEditing(object, 'first'));

suite('an editor', () => {
  test('lets save only what the API server has judged', () => {
    const passed = after({ kind: 'asked' }, { kind: 'passed', object });
    assert.deepEqual([passed.phase, passed.checked], ['reviewed', object]);
    for (const event of [
      { kind: 'changed', draft: 'b' },
      { kind: 'typed', yaml: 'b' },
    ] as const) {
      const { phase, checked } = afterEditorEvent(passed, event);
      assert.deepEqual([phase, checked], ['editing', undefined], event.kind);
    }
  });

  test('keeps what was typed when it is refused, and what is wrong until that is changed', () => {
    const failure = new Failure('invalid', 'no');
    const typed = { name: 'a', ranges: 'b' };
    const refused = [
      { kind: 'changed', draft: typed } as const,
      { kind: 'asked' } as const,
      { kind: 'refused', failure, errors: { name: 'no', ranges: 'none', '': 'odd' } } as const,
    ].reduce(afterEditorEvent<typeof typed>, beginEditing(object, { name: '', ranges: '' }));
    assert.deepEqual([refused.draft, refused.phase], [typed, 'editing']);
    const changed = afterEditorEvent(refused, { kind: 'changed', draft: { ...typed, name: 'c' } });
    assert.deepEqual([changed.errors, changed.failure], [{ ranges: 'none' }, undefined]);
    assert.deepEqual(afterEditorEvent(refused, { kind: 'asked' }).errors, {});
  });

  test('goes from the form to YAML and back', () => {
    const yaml = after({ kind: 'toYaml', yaml: 'a: 1' });
    assert.deepEqual([yaml.mode, yaml.yaml], ['yaml', 'a: 1']);
    const base = { ...object, spec: { added: true } };
    const form = afterEditorEvent(yaml, { kind: 'toForm', base, draft: 'b' });
    assert.deepEqual([form.mode, form.draft, form.base, form.read], ['form', 'b', base, object]);
  });
});

test('what the API server has against an object stands at the field that it concerns', () => {
  const fieldOf = (path: string): string => (path.startsWith('spec.address') ? 'ranges' : '');
  const causes = [
    { field: 'spec.addresses[0]', message: 'no range' },
    { field: 'spec.address', message: 'one too many' },
    { field: 'spec', message: 'odd' },
  ];
  assert.deepEqual(errorsByField(new Failure('invalid', 'all', { causes }), fieldOf), {
    ranges: 'no range; one too many',
    '': 'spec: odd',
  });
  // What the API server says of checks that it left out is no fault of anybody's.
  const left = [{ field: '<nil>', message: 'some validation rules were not checked' }, ...causes.slice(0, 1)];
  assert.deepEqual(errorsByField(new Failure('invalid', 'all', { causes: left }), fieldOf), { ranges: 'no range' });
  const exists = new Failure('conflict', 'eips "a" already exists', { reason: 'AlreadyExists' });
  assert.deepEqual(errorsByField(exists, fieldOf), { name: 'eips "a" already exists' });
  assert.deepEqual(errorsByField(new Failure('conflict', 'changed', { reason: 'Conflict' }), fieldOf), {});
});

test('what the API server makes of a field that was left empty is put in plain words, there alone', () => {
  const fieldOf = (path: string): string => (path === 'metadata.name' ? 'name' : '');
  const causes = [
    { field: 'metadata.name', message: 'a lowercase RFC 1123 subdomain must' },
    { field: 'spec', message: 'odd' },
  ];
  const refused = new Failure('invalid', 'all', { causes });
  assert.deepEqual(errorsByField(refused, fieldOf, { ranges: 'must be filled in' }), {
    name: 'a lowercase RFC 1123 subdomain must',
    ...{ '': 'spec: odd', ranges: 'must be filled in' },
  });
  assert.deepEqual(errorsByField(new Failure('invalid', 'a policy'), fieldOf, { ranges: 'must be filled in' }), {});
  assert.deepEqual(errorsByField(new Failure('away', 'no'), fieldOf, { ranges: 'must be filled in' }), {});
});
