import React, { type ReactElement } from 'react';
import { text, type TextKey } from '../texts/texts.ts';
import { CheckField, NumberField, SelectField, TextField } from './fields.tsx';
import type { FormProps } from './edited-kind.ts';

/** The fields of a draft that have values of a type. */
type FieldsOf<Draft, Value> = { [Key in keyof Draft]-?: Value extends Draft[Key] ? Key : never }[keyof Draft] & string;

interface Shown<Draft> {
  readonly label: TextKey;
  readonly hint?: TextKey | ((draft: Draft) => TextKey);
  /** Nothing may stand in the place of what is left empty. */
  readonly needed?: boolean;
  /** Undefined: always. */
  readonly when?: (draft: Draft) => boolean;
}

interface TextControl<Draft> extends Shown<Draft> {
  readonly control: 'text';
  readonly field: FieldsOf<Draft, string>;
  /** More than one line. */
  readonly rows?: number;
  /** It can't be changed, or only where the object is a new one. */
  readonly fixed?: 'always' | 'once made';
}

interface NumberControl<Draft> extends Shown<Draft> {
  readonly control: 'number';
  readonly field: FieldsOf<Draft, number | undefined>;
  readonly min?: number;
  readonly max?: number;
}

interface CheckControl<Draft> extends Shown<Draft> {
  readonly control: 'check';
  readonly field: FieldsOf<Draft, boolean>;
}

interface SelectControl<Draft> extends Shown<Draft> {
  readonly control: 'select';
  readonly field: FieldsOf<Draft, string>;
  readonly options: (draft: Draft) => readonly { readonly value: string; readonly label: string }[];
}

/** One field of a form, as data: what the form of a kind has is read in one place. */
export type FormField<Draft> = TextControl<Draft> | NumberControl<Draft> | CheckControl<Draft> | SelectControl<Draft>;

/** The name of an object that is given one. */
export const NAME = { control: 'text', field: 'name', label: 'NAME', needed: true, fixed: 'once made' } as const;

interface Props<Draft> extends FormProps<Draft> {
  readonly fields: readonly FormField<Draft>[];
}

/** Those that make a difference as the others are. */
export function shownFields<Draft>(fields: readonly FormField<Draft>[], draft: Draft): FormField<Draft>[] {
  return fields.filter(({ when }) => when?.(draft) !== false);
}

/** What is said at the fields that were left empty and may not be. */
export function missingFields<Draft>(fields: readonly FormField<Draft>[], draft: Draft): Record<string, string> {
  const isEmpty = (value: unknown): boolean =>
    value === undefined || (typeof value === 'string' && value.trim() === '');
  const missing = shownFields(fields, draft).filter(({ needed, field }) => needed === true && isEmpty(draft[field]));
  return Object.fromEntries(missing.map(({ field }) => [field, text('NEEDED')]));
}

export function FormFields<Draft>({ fields, ...props }: Props<Draft>): ReactElement {
  const shown = shownFields(fields, props.draft);
  return (
    <>
      {shown.some(({ needed }) => needed === true) && <small className="plb-marks">{text('NEEDED_MARK')}</small>}
      {shown.map((field) => (
        <Control key={field.field} field={field} props={props} />
      ))}
    </>
  );
}

interface ControlProps<Draft> {
  readonly field: FormField<Draft>;
  readonly props: FormProps<Draft>;
}

function Control<Draft>({ field: shown, props }: ControlProps<Draft>): ReactElement {
  const { draft, onChange, errors } = props;
  const { field, label } = shown;
  const about = { label: text(label), hint: hintOf(shown, draft), needed: shown.needed, error: errors[field] };
  // The type of a control says which type its field has.
  const value: unknown = draft[field];
  const set = (to: unknown): void => onChange({ ...draft, [field]: to });
  switch (shown.control) {
    case 'text':
      return (
        <TextField
          {...about}
          rows={shown.rows}
          value={value as string}
          disabled={isFixed(shown.fixed, props.exists)}
          onChange={set}
        />
      );
    case 'number':
      return (
        <NumberField {...about} min={shown.min} max={shown.max} value={value as number | undefined} onChange={set} />
      );
    case 'check':
      return <CheckField {...about} checked={value as boolean} onChange={set} />;
    case 'select':
      return <SelectField {...about} value={value as string} options={shown.options(draft)} onChange={set} />;
  }
}

function hintOf<Draft>({ hint }: Shown<Draft>, draft: Draft): string | undefined {
  const key = typeof hint === 'function' ? hint(draft) : hint;
  return key === undefined ? undefined : text(key);
}

function isFixed(fixed: 'always' | 'once made' | undefined, exists: boolean): boolean {
  return fixed === 'always' || (fixed === 'once made' && exists);
}
