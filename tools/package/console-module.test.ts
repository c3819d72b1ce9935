/** The console's module as the console loads it: by SystemJS, with the shell's own libraries. These stand in for them. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { bundleConsole, EXTERNALS, textTable } from '../console/bundle.ts';

interface ConsoleModule {
  readonly routes: readonly { readonly path: string; readonly element: { readonly type: unknown } }[];
  readonly menus: readonly { readonly name: string; readonly title: string }[];
  readonly locales: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

type Registration = (exports: (name: string, value: ConsoleModule) => void) => {
  readonly setters: readonly ((module: unknown) => void)[];
  readonly execute: () => void;
};

/** The most that was promised; it goes over the line to each browser. */
const MAX_BYTES = 150_000;

const root = join(import.meta.dirname, '../..');
const bundle = bundleConsole(root);

const react = {
  createElement: (type: unknown, props: object | null, ...children: unknown[]): object => ({ type, props, children }),
  createContext: (): object => ({ Provider: 'provider' }),
  Component: class {},
};

/** As SystemJS does. `react`: consoles differ in whether it has names beside its default. */
function load(libraries: Readonly<Record<string, unknown>>): { asked: readonly string[]; loaded: ConsoleModule } {
  let exported: ConsoleModule | undefined;
  let asked: readonly string[] = [];
  const register = (names: readonly string[], registration: Registration): void => {
    asked = names;
    const { setters, execute } = registration((_name, value) => (exported = value));
    for (const [i, set] of setters.entries()) set(libraries[names[i] ?? ''] ?? {});
    execute();
  };
  new Function('System', 't', 'globals', bundle.toString())({ register }, (key: string) => key, {});
  assert.ok(exported !== undefined);
  return { asked, loaded: exported };
}

suite('the console’s module', () => {
  test('asks for nothing that consoles do not supply', () => {
    for (const name of load({ react }).asked) assert.ok(EXTERNALS.includes(name), name);
  });

  test('loads with a React that has names, a default, or both', () => {
    for (const library of [react, { default: react }, { default: react, ...react, __esModule: true }]) {
      const { routes } = load({ react: library }).loaded;
      assert.ok(routes.length > 0);
      for (const { element } of routes) assert.equal(typeof element.type, 'function');
    }
  });

  test('has every text in both languages, as the files of the languages have them', () => {
    const { locales } = load({ react }).loaded;
    for (const language of ['en', 'zh']) {
      const file = JSON.parse(readFileSync(join(root, `locales/${language}/console.json`), 'utf8')) as object;
      const texts = Object.entries(file).map(([key, text]) => [`PORTERLB.${key}`, text as unknown]);
      assert.deepEqual(locales[language], Object.fromEntries(texts));
    }
  });

  test('has a text in both languages for every entry of the menu', () => {
    const { menus, locales } = load({ react }).loaded;
    for (const { title } of menus)
      for (const language of ['en', 'zh']) assert.ok(locales[language]?.[title], `${language} ${title}`);
  });

  test('has the same bytes each time, and not too many', () => {
    assert.ok(bundleConsole(root).equals(bundle));
    assert.ok(bundle.length < MAX_BYTES, `${bundle.length} bytes`);
  });
});

suite('the table of texts that the module carries', () => {
  /** Of a repository that has these texts. */
  function tableOf(texts: Readonly<Record<'en' | 'zh', Readonly<Record<string, string>>>>): string {
    const folder = mkdtempSync(join(tmpdir(), 'porterlb-texts-'));
    try {
      for (const [language, each] of Object.entries(texts)) {
        mkdirSync(join(folder, 'locales', language), { recursive: true });
        writeFileSync(join(folder, 'locales', language, 'console.json'), JSON.stringify(each));
      }
      return textTable(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  test('joins languages by key, in whichever order their files have them', () => {
    assert.equal(tableOf({ en: { A: 'a', B: 'b' }, zh: { B: '乙', A: '甲' } }), 'A\ta\t甲\nB\tb\t乙');
  });

  test('is not made of a text that would end its line or its column', () => {
    for (const broken of ['two\nlines', 'two\tcolumns'])
      for (const texts of [
        { en: { A: broken }, zh: { A: '甲' } },
        { en: { A: 'a' }, zh: { A: broken } },
      ])
        assert.throws(() => tableOf(texts), /A: a text of the console may have no tab and no line break/);
  });
});
