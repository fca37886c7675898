import { useTranslation } from 'react-i18next';

import { Field } from '@/ui';
import { useRoot, useSession } from '../session';
import { InputControl } from './InputControl';
import { inputFields } from './inputs';
import styles from './run.module.css';

/** What the next run is given, told from the input nodes and remembered. */
export function InputForm() {
  const { t } = useTranslation('editor');
  const { catalogue } = useSession();
  const picture = useRoot((each) => each);
  const fields = inputFields(catalogue, picture);
  if (fields.length === 0) return <p className={styles.nothing}>{t('inputs.none')}</p>;
  return (
    <div className={styles.form} data-testid="input-form">
      {fields.map((field) => (
        <Field
          key={field.node}
          label={field.label}
          aside={field.required ? undefined : <span className={styles.optional}>{t('inputs.optional')}</span>}
        >
          <InputControl field={field} />
        </Field>
      ))}
    </div>
  );
}
