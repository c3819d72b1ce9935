import React, { useRef, type ReactElement, type ReactNode } from 'react';

interface FieldProps {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
  /** There is no default: the object can't be without. */
  readonly needed?: boolean | undefined;
}

interface Ids {
  readonly id: string;
  readonly required: boolean;
  readonly 'aria-describedby': string | undefined;
  readonly 'aria-invalid': boolean;
}

let lastId = 0;

/** A name, a control, what it is for, and what is wrong with it, tied together for who can't see that they are. */
function Field(props: FieldProps & { readonly children: (ids: Ids) => ReactNode }): ReactElement {
  const { label, hint, error, needed = false, children } = props;
  const id = useRef('');
  if (id.current === '') id.current = `plb-field-${(lastId += 1)}`;
  const isWrong = error !== undefined;
  const described = isWrong ? `${id.current}-error` : `${id.current}-hint`;
  return (
    <div className="plb-field">
      <label htmlFor={id.current} className={needed ? 'plb-needed' : undefined}>
        {label}
      </label>
      {children({
        id: id.current,
        required: needed,
        'aria-describedby': isWrong || hint !== undefined ? described : undefined,
        'aria-invalid': isWrong,
      })}
      {hint !== undefined && <small id={`${id.current}-hint`}>{hint}</small>}
      {isWrong && (
        <small id={`${id.current}-error`} className="plb-bad" role="alert">
          {error}
        </small>
      )}
    </div>
  );
}

interface TextProps extends FieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly disabled?: boolean;
  readonly placeholder?: string;
  /** More than one line. */
  readonly rows?: number | undefined;
  readonly type?: 'text' | 'password';
}

export function TextField({
  value,
  onChange,
  rows,
  disabled,
  placeholder,
  type = 'text',
  ...field
}: TextProps): ReactElement {
  return (
    <Field {...field}>
      {(ids) => {
        const common = { ...ids, value, disabled, placeholder, spellCheck: false };
        return rows === undefined ? (
          <input {...common} type={type} autoComplete="off" onChange={({ target }) => onChange(target.value)} />
        ) : (
          <textarea {...common} rows={rows} onChange={({ target }) => onChange(target.value)} />
        );
      }}
    </Field>
  );
}

interface NumberProps extends FieldProps {
  /** Undefined: empty. */
  readonly value: number | undefined;
  readonly onChange: (value: number | undefined) => void;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly placeholder?: string;
}

export function NumberField({ value, onChange, min, max, placeholder, ...field }: NumberProps): ReactElement {
  return (
    <Field {...field}>
      {(ids) => (
        <input
          {...ids}
          type="number"
          value={value ?? ''}
          min={min}
          max={max}
          placeholder={placeholder}
          onChange={({ target }) => onChange(target.value === '' ? undefined : Number(target.value))}
        />
      )}
    </Field>
  );
}

interface SelectProps extends FieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly options: readonly { readonly value: string; readonly label: string }[];
}

export function SelectField({ value, onChange, options, ...field }: SelectProps): ReactElement {
  return (
    <Field {...field}>
      {(ids) => (
        <select {...ids} value={value} onChange={({ target }) => onChange(target.value)}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface CheckProps extends FieldProps {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

export function CheckField({ checked, onChange, ...field }: CheckProps): ReactElement {
  return (
    <div className="plb-check">
      <Field {...field}>
        {(ids) => (
          <input {...ids} type="checkbox" checked={checked} onChange={({ target }) => onChange(target.checked)} />
        )}
      </Field>
    </div>
  );
}
