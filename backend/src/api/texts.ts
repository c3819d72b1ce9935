import { createInstance, type i18n } from 'i18next';
import enCauses from '../../../locales/en/causes.json' with { type: 'json' };
import enErrors from '../../../locales/en/errors.json' with { type: 'json' };
import enExplain from '../../../locales/en/explain.json' with { type: 'json' };
import enProblems from '../../../locales/en/problems.json' with { type: 'json' };
import enReasons from '../../../locales/en/reasons.json' with { type: 'json' };
import enNetwork from '../../../locales/en/network.json' with { type: 'json' };
import enStatuses from '../../../locales/en/statuses.json' with { type: 'json' };
import zhCauses from '../../../locales/zh/causes.json' with { type: 'json' };
import zhErrors from '../../../locales/zh/errors.json' with { type: 'json' };
import zhExplain from '../../../locales/zh/explain.json' with { type: 'json' };
import zhProblems from '../../../locales/zh/problems.json' with { type: 'json' };
import zhReasons from '../../../locales/zh/reasons.json' with { type: 'json' };
import zhNetwork from '../../../locales/zh/network.json' with { type: 'json' };
import zhStatuses from '../../../locales/zh/statuses.json' with { type: 'json' };
import type { Finding, Reason } from '../domain/reason.ts';
import type { Cause, ErrorCode } from './errors.ts';
import { Sentences } from './sentences.ts';

export const LANGUAGES = ['en', 'zh'] as const;
export type Language = (typeof LANGUAGES)[number];

export type ExplainKey = keyof typeof enExplain;
type Params = Readonly<Record<string, string | number>>;

/** Languages other than English may lack a text for a moment of development; tests hold that they don't. */
const resources = {
  en: {
    causes: enCauses,
    errors: enErrors,
    explain: enExplain,
    problems: enProblems,
    reasons: enReasons,
    network: enNetwork,
    statuses: enStatuses,
  },
  zh: {
    causes: zhCauses,
    errors: zhErrors,
    explain: zhExplain,
    problems: zhProblems,
    reasons: zhReasons,
    network: zhNetwork,
    statuses: zhStatuses,
  },
};

function load(): i18n {
  const instance = createInstance();
  void instance.init({
    resources,
    fallbackLng: 'en',
    supportedLngs: [...LANGUAGES],
    defaultNS: 'errors',
    // Keys are flat.
    keySeparator: false,
    nsSeparator: false,
    initAsync: false,
  });
  return instance;
}

/** What messages in statuses of objects are made of. */
const sentences = new Sentences({ reasons: enReasons, statuses: enStatuses });

/** What is made of what ended a BGP session, and of what second witnesses saw. */
const endings = new Sentences({ network: enNetwork });

/** What is said of those that run beside this one. */
const besides = new Sentences({
  explain: Object.fromEntries(Object.entries(enExplain).filter(([key]) => key.startsWith('beside.'))),
});

/** Parameters that are sentences themselves. */
const PARTS: readonly string[] = ['why', 'table'];

/** What is made of what is wrong with a field of an object. */
const problems = new Sentences({ problems: enProblems });
/** The field that a problem is about, and where the next one begins. */
const FIELD = /^((?:spec|metadata)[\w.[\]]*): (.*)$/s;
const NEXT_PROBLEM = /; (?=(?:spec|metadata)[\w.[\]]*: )/;

/** What stands for what the reader may not know, as it is written in English, alone or among others in a list. */
const HIDDEN = new RegExp(`${enExplain.hidden}|^of another namespace$`, 'g');
/** Messages of ours are hardly longer (`report/announced`); what is behind it is not looked through, as that takes time. */
const MAX_TOLD = 1_024;

/** In single braces, as the console's shell has them. */
const PLACEHOLDER = /\{(\w+)\}/;

/** Texts of the API, in one language. */
export class Texts {
  readonly language: Language;
  readonly #i18n: i18n;
  readonly #plurals: Intl.PluralRules;
  /** By namespace, key and plural form: as many as there are in the files. */
  readonly #found = new Map<string, readonly string[]>();

  constructor(i18n: i18n, language: Language) {
    this.#i18n = i18n;
    this.language = language;
    this.#plurals = new Intl.PluralRules(language);
  }

  error(code: ErrorCode, params: Params): string {
    return this.#text('errors', code, params);
  }

  cause({ what, params = {} }: Cause): string {
    const { message } = params;
    // What a parser says of a spec that came with the request, as it says it of one that is stored.
    const said = what === 'said' && typeof message === 'string' ? { message: this.#problem(message) } : {};
    return this.#text('causes', what, { ...params, ...said });
  }

  reason({ reason, params }: Finding): string {
    return this.#text('reasons', reason satisfies Reason, params);
  }

  explain(key: ExplainKey, params: Params = {}): string {
    return this.#text('explain', key, params);
  }

  /** The text under a key that is made of what was found, if there is one. */
  explainIfThere(key: ExplainKey): string | undefined {
    return this.#i18n.exists(key, { ns: 'explain', lng: 'en' }) ? this.explain(key) : undefined;
  }

  /**
   * What the status of an object says, in this language: sentence by sentence, as far as they are known. What isn't (what a router or the API
   * server said) stays as it is, with all behind it, and so does what comes after 1,024 characters.
   */
  told(message: string): string {
    if (this.language === 'en') return message;
    let told = '';
    let rest = message.slice(0, MAX_TOLD);
    for (let found = sentences.first(rest); found !== undefined; found = sentences.first(rest)) {
      told += this.#text(found.source, found.key, this.#known(found.params));
      rest = rest.slice(found.length).trimStart();
    }
    return told + this.networkWords(rest) + message.slice(MAX_TOLD);
  }

  /** What speaker and probes say of the network, in English, in this language; what routers and kernels say otherwise stays as it is. */
  networkWords(error: string): string {
    if (this.language === 'en' || error.length > MAX_TOLD) return error;
    const found = endings.whole(error);
    if (found === undefined) return error;
    const params = Object.entries(found.params).map(([name, value]) => {
      return [name, PARTS.includes(name) ? this.networkWords(value) : value] as const;
    });
    return this.#text(found.source, found.key, Object.fromEntries(params));
  }

  /** What is said of another load balancer of this kind that runs in the cluster, in English, in this language. */
  beside(words: string): string {
    const found = this.language === 'en' ? undefined : besides.whole(words);
    return found === undefined ? words : this.#text(found.source, found.key, found.params);
  }

  #known(params: Readonly<Record<string, string>>): Params {
    const known = Object.entries(params).map(([name, value]) => {
      return [name, this.#part(name, value).replaceAll(HIDDEN, this.explain('hidden'))] as const;
    });
    return Object.fromEntries(known);
  }

  #part(name: string, value: string): string {
    if (name === 'problems') return this.#problems(value);
    return PARTS.includes(name) ? this.networkWords(value) : value;
  }

  /** Field by field; what a schema says by itself, or what was cut off, stays as it is. */
  #problems(text: string): string {
    const told = text.split(NEXT_PROBLEM).map((problem) => {
      const [, field = '', message = ''] = FIELD.exec(problem) ?? [];
      return message === '' ? problem : `${field}: ${this.#problem(message)}`;
    });
    return told.join('; ');
  }

  /** What is wrong with one field. */
  #problem(message: string): string {
    const found = this.language === 'en' ? undefined : problems.whole(message);
    return found === undefined ? message : this.#text(found.source, found.key, found.params);
  }

  /** A value that is not given stays visible as `{name}`, as in `report/reason-text`. */
  #text(ns: string, key: string, params: Params): string {
    let text = '';
    let isName = false;
    for (const part of this.#parts(ns, key, params['count'])) {
      text += isName ? String(params[part] ?? `{${part}}`) : part;
      isName = !isName;
    }
    return text;
  }

  /**
   * A text by its placeholders: what is between them, and at odd places their names. i18next finds it once for each plural form: that, and putting
   * values in, was most of what an explanation took.
   */
  #parts(ns: string, key: string, count: string | number | undefined): readonly string[] {
    const number = typeof count === 'number' ? { count } : {};
    const form = typeof count === 'number' ? this.#plurals.select(count) : '';
    const id = `${ns} ${key} ${form}`;
    const known = this.#found.get(id);
    if (known !== undefined) return known;
    const text = this.#i18n.t(key, { ns, lng: this.language, skipInterpolation: true, ...number });
    const parts = text.split(PLACEHOLDER);
    this.#found.set(id, parts);
    return parts;
  }
}

const MAX_HEADER = 256;

/** The language that an `Accept-Language` header prefers of those that there are (RFC 9110, 12.5.4); English where it names none. */
export function preferredLanguage(header: string | undefined): Language {
  const wanted = (header ?? '').slice(0, MAX_HEADER).split(',').map(weighed);
  for (const { tag } of wanted.filter(({ q }) => q > 0).sort((a, b) => b.q - a.q)) {
    const found = LANGUAGES.find((language) => tag === language || tag.startsWith(`${language}-`));
    if (found !== undefined) return found;
    if (tag === '*') break;
  }
  return 'en';
}

function weighed(item: string): { readonly tag: string; readonly q: number } {
  const [tag = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
  const q = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1');
  return { tag, q: Number.isFinite(q) ? q : 0 };
}

/** The texts of every language: made once, as loading takes milliseconds. */
export class Translations {
  readonly #texts: Readonly<Record<Language, Texts>>;

  constructor() {
    const instance = load();
    this.#texts = { en: new Texts(instance, 'en'), zh: new Texts(instance, 'zh') };
  }

  in(language: Language): Texts {
    return this.#texts[language];
  }
}
