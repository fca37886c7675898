import { LogOut, Monitor, Moon, Sun } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { csrfToken } from '@/api/client';
import { queryClient, useChangePassword, useMe } from '@/api/queries';
import { chooseLanguage, currentLanguage, LANGUAGES, type Language } from '@/i18n';
import { Page, Section } from '@/shell/Page';
import { Avatar, Button, Field, Select, TextInput, toast, useTheme, type Theme } from '@/ui';
import styles from './Account.module.css';

export default function AccountPage() {
  const { t } = useTranslation('pages');
  const user = useMe().data?.user;
  return (
    <Page title={t('account.title')} narrow testId="account-page">
      {user && (
        <div className={styles.person}>
          <Avatar name={user.name || user.email} size={40} />
          <div>
            <p className={styles.name}>{user.name}</p>
            {user.email && <p className={styles.email}>{user.email}</p>}
          </div>
          <form method="post" action="/sign-out" className={styles.leave}>
            <input type="hidden" name="csrfmiddlewaretoken" value={csrfToken()} />
            <Button type="submit" icon={<LogOut size={16} />} data-testid="sign-out">
              {t('account.signOut')}
            </Button>
          </form>
        </div>
      )}
      <Appearance />
      {user && <Password hasOne={user.has_password} />}
    </Page>
  );
}

function Appearance() {
  const { t } = useTranslation('pages');
  const { theme, choose } = useTheme();
  const themes = [
    { value: 'system', label: t('account.themes.system'), icon: <Monitor size={16} /> },
    { value: 'light', label: t('account.themes.light'), icon: <Sun size={16} /> },
    { value: 'dark', label: t('account.themes.dark'), icon: <Moon size={16} /> },
  ] as const;
  const speak = async (language: string) => {
    await chooseLanguage(language as Language);
    // The gallery's and the catalogue's words come from the server, in the page's language.
    await queryClient.invalidateQueries();
  };
  return (
    <Section title={t('account.appearance')}>
      <div className={styles.form}>
        <div className={styles.themes} role="radiogroup" aria-label={t('account.theme')}>
          {themes.map(({ value, label, icon }) => (
            <button key={value} type="button" role="radio" aria-checked={theme === value} className={styles.theme} onClick={() => choose(value as Theme)} data-testid={`theme-${value}`}>
              {icon}
              {label}
            </button>
          ))}
        </div>
        <Field label={t('account.language')}>
          <Select
            value={currentLanguage()}
            onChange={(language) => void speak(language)}
            options={LANGUAGES.map(({ code, name }) => ({ value: code, label: name }))}
            testId="language"
          />
        </Field>
      </div>
    </Section>
  );
}

function Password({ hasOne }: { hasOne: boolean }) {
  const { t } = useTranslation(['pages', 'common']);
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const change = useChangePassword();
  const error = change.error;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(hasOne ? { password, current } : { password }, {
      onSuccess: () => {
        setCurrent('');
        setPassword('');
        toast({ title: t('account.passwordChanged'), tone: 'success' });
      },
    });
  };
  return (
    <Section title={t('account.password')} description={hasOne ? undefined : t('account.noPassword')}>
      <form className={styles.form} onSubmit={submit}>
        {hasOne && (
          <Field label={t('account.currentPassword')} error={error?.status === 403 ? error.message : undefined}>
            <TextInput type="password" autoComplete="current-password" value={current} onChange={(event) => setCurrent(event.target.value)} />
          </Field>
        )}
        <Field label={t('account.newPassword')} hint={t('account.passwordHint')} error={error && error.status !== 403 ? error.message : undefined}>
          <TextInput type="password" autoComplete="new-password" value={password} onChange={(event) => setPassword(event.target.value)} />
        </Field>
        <Button type="submit" variant="primary" busy={change.isPending} disabled={!password || (hasOne && !current)}>
          {t(hasOne ? 'account.changePassword' : 'account.setPassword')}
        </Button>
      </form>
    </Section>
  );
}
