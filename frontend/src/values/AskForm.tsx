import { Check, X } from 'lucide-react';
import { useEffect, useState, type FormEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Answer, Ask, AskField } from '@/api/work';
import type { ApiError } from '@/api/client';
import { Button, Field, Select, Switch, TextArea, TextInput } from '@/ui';
import { ago } from '@/ui/format';
import { answered, complete, type Given } from './answer';
import styles from './ask.module.css';
import { ValueView } from './ValueView';

interface AskFormProps {
  form: Ask;
  /** An ISO time after which nobody need answer any more. */
  due?: string | null;
  /** Sends the answer; what it throws is shown beside the form. */
  onAnswer: (answer: Answer) => Promise<unknown>;
  disabled?: boolean;
}

/** What a waiting run asks of a person, wherever it is shown: on the node, in the run, in the list of all that waits. */
export function AskForm({ form, due, onAnswer, disabled }: AskFormProps) {
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const send = async (answer: Answer) => {
    setBusy(true);
    setError(null);
    try {
      await onAnswer(answer);
    } catch (problem) {
      setError(problem as ApiError);
    } finally {
      setBusy(false);
    }
  };
  const rest = { form, send, error, busy, disabled: disabled === true || busy };
  return (
    <div className={styles.ask} data-testid="ask-form">
      {form.question && <p className={styles.question}>{form.question}</p>}
      {form.show !== undefined && form.show !== null && (
        <div className={styles.shown}>
          <ValueView value={form.show} />
        </div>
      )}
      <Body {...rest} />
      {error && (
        <p role="alert" className={styles.error}>
          {error.message}
        </p>
      )}
      {due && <Due due={due} />}
    </div>
  );
}

interface BodyProps {
  form: Ask;
  send: (answer: Answer) => Promise<void>;
  error: ApiError | null;
  busy: boolean;
  disabled: boolean;
}

function Body(props: BodyProps): ReactNode {
  switch (props.form.kind) {
    case 'approve':
      return <Approve {...props} />;
    case 'choose':
      return <Choose {...props} />;
    case 'form':
      return <Fields {...props} />;
    case 'time':
      return null; // Time answers by itself.
  }
}

function Approve({ send, busy, disabled }: BodyProps) {
  const { t } = useTranslation('common');
  const [comment, setComment] = useState('');
  const answer = (approved: boolean) => void send(comment.trim() ? { approved, comment: comment.trim() } : { approved });
  return (
    <>
      <TextInput value={comment} disabled={disabled} aria-label={t('ask.comment')} placeholder={t('ask.comment')} onChange={(event) => setComment(event.target.value)} />
      <div className={styles.buttons}>
        <Button variant="primary" size="sm" icon={<Check size={14} />} busy={busy} disabled={disabled} onClick={() => answer(true)} data-testid="approve">
          {t('ask.approve')}
        </Button>
        <Button size="sm" icon={<X size={14} />} disabled={disabled} onClick={() => answer(false)} data-testid="decline">
          {t('ask.decline')}
        </Button>
      </div>
    </>
  );
}

function Choose({ form, send, disabled }: BodyProps) {
  return (
    <div className={styles.buttons}>
      {(form.choices ?? []).map((choice) => (
        <Button key={choice} size="sm" disabled={disabled} onClick={() => void send({ choice })}>
          {choice}
        </Button>
      ))}
    </div>
  );
}

function Fields({ form, send, error, busy, disabled }: BodyProps) {
  const { t } = useTranslation('common');
  const fields = form.fields ?? [];
  const [given, setGiven] = useState<Given>({});
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void send({ fields: answered(fields, given) });
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      {fields.map((field) => (
        <Field
          key={field.name}
          label={field.label || field.name}
          error={error?.about(field.name)}
          aside={field.required ? undefined : <span className={styles.optional}>{t('ask.optional')}</span>}
        >
          <Control field={field} value={given[field.name]} disabled={disabled} onChange={(value) => setGiven({ ...given, [field.name]: value })} />
        </Field>
      ))}
      <div className={styles.buttons}>
        <Button type="submit" variant="primary" size="sm" busy={busy} disabled={disabled || !complete(fields, given)}>
          {t('ask.send')}
        </Button>
      </div>
    </form>
  );
}

interface ControlProps {
  field: AskField;
  value: string | boolean | undefined;
  disabled: boolean;
  onChange: (value: string | boolean) => void;
}

function Control({ field, value, disabled, onChange }: ControlProps): ReactNode {
  const text = typeof value === 'string' ? value : '';
  if (field.type === 'boolean') return <Switch checked={value === true} disabled={disabled} onChange={onChange} label={field.label || field.name} />;
  if (field.type === 'choice') {
    const options = (field.choices ?? []).map((choice) => ({ value: choice, label: choice }));
    return <Select value={text || undefined} options={options} disabled={disabled} onChange={onChange} />;
  }
  if (field.type === 'number') {
    return <TextInput inputMode="decimal" value={text} disabled={disabled} onChange={(event) => onChange(event.target.value)} />;
  }
  return <TextArea rows={2} value={text} disabled={disabled} onChange={(event) => onChange(event.target.value)} />;
}

/** "in 12 minutes", told anew every half minute. */
function Due({ due }: { due: string }) {
  const { t } = useTranslation('common');
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <p className={styles.due}>
      <time dateTime={due}>{t('ask.due', { when: ago(due, now) })}</time>
    </p>
  );
}
